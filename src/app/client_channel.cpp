#include "app/client_channel.h"

#include "base/log.h"

namespace memsync::app {

namespace {

constexpr std::size_t k_lines = 5;
// A burst becomes one message: each of them costs the agent's attention.
constexpr std::chrono::seconds k_pause{2};

} // namespace

Channel::Channel(agent::Session& session, mcp::Server& server)
    : session_(session), server_(server), news_(session) {
  // From here on it is news.
  std::ignore = session_.replica().read([&](replica::Reader& reader) { return news_.take(reader, k_lines); });
}

base::Instant Channel::turn() {
  if (!is_due_ || !server_.has_legacy_session()) return base::Instant::max();
  if (session_.instant() < quiet_until_) return quiet_until_;
  is_due_ = false;
  tell();
  return base::Instant::max();
}

void Channel::tell() {
  std::string workspace;
  const auto news = session_.replica().read([&](replica::Reader& reader) -> base::Result<agent::News::Look> {
    TRY_ASSIGN(const auto current, session_.choose_workspace(reader, std::nullopt));
    workspace = agent::show(current.workspace.name);
    return news_.take(reader, k_lines);
  });
  if (!news) {
    base::log(base::LogLevel::debug, "the channel waits: {}", news.error().message);
    return;
  }
  if (news->lines.empty()) return;
  quiet_until_ = session_.instant() + k_pause;
  std::string content = fmt::format("{}\n", agent::k_notice);
  for (const std::string& line : news->lines) content += fmt::format("- {}\n", line);
  if (news->more > 0) content += fmt::format("- {} more: team_activity\n", news->more);
  server_.notify_legacy(
      "notifications/claude/channel",
      {{"content", content},
       {"meta", {{"workspace", workspace}, {"changes", std::to_string(news->lines.size() + news->more)}}}});
}

} // namespace memsync::app
