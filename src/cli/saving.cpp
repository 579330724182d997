#include "cli/saving.h"

#include "cli/wording.h"
#include "tools/save_document.h"
#include "tools/sync_changes.h"

namespace memsync::cli {

using base::Error;
using base::ErrorCode;

namespace {

/// What the hub refused is kept here and nowhere else until somebody settles it; the answer said so.
Error refused() { return Error{ErrorCode::validation, ""}; }

/// Lets the sync work until `start` has called its callback, and returns what it was given.
template <class T>
Result<T> wait_for(Workbench& bench, const std::function<void(std::function<void(Result<T>)>)>& start) {
  std::optional<Result<T>> answer;
  start([&](Result<T> result) { answer = std::move(result); });
  bench.run_until([&] { return answer.has_value(); });
  if (!answer) return Error{ErrorCode::cancelled, "stopped; everything written is saved on this machine"};
  return *std::move(answer);
}

} // namespace

Result<> run_sync(const Context& context, const SyncOptions& options) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  tools::SyncArguments arguments;
  if (!options.workspace.empty()) arguments.workspace = options.workspace;
  arguments.wait = options.wait;
  mcp::CallContext call;
  call.progress = [&](const mcp::Progress& progress) { context.show_progress(progress.message); };
  TRY_ASSIGN(const tools::SyncResult result, wait_for<tools::SyncResult>(*bench, [&](auto done) {
               tools::sync_changes(bench->session, arguments, call, std::move(done));
             }));
  TRY(index_rest(context, *bench));
  const mcp::ToolResult rendered = tools::render(result);
  const bool is_offline = result.connection == "offline";
  // Under --json the result itself says it is offline; the exit code does not depend on the format.
  if (!is_offline || context.json) {
    const Style style = result.is_settled ? Style::green : Style::yellow;
    const bool is_red = is_offline || result.rejected > 0;
    context.show(rendered.structured, context.in(is_red ? Style::red : style, for_people(rendered.text)));
  }
  if (is_offline && context.json) return Error{ErrorCode::offline, ""};
  if (is_offline) return Error{ErrorCode::offline, result.message};
  const bool has_hub = result.connection != "no_hub";
  if (has_hub && !result.is_settled) return Error{ErrorCode::offline, ""}; // its time was over before
  if (result.rejected > 0) return refused();
  return {};
}

Result<> run_save(const Context& context, const SaveOptions& options) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  tools::SaveArguments arguments;
  arguments.document = options.document;
  arguments.wait = options.wait;
  TRY_ASSIGN(const tools::SaveResult result, wait_for<tools::SaveResult>(*bench, [&](auto done) {
               tools::save_document(bench->session, arguments, {}, std::move(done));
             }));
  const mcp::ToolResult rendered = tools::render(result);
  Style style = result.is_acknowledged ? Style::green : Style::yellow;
  if (result.rejected > 0) style = Style::red;
  context.show(rendered.structured, context.in(style, for_people(rendered.text)));
  if (result.rejected > 0) return refused();
  if (!result.is_acknowledged) return Error{ErrorCode::offline, ""};
  return {};
}

} // namespace memsync::cli
