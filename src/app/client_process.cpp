#include "app/client_process.h"

#include <filesystem>

#include "tools/toolbox.h"

namespace memsync::app {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

agent::Session::Options describe_session(const ClientProcess::Options& options) {
  agent::Session::Options session;
  session.client = options.client;
  session.session = cli::read_environment("CLAUDE_CODE_SESSION_ID").value_or("");
  session.environment_workspace = options.settings.workspace;
  std::error_code failure;
  const std::string folder =
      cli::read_environment("CLAUDE_PROJECT_DIR").value_or(std::filesystem::current_path(failure).string());
  if (!folder.empty()) session.project = agent::find_project(folder);
  session.version = MEMSYNC_VERSION;
  return session;
}

} // namespace

Result<std::unique_ptr<ClientProcess>> ClientProcess::open(Options options) {
  auto process = std::unique_ptr<ClientProcess>(new ClientProcess());
  TRY(process->set_up(std::move(options)));
  return process;
}

Result<> ClientProcess::set_up(Options options) {
  const std::string folder = options.settings.home;
  TRY_ASSIGN(replica_, replica::Replica::open({folder, storage::Access::read_write, ""}, clock_, random_));
  loop_.watch_commits(folder);
  ClientSync::Options sync;
  sync.settings_path = options.settings.config_path();
  sync.find_access = []() -> Result<std::optional<net::client::HubAccess>> {
    TRY_ASSIGN(const cli::Settings settings, cli::load_settings());
    return cli::find_access(settings);
  };
  sync.on_change = options.on_change;
  seen_as_ = options.seen_as;
  sync.find_doing = [this] { return find_doing(); };
  TRY_ASSIGN(sync_, ClientSync::open(*replica_, loop_, std::move(sync)));
  agent::ReaderPool::Open open_reader;
  if (options.reading == Reading::own_connections)
    open_reader = [this, folder] {
      return replica::Replica::open({folder, storage::Access::read_only, ""}, clock_, random_);
    };
  session_ =
      std::make_unique<agent::Session>(*replica_, std::move(open_reader), *sync_, describe_session(options));
  return tools::add_tools(tools_, *session_);
}

std::optional<ClientSync::Options::Doing> ClientProcess::find_doing() {
  if (!session_ || !seen_as_) return std::nullopt;
  auto presence = replica_->read([this](replica::Reader& reader) { return session_->presence(reader); });
  if (!presence) return std::nullopt;
  presence->kind = *seen_as_;
  return ClientSync::Options::Doing{*std::move(presence), session_->active_at()};
}

void ClientProcess::run_until(const std::function<bool()>& is_done) {
  if (is_done()) return;
  loop_.run([this](bool committed) { return sync_->turn(committed); }, is_done);
}

mcp::ToolResult ClientProcess::call(const std::string& tool, base::Json arguments) {
  const auto* entry = tools_.find(tool);
  if (entry == nullptr)
    return mcp::error_result(
        {ErrorCode::not_found, fmt::format("there is no tool {}: `memsync tools` lists them", tool)});
  std::optional<mcp::ToolOutcome> outcome;
  mcp::ToolCall call;
  call.tool = tool;
  call.arguments = std::move(arguments);
  entry->handler(std::move(call),
                 mcp::Responder([&](mcp::ToolOutcome answer) { outcome = std::move(answer); }));
  run_until([&] { return outcome.has_value(); });
  if (!outcome) return mcp::error_result({ErrorCode::cancelled, "stopped before the answer came"});
  if (auto* result = std::get_if<mcp::ToolResult>(&*outcome)) return std::move(*result);
  if (const auto* failure = std::get_if<wire::RpcError>(&*outcome))
    return mcp::error_result({ErrorCode::validation, failure->message});
  return mcp::error_result(
      {ErrorCode::validation, "this needs an answer that only an agent host can ask for"});
}

} // namespace memsync::app
