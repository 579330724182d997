#include "agent/activity.h"

#include "agent/notifications.h"

namespace memsync::agent {

namespace {

// Beyond this nobody reads lines; the count says "50 and more".
constexpr std::size_t k_news_rows = 50;

} // namespace

std::string_view verb_of(model::OperationKind kind) {
  switch (kind) {
    case model::OperationKind::create: return "created";
    case model::OperationKind::update: return "updated";
    case model::OperationKind::remove: return "deleted";
    case model::OperationKind::restore: return "restored";
    case model::OperationKind::move: return "moved";
    case model::OperationKind::complete: return "completed";
    case model::OperationKind::reopen: return "reopened";
    case model::OperationKind::assign: return "assigned";
    case model::OperationKind::comment: return "commented on";
    case model::OperationKind::relate: return "linked";
    case model::OperationKind::unrelate: return "unlinked";
    case model::OperationKind::resolve: return "settled a conflict in";
  }
  return "changed";
}

std::string reported_by(std::string_view client, std::string_view session) {
  if (session.empty()) return show(client);
  return show(fmt::format("{}{}session {}", client, client.empty() ? "" : ", ", session));
}

std::string describe(const replica::ActivityRow& row, base::Timestamp now) {
  std::string text = fmt::format("{} {} \"{}\"", row.author, verb_of(row.kind), row.title);
  if (!row.detail.empty()) text += fmt::format(" ({})", row.detail);
  text += fmt::format(", {}", base::format_age(row.at, now));
  if (!row.client.empty()) text += fmt::format(" (reported by {})", row.client);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return show(text);
}

base::Result<News::Look> News::take(replica::Reader& reader, std::size_t limit) {
  Look look;
  TRY(take_notifications(reader, limit, look));
  TRY(take_activity(reader, limit, look));
  return look;
}

base::Result<> News::take_notifications(replica::Reader& reader, std::size_t limit, Look& look) {
  TRY_ASSIGN(const auto page, reader.notifications({true, k_news_rows, ""}));
  std::set<model::NotificationId> unread;
  for (const auto& each : page.rows) {
    unread.insert(each.id);
    if (told_.contains(each.id)) continue;
    if (look.lines.size() < limit) {
      look.lines.push_back(describe(each, reader.account().user));
    } else {
      ++look.more;
    }
  }
  told_ = std::move(unread);
  return {};
}

base::Result<> News::take_activity(replica::Reader& reader, std::size_t limit, Look& look) {
  TRY_ASSIGN(const Session::Chosen current, session_.choose_workspace(reader, std::nullopt));
  const auto& workspace = current.workspace;
  const std::string project = session_.project() ? session_.project()->identity : std::string();
  const auto start = reader.told(workspace, project).value_or(workspace.cursor);
  const auto entry = seen_.try_emplace(workspace.id, start).first;
  if (entry->second == workspace.cursor) return {};
  replica::Reader::HistoryQuery query;
  const bool is_same_log = entry->second.epoch == workspace.cursor.epoch;
  query.from =
      model::Sequence{is_same_log ? entry->second.sequence.value + 1 : workspace.cursor.sequence.value};
  query.to = workspace.cursor.sequence;
  query.limit = k_news_rows;
  TRY_ASSIGN(const auto page, reader.activity(workspace, query));
  entry->second = workspace.cursor;

  const auto own = session_.claims();
  const std::string own_name = reader.account().name;
  const bool is_local = workspace.kind == model::WorkspaceKind::local;
  for (const auto& row : page.rows) {
    const bool is_own =
        (is_local || row.author == own_name) && (own.session.empty() || row.session == own.session);
    if (is_own) continue;
    if (look.lines.size() < limit) {
      look.lines.push_back(describe(row, session_.now()));
    } else {
      ++look.more;
    }
  }
  return {};
}

} // namespace memsync::agent
