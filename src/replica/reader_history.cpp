#include <fmt/format.h>

#include "base/utf8.h"
#include "model/number.h"
#include "model/register_text.h"
#include "replica/names.h"
#include "replica/reader.h"
#include "replica/state.h"
#include "replica/stored.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::NodeId;
using model::OperationKind;
using model::Sequence;
using model::UserId;
using storage::Statement;

namespace {

/// Characters of a comment that an activity line shows.
constexpr std::size_t k_comment_preview_bytes = 120;

/// Where a page ended: within which log entry, after how many of its rows. Written "<sequence>.<rows>".
struct HistoryPlace {
  Sequence sequence;
  std::size_t rows = 0;

  std::string str() const { return fmt::format("{}.{}", sequence.value, rows); }
};

std::optional<HistoryPlace> parse_history_place(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto sequence = model::parse_u64(text.substr(0, dot));
  const auto rows = model::parse_u64(text.substr(dot + 1));
  if (!sequence || !rows) return std::nullopt;
  return HistoryPlace{Sequence{*sequence}, static_cast<std::size_t>(*rows)};
}

Error bad_cursor(std::string_view cursor) {
  return {ErrorCode::validation, fmt::format("\"{}\" is no cursor of this list: start without one", cursor)};
}

struct LogRow {
  Sequence sequence;
  OperationKind kind = OperationKind::update;
  std::string target;
  NodeId node;
  model::DocumentId document;
  std::string title;
  UserId author;
  std::string client, session, project;
  base::Timestamp at;
  model::Status status = model::Status::applied;
};

LogRow read_log(const Statement& row) {
  LogRow log;
  log.sequence = Sequence{row.column_u64(0)};
  log.kind = model::find_by_name<OperationKind>(row.column_text(1)).value_or(OperationKind::update);
  log.target = row.column_text(2);
  log.node = NodeId::parse(row.column_text(3)).value_or(NodeId{});
  log.document = NodeId::parse(row.column_text(4)).value_or(NodeId{});
  log.title = row.column_text(5);
  log.author = UserId::parse(row.column_text(6)).value_or(UserId{});
  log.client = row.column_text(7);
  log.session = row.column_text(8);
  log.project = row.column_text(9);
  log.at = row.column_time(10);
  log.status = model::find_by_name<model::Status>(row.column_text(11)).value_or(model::Status::applied);
  return log;
}

constexpr std::string_view k_log_columns =
    "SELECT sequence, kind, target, node, document, title, author, client, session, project, at, status "
    "FROM log ";
/// What the query leaves open is bound as NULL.
constexpr std::string_view k_conditions =
    "workspace = ?1 AND sequence <= ?2 AND (?3 IS NULL OR document = ?3) AND (?5 IS NULL OR author = ?5) "
    "AND (?6 = '' OR session = ?6) AND (?7 IS NULL OR kind = ?7) AND (?8 IS NULL OR at >= ?8) "
    "AND (?9 IS NULL OR at <= ?9) AND sequence >= coalesce(?10, 0) "; // ends the scan, so no IS NULL
/// A change of one node may be part of an operation on another, such as a delete that lifted it.
constexpr std::string_view k_node_condition =
    "AND sequence IN (SELECT sequence FROM log WHERE workspace = ?1 AND node = ?4 UNION "
    "SELECT sequence FROM change WHERE workspace = ?1 AND node = ?4) ";

/// Which index finds few rows: the author of a query may have written every second one.
std::string_view log_index(const Reader::HistoryQuery& query) {
  if (query.node) return "";
  if (!query.session.empty()) return "INDEXED BY log_by_session ";
  if (query.document) return "INDEXED BY log_by_document ";
  return "";
}

std::string select_log(const Reader::HistoryQuery& query, std::string_view more) {
  return fmt::format("{}{}WHERE {}{}{}ORDER BY sequence DESC", k_log_columns, log_index(query), k_conditions,
                     query.node ? k_node_condition : "AND ?4 IS NULL ", more);
}

void bind_query(Statement& row, const WorkspaceRow& workspace, const Reader::HistoryQuery& query,
                const std::optional<UserId>& author, Sequence newest) {
  row.bind_all(workspace.key.value, newest.value, query.document, query.node, std::nullopt, query.session,
               std::nullopt, query.since, query.until, std::nullopt);
  // The local workspace knows no users: its author is the empty text.
  if (author) row.bind(5, author->view());
  if (query.kind) row.bind(7, model::name_of(*query.kind));
  if (query.from) row.bind(10, query.from->value);
}

Sequence newest_of(const Reader::HistoryQuery& query, const std::optional<HistoryPlace>& after) {
  constexpr Sequence k_end{std::uint64_t{1} << 62};
  Sequence newest = query.to.value_or(k_end);
  if (after && after->sequence < newest) newest = after->sequence;
  return newest;
}

} // namespace

