#include "cli/watch.h"

#include "agent/activity.h"
#include "agent/display.h"
#include "replica/sync_progress.h"

namespace memsync::cli {

namespace {

constexpr std::size_t k_watch_page = 200;

/// What was not shown yet, oldest first.
class Follower {
 public:
  Follower(const Context& context, agent::Session& session, const WatchOptions& options)
      : context_(context), session_(session), options_(options) {}

  Result<> look() {
    const std::string connection{agent::name_of(session_.sync().report().connection)};
    using Rows = std::vector<replica::WorkspaceRow>;
    TRY_ASSIGN(const auto shown, session_.read([&](replica::Reader& reader) -> Result<Rows> {
      if (!reader.account().hub.empty() && connection != connection_)
        say(connection, connection == "live" ? Style::green : Style::yellow);
      connection_ = connection;
      TRY_ASSIGN(auto workspaces, scope(reader));
      for (const replica::WorkspaceRow& row : workspaces) TRY(show_new(reader, row));
      return workspaces;
    }));
    return show_progress(shown);
  }

 private:
  Result<std::vector<replica::WorkspaceRow>> scope(replica::Reader& reader) {
    if (options_.workspace.empty()) return reader.workspaces();
    TRY_ASSIGN(auto row, reader.resolve_workspace(options_.workspace));
    return std::vector<replica::WorkspaceRow>{std::move(row)};
  }

  Result<> show_new(replica::Reader& reader, const replica::WorkspaceRow& row) {
    const auto [seen, is_first] = seen_.try_emplace(row.id, row.cursor);
    const model::Cursor before = std::exchange(seen->second, row.cursor);
    if (!is_first && before == row.cursor) return {};
    replica::Reader::HistoryQuery query;
    query.limit = is_first ? options_.recent : k_watch_page;
    if (!is_first && before.epoch == row.cursor.epoch)
      query.from = model::Sequence{before.sequence.value + 1};
    if (query.limit == 0) return {};
    TRY_ASSIGN(const auto page, reader.activity(row, query));
    if (!is_first && !page.next_cursor.empty())
      say(fmt::format("more than {} changes came at once in {}; these are the newest, `memsync log` has all",
                      k_watch_page, agent::show(row.name)));
    for (auto each = page.rows.rbegin(); each != page.rows.rend(); ++each) show(*each, row);
    return {};
  }

  /// A line about the connection or the sync; not for programs.
  void say(std::string_view text, Style style = Style::dim) {
    if (!context_.json) context_.write(context_.in(style, fmt::format("-- {}\n", text)));
  }

  /// While there is much to send or to receive, how far it is, once a second; and when it is over, even if it
  /// took less.
  Result<> show_progress(const std::vector<replica::WorkspaceRow>& workspaces) {
    constexpr std::chrono::seconds k_pause{1};
    if (session_.instant() < progress_at_) return {};
    progress_at_ = session_.instant() + k_pause;
    const auto look = [&] {
      return session_.replica().database().read([&](storage::ReadTxn& txn) -> Result<> {
        progress_.look(txn, workspaces);
        return {};
      });
    };
    TRY(look());
    const std::size_t left = progress_.unsent() + progress_.unreceived() + progress_.copied();
    const bool is_over = left == 0 && (is_behind_ || progress_.steps_done() > k_watch_page);
    if (left > k_watch_page || is_over) say(progress_.describe());
    is_behind_ = left > k_watch_page || (is_behind_ && left > 0);
    if (left > 0) return {};
    progress_ = {}; // what comes next is counted from here
    return look();
  }

  void show(const replica::ActivityRow& each, const replica::WorkspaceRow& row) {
    if (context_.json) {
      context_.write(base::dump_json({{"workspace", row.name},
                                      {"sequence", std::to_string(each.sequence.value)},
                                      {"at", base::format_rfc3339(each.at)},
                                      {"user", each.author},
                                      {"action", model::name_of(each.kind)},
                                      {"title", each.title},
                                      {"detail", each.detail},
                                      {"node", each.node.view()},
                                      {"document", each.document.view()}}) +
                     "\n");
      return;
    }
    const std::string line = agent::describe(each, session_.now());
    context_.write(
        fmt::format("{} {}\n", context_.in(Style::dim, fmt::format("[{}]", agent::show(row.name))), line));
  }

  const Context& context_;
  agent::Session& session_;
  const WatchOptions& options_;
  std::string connection_;
  replica::SyncProgress progress_;
  base::Instant progress_at_{};
  bool is_behind_ = false; // said so, and not yet that it is over
  std::map<model::WorkspaceId, model::Cursor> seen_;
};

} // namespace

Result<> run_watch(const Context& context, const WatchOptions& options) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  Follower follower(context, bench->session, options);
  Result<> failure;
  bench->be_seen();
  bench->start_sync();
  bench->run_until([&] {
    if (context.is_interrupted() || context.is_output_lost()) return true;
    failure = follower.look();
    return !failure.has_value();
  });
  if (failure && context.is_output_lost()) return base::Error{base::ErrorCode::cancelled, ""};
  return failure;
}

} // namespace memsync::cli
