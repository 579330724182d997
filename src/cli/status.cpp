#include "cli/status.h"

#include "cli/rejected.h"
#include "cli/set_aside.h"
#include "cli/wording.h"
#include "tools/get_pending_operations.h"
#include "tools/get_sync_status.h"
#include "tools/is_document_dirty.h"

namespace memsync::cli {

namespace {

Style style_of(const agent::Status& status) {
  if (status.rejected > 0) return Style::red;
  return status.is_safe && status.conflicts == 0 ? Style::green : Style::yellow;
}

Cell count_cell(std::size_t count, Style style) {
  return {std::to_string(count), count == 0 ? Style::dim : style};
}

Cell state_cell(const std::string& state) {
  if (state == "rejected") return {state, Style::red};
  if (state == "parked") return {state, Style::yellow};
  return {state};
}

std::string describe_refused(std::size_t rejected) {
  return fmt::format("The hub refused {}: `memsync pending` shows {}.", agent::count_of(rejected, "change"),
                     rejected == 1 ? "it" : "them");
}

/// What is not on the hub of the document asked about.
std::string describe_dirty(const Context& context, const tools::DirtyResult& result) {
  std::string text;
  if (result.pending > 0) text = context.in(Style::yellow, fmt::format("{} pending", result.pending));
  if (result.pending == 0 && result.rejected == 0) text = context.in(Style::green, "clean");
  if (result.rejected == 0) return text;
  if (!text.empty()) text += ". ";
  return text + context.in(Style::red, describe_refused(result.rejected));
}

std::string join(const std::vector<std::string>& texts) { return fmt::format("{}", fmt::join(texts, ", ")); }

/// When no process syncs, nobody knows whether the hub can be reached: tries it, for a moment.
void find_out(const Context& context, Workbench& bench) {
  constexpr std::chrono::seconds k_limit{3};
  if (context.settings.hub.empty()) return;
  const base::Instant latest = bench.session.instant() + k_limit;
  bench.start_sync();
  bench.run_until([&] {
    const auto report = bench.session.sync().report();
    if (bench.session.instant() >= latest) return true;
    if (std::holds_alternative<replica::Connecting>(report.connection)) return false;
    const auto* const live = std::get_if<replica::Live>(&report.connection);
    // A stream begins with who is here.
    return !live || live->mode == replica::ListenMode::long_poll || report.knows_present;
  });
}

/// Who is in the workspace now.
std::string present_table(const Context& context, const std::vector<agent::PresentView>& present) {
  std::vector<std::vector<Cell>> rows;
  for (const agent::PresentView& each : present)
    rows.push_back({{each.name, Style::bold},
                    {each.client.empty() ? each.kind : each.client},
                    {each.state, each.state == "active" ? Style::green : Style::dim},
                    {clip_columns(each.document, 40)},
                    {each.seen, Style::dim}});
  return format_table(context.terminal, {{"HERE"}, {"WITH"}, {"STATE"}, {"DOCUMENT"}, {"SEEN"}}, rows);
}

} // namespace

Result<> run_status(const Context& context) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  find_out(context, *bench);
  TRY_ASSIGN(const agent::Status status, tools::get_sync_status(bench->session, {}));
  const Style connection = status.connection == "live" ? Style::green : Style::yellow;
  std::string text = context.in(style_of(status), for_people(agent::show(status.message))) + "\n\n";
  std::string link = status.connection == "no_hub" ? "none" : status.connection;
  if (!status.reason.empty()) link += ": " + agent::show(status.reason);
  text += format_fields(
      context.terminal,
      {{"hub", {status.hub}},
       {"user", {agent::show(status.user)}},
       {"connection", {link, connection}},
       {"workspace", {agent::show(status.workspace), Style::bold}},
       {"applied",
        {status.lag == 0 ? status.cursor : fmt::format("{}, {} behind the hub", status.cursor, status.lag)}},
       {"news",
        {status.unread == 0 ? "nothing unread" : fmt::format("{} unread: memsync news", status.unread),
         status.unread == 0 ? Style::plain : Style::yellow}},
       {"store", {context.settings.home}}});
  std::vector<std::vector<Cell>> rows;
  for (const auto& each : status.workspaces) {
    rows.push_back({{agent::show(each.name), each.name == status.workspace ? Style::bold : Style::plain},
                    {std::string(model::name_of(each.kind))},
                    count_cell(each.pending, Style::yellow),
                    count_cell(each.rejected, Style::red),
                    count_cell(each.conflicts, Style::yellow)});
  }
  text += "\n" + format_table(context.terminal,
                              {{"WORKSPACE"},
                               {"KIND"},
                               {"PENDING", Align::right},
                               {"REFUSED", Align::right},
                               {"CONFLICTS", Align::right}},
                              rows);
  if (!status.present.empty()) text += "\n" + present_table(context, status.present);
  context.show(agent::to_json(status), text);
  return {};
}