Result<std::optional<UserId>> Reader::find_author(const WorkspaceRow& workspace, std::string_view name) {
  if (name.empty()) return std::optional<UserId>();
  if (const auto id = UserId::parse(name)) return id;
  if (name == user_name(UserId{})) return std::optional(UserId{});
  const Account owner = account();
  if (name == "me") return std::optional(owner.user);
  if (!owner.user.is_empty() &&
      (equals_ignoring_case(owner.name, name) || equals_ignoring_case(owner.email, name)))
    return std::optional(owner.user);
  auto member = resolve_member(workspace, name);
  if (member) return std::optional(member->user);
  const auto former = find_former_member(workspace, name);
  if (former && member.error().code == ErrorCode::not_found) return former;
  return std::move(member).error();
}

std::vector<ChangeRow> Reader::changes_of(const WorkspaceRow& workspace, Sequence sequence,
                                          const std::optional<NodeId>& node, const ChangeRow& entry) {
  std::vector<ChangeRow> rows;
  Statement row = txn_.prepare(
      "SELECT node, field, lost, old_value, new_value FROM change WHERE workspace = ?1 AND sequence = ?2 "
      "AND (?3 IS NULL OR node = ?3) ORDER BY node, field, lost");
  row.bind_all(workspace.key.value, sequence.value, node);
  while (row.step()) {
    ChangeRow change = entry;
    change.node = row.column_id<NodeId>(0);
    change.field = model::find_by_name<model::Field>(row.column_text(1));
    change.lost = row.column_bool(2);
    if (!row.is_null(3)) change.old_value = row.column_text(3);
    if (!row.is_null(4)) change.new_value = row.column_text(4);
    if (change.node != entry.node) {
      Statement other = txn_.prepare("SELECT title FROM node WHERE space = ?1 AND id = ?2");
      other.bind_all(workspace.space.value, change.node);
      if (other.step()) change.title = other.column_text(0);
    }
    rows.push_back(std::move(change));
  }
  if (rows.empty()) rows.push_back(entry);
  return rows;
}

Result<Reader::HistoryPage> Reader::history(const WorkspaceRow& workspace, const HistoryQuery& query) {
  const auto after = query.cursor.empty() ? std::nullopt : parse_history_place(query.cursor);
  if (!query.cursor.empty() && !after) return bad_cursor(query.cursor);
  TRY_ASSIGN(const std::optional<UserId> author, find_author(workspace, query.author));
  HistoryPage page;
  Statement row = txn_.prepare(select_log(query, ""));
  bind_query(row, workspace, query, author, newest_of(query, after));
  while (row.step()) {
    const LogRow log = read_log(row);
    const ChangeRow entry{log.sequence, workspace.id, log.kind,     log.node,     log.title,
                          std::nullopt, false,        std::nullopt, std::nullopt, user_name(log.author),
                          log.client,   log.session,  log.project,  log.at,       log.status};
    const std::vector<ChangeRow> changes = changes_of(workspace, log.sequence, query.node, entry);
    for (std::size_t i = after && after->sequence == log.sequence ? after->rows : 0; i < changes.size();
         ++i) {
      if (page.rows.size() == query.limit)
        return page.next_cursor = HistoryPlace{log.sequence, i}.str(), page;
      page.rows.push_back(changes[i]);
    }
  }
  return page;
}

std::optional<std::string> Reader::find_value_at(const WorkspaceRow& workspace, const NodeId& node,
                                                 model::Field field, Sequence sequence) {
  if (auto recorded = find_recorded_value(txn_, workspace.key, node, field, sequence)) return *recorded;
  std::optional<std::string> value;
  if (const auto found = find_node(workspace, node))
    model::for_each_register(found->node, [&](model::Field each, const auto& reg) {
      const bool is_set = reg.stamp != model::Stamp{} && !reg.stamp.sequence.is_provisional();
      if (each == field && is_set) value = model::register_text(found->node, field);
    });
  return value;
}