Result<> run_pending(const Context& context, const PendingOptions& options) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  if (is_set_aside_id(options.export_id)) return export_set_aside(context, *bench, options.export_id);
  if (is_set_aside_id(options.discard)) return discard_set_aside(context, *bench, options.discard);
  if (!options.export_id.empty()) return export_rejected(context, *bench, options.export_id);
  if (!options.discard.empty()) return discard_rejected(context, *bench, options.discard);
  if (!options.retry.empty()) return retry_rejected(context, *bench, options.retry);
  tools::PendingArguments arguments;
  if (!options.document.empty()) arguments.document = options.document;
  arguments.limit = options.limit;
  TRY_ASSIGN(const tools::PendingResult result, tools::get_pending_operations(bench->session, arguments));
  std::vector<std::vector<Cell>> rows;
  for (const auto& each : result.operations) {
    rows.push_back({state_cell(each.state),
                    {each.type},
                    {clip_columns(each.title, 40), Style::bold},
                    {join(each.fields)},
                    {each.workspace},
                    {each.id, Style::dim},
                    {each.reason}});
  }
  std::string text =
      format_table(context.terminal,
                   {{"STATE"}, {"CHANGE"}, {"TITLE"}, {"FIELDS"}, {"WORKSPACE"}, {"ID"}, {"REASON"}}, rows);
  if (!rows.empty()) text += "\n";
  text += for_people(tools::render(result).structured.value("message", "")) + "\n";
  if (result.rejected > 0)
    text += "Settle a refused change with `memsync pending --retry ID`, `--discard ID` or `--export ID`.\n";
  TRY_ASSIGN(const std::string set_aside, describe_set_aside(context, *bench));
  Json json = tools::render(result).structured;
  TRY_ASSIGN(json["set_aside"], list_set_aside(*bench));
  context.show(json, text + set_aside);
  return {};
}

Result<> run_dirty(const Context& context, const std::string& document) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  tools::DirtyArguments arguments;
  if (!document.empty()) arguments.document = document;
  TRY_ASSIGN(const tools::DirtyResult result, tools::is_document_dirty(bench->session, arguments));
  std::string text;
  if (result.document) {
    text = fmt::format("{}: {}\n", context.in(Style::bold, result.document->title),
                       describe_dirty(context, result));
    if (result.conflicts > 0) text += fmt::format("{} open conflicts\n", result.conflicts);
  } else {
    std::vector<std::vector<Cell>> rows;
    for (const auto& each : result.rows)
      rows.push_back({{each.name.title, Style::bold},
                      {each.name.workspace},
                      count_cell(each.pending, Style::yellow),
                      count_cell(each.rejected, Style::red),
                      count_cell(each.conflicts, Style::yellow),
                      {each.name.id, Style::dim}});
    if (rows.empty() && result.rejected == 0)
      text = context.in(Style::green, "Every document is clean.") + "\n";
    if (!rows.empty())
      text = format_table(context.terminal,
                          {{"DOCUMENT"},
                           {"WORKSPACE"},
                           {"PENDING", Align::right},
                           {"REFUSED", Align::right},
                           {"CONFLICTS", Align::right},
                           {"ID"}},
                          rows);
    if (result.rejected > 0) text += context.in(Style::red, describe_refused(result.rejected)) + "\n";
  }
  context.show(tools::render(result).structured, text);
  return {};
}

} // namespace memsync::cli