std::string Reader::activity_detail(const WorkspaceRow& workspace, OperationKind kind,
                                    std::string_view target, Sequence sequence) {
  std::string detail;
  if (kind == OperationKind::relate || kind == OperationKind::unrelate) {
    Statement row = txn_.prepare(
        "SELECT relationship.type, node.title FROM relationship JOIN node ON node.space = relationship.space "
        "AND node.id = to_node WHERE relationship.space = ?1 AND relationship.id = ?2");
    row.bind_all(workspace.space.value, target);
    if (row.step()) detail = fmt::format("{} {}", row.column_text(0), row.column_text(1));
  } else if (kind == OperationKind::comment) {
    Statement row = txn_.prepare("SELECT id, state, hash FROM comment WHERE space = ?1 AND id = ?2");
    row.bind_all(workspace.space.value, target);
    if (row.step())
      detail = base::truncate_utf8(load_comment(checked_state(row, row.column_text(0), 1, 2)).text,
                                   k_comment_preview_bytes);
  } else if (kind == OperationKind::update) {
    Statement row = txn_.prepare(
        "SELECT DISTINCT field FROM change WHERE workspace = ?1 AND sequence = ?2 ORDER BY field");
    row.bind_all(workspace.key.value, sequence.value);
    while (row.step()) detail += fmt::format("{}{}", detail.empty() ? "" : ", ", row.column_text(0));
  }
  return detail;
}

Result<Reader::ActivityPage> Reader::activity(const WorkspaceRow& workspace, const HistoryQuery& query) {
  const auto after = query.cursor.empty() ? std::nullopt : parse_history_place(query.cursor);
  if (!query.cursor.empty() && !after) return bad_cursor(query.cursor);
  TRY_ASSIGN(const std::optional<UserId> author, find_author(workspace, query.author));
  ActivityPage page;
  Statement row = txn_.prepare(select_log(query, "AND status <> 'rejected' "));
  bind_query(row, workspace, query, author, newest_of(query, after));
  while (row.step()) {
    const LogRow log = read_log(row);
    if (page.rows.size() == query.limit) return page.next_cursor = HistoryPlace{log.sequence, 0}.str(), page;
    page.rows.push_back({log.sequence, workspace.id, log.kind, log.node, log.document, log.title,
                         activity_detail(workspace, log.kind, log.target, log.sequence),
                         user_name(log.author), log.client, log.session, log.at});
  }
  return page;
}

std::vector<ChangeRow> Reader::blame(const WorkspaceRow& workspace, const NodeId& id) {
  std::vector<ChangeRow> rows;
  const std::optional<NodeRow> found = find_node(workspace, id);
  if (!found) return rows;
  model::for_each_register(found->node, [&](model::Field field, const auto& reg) {
    if (reg.stamp == model::Stamp{}) return;
    ChangeRow change;
    change.sequence = reg.stamp.sequence;
    change.workspace = workspace.id;
    change.kind =
        reg.stamp.sequence == found->node.created_at.sequence ? OperationKind::create : OperationKind::update;
    change.node = id;
    change.title = found->node.title.value;
    change.field = field;
    change.new_value = model::register_text(found->node, field);
    change.author = user_name(reg.stamp.author);
    change.at = reg.stamp.clock.time();
    Statement row = txn_.prepare(fmt::format("{}WHERE workspace = ?1 AND sequence = ?2", k_log_columns));
    row.bind_all(workspace.key.value, reg.stamp.sequence.value);
    if (row.step()) {
      const LogRow log = read_log(row);
      change.kind = log.kind;
      change.client = log.client;
      change.session = log.session;
      change.project = log.project;
      change.at = log.at;
      change.status = log.status;
    }
    rows.push_back(std::move(change));
  });
  return rows;
}

std::uint64_t Reader::missing_history(const WorkspaceRow& workspace) {
  Statement row =
      txn_.prepare("SELECT coalesce(sum(through - after), 0) FROM history_gap WHERE workspace = ?1");
  row.bind_all(workspace.key.value);
  return row.step() ? row.column_u64(0) : 0;
}

} // namespace memsync::replica
