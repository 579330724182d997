#include "hub/hub_implementation.h"
#include "hub/lookup.h"
#include "model/number.h"

namespace memsync::hub {

using base::ErrorCode;
using model::Permission;
using model::Role;
using model::Sequence;
using model::WorkspaceId;

namespace {

constexpr std::int64_t k_end = std::numeric_limits<std::int64_t>::max();

/// A list goes on below two numbers: the cursor "A-B". Nothing for text that is none.
struct Below {
  std::int64_t first = k_end, second = k_end;

  std::string str() const { return fmt::format("{}-{}", first, second); }
  static base::Result<Below> parse(const std::string& text) {
    if (text.empty()) return Below{};
    const auto dash = text.find('-');
    const auto first = model::parse_u64(std::string_view(text).substr(0, dash));
    const auto second =
        dash == std::string::npos ? std::nullopt : model::parse_u64(std::string_view(text).substr(dash + 1));
    constexpr auto k_most = static_cast<std::uint64_t>(k_end);
    if (!first || !second || *first > k_most || *second > k_most) return bad_cursor();
    return Below{static_cast<std::int64_t>(*first), static_cast<std::int64_t>(*second)};
  }
};

Sequence sequence_of(std::int64_t value) { return Sequence{static_cast<std::uint64_t>(value)}; }

/// Membership events that everybody in the workspace may see; addresses of invited people are not among them.
bool is_activity(AuditAction action) {
  switch (action) {
    case AuditAction::workspace_created:
    case AuditAction::workspace_changed:
    case AuditAction::member_joined:
    case AuditAction::role_changed:
    case AuditAction::member_removed:
    case AuditAction::member_left: return true;
    case AuditAction::denied:
    case AuditAction::signed_in:
    case AuditAction::sign_in_failed:
    case AuditAction::user_created:
    case AuditAction::password_set:
    case AuditAction::token_created:
    case AuditAction::token_revoked:
    case AuditAction::workspace_deleted:
    case AuditAction::invited:
    case AuditAction::invitation_revoked:
    case AuditAction::signed_out:
    case AuditAction::refresh_reused:
    case AuditAction::device_allowed:
    case AuditAction::device_denied:
    case AuditAction::mail_failed: return false;
  }
  return false;
}

/// Merges the log and the membership events, newest first, filters them, and knows where it stands.
class ActivityList {
 public:
  ActivityList(StoreReader& reader, const WorkspaceId& workspace, const ActivityFilter& filter, Below below)
      : reader_(reader), workspace_(workspace), filter_(filter), below_(below), lookup_(reader, workspace) {}

  Page<Activity> read(std::size_t limit) {
    // What one answer may examine for a filter that matches little; the cursor then goes on from there.
    constexpr std::size_t k_most_examined = 5'000;
    Page<Activity> page;
    bool is_end = false;
    for (std::size_t examined = 0; page.rows.size() < limit && examined < k_most_examined; ++examined) {
      fill();
      if (headers_.empty() && events_.empty()) {
        is_end = true;
        break;
      }
      Activity row = take_newest();
      if (filter_.since && row.at < *filter_.since) {
        is_end = true;
        break;
      }
      if (is_wanted(row)) page.rows.push_back(complete(std::move(row)));
    }
    if (!is_end) page.next_cursor = below_.str();
    return page;
  }

 private:
  static constexpr std::size_t k_chunk = 250;

  void fill() {
    if (headers_.empty() && !headers_ended_) {
      auto rows = reader_.list_headers(workspace_, sequence_of(below_.first), k_chunk);
      headers_ended_ = rows.size() < k_chunk;
      headers_.assign(std::make_move_iterator(rows.rbegin()), std::make_move_iterator(rows.rend()));
    }
    if (events_.empty() && !events_ended_) {
      auto rows = reader_.list_audit({workspace_, {}, {}, {}, {}}, below_.second, k_chunk);
      events_ended_ = rows.size() < k_chunk;
      events_.assign(std::make_move_iterator(rows.rbegin()), std::make_move_iterator(rows.rend()));
    }
  }

  Activity take_newest() {
    const bool is_event = headers_.empty() || (!events_.empty() && events_.back().at > headers_.back().at);
    Activity row;
    if (is_event) {
      const AuditEvent event = std::move(events_.back());
      events_.pop_back();
      below_.second = event.id;
      row.at = event.at;
      row.user = event.actor;
      row.subject = event.subject;
      row.detail = event.detail;
      if (is_activity(event.action)) row.action = model::name_of(event.action);
      return row;
    }
    const EntryHeader header = std::move(headers_.back());
    headers_.pop_back();
    below_.first = static_cast<std::int64_t>(header.sequence.value);
    row.at = header.at;
    row.user = header.author;
    if (header.status != model::Status::rejected) row.action = model::name_of(header.kind);
    row.sequence = header.sequence;
    row.status = header.status;
    row.node = header.node;
    row.title = header.title;
    row.document = header.document;
    row.client = header.client;
    row.session = header.session;
    if (header.kind == model::OperationKind::relate || header.kind == model::OperationKind::unrelate)
      relationship_ = model::id_cast<model::RelationshipId>(header.target);
    return row;
  }

  bool is_wanted(const Activity& row) const {
    if (row.action.empty()) return false;
    if (filter_.until && row.at > *filter_.until) return false;
    if (filter_.user && row.user != *filter_.user) return false;
    if (filter_.action && row.action != *filter_.action) return false;
    return !filter_.document || row.document == *filter_.document;
  }

  Activity complete(Activity row) {
    row.user_name = lookup_.name_of(row.user);
    row.subject_name = lookup_.name_of(row.subject);
    row.document_title = lookup_.title_of(row.document);
    const bool is_edge = row.action == model::name_of(model::OperationKind::relate) ||
                         row.action == model::name_of(model::OperationKind::unrelate);
    if (!is_edge) return row;
    if (const auto relationship = reader_.find_relationship(workspace_, relationship_)) {
      row.relationship_type = relationship->type;
      row.to_node = relationship->to;
      row.to_title = lookup_.title_of(relationship->to);
    }
    return row;
  }

  StoreReader& reader_;
  const WorkspaceId workspace_;
  const ActivityFilter& filter_;
  Below below_; // sequence of the log, id of the audit log
  Lookup lookup_;
  std::vector<EntryHeader> headers_; // oldest first, so that the newest is taken from the back
  std::vector<AuditEvent> events_;
  model::RelationshipId relationship_; // of the row in hand
  bool headers_ended_ = false, events_ended_ = false;
};

/// What a list of changes asks the store for.
ChangePage page_below(const Below& below, std::size_t limit) {
  return {{sequence_of(below.first), below.second}, page_size(limit), k_page_bytes};
}

/// Ends the list where it comes to what is older than that.
void drop_older(ChangeRange& range, const std::optional<base::Timestamp>& since) {
  const auto older = std::find_if(range.rows.begin(), range.rows.end(),
                                  [&](const Change& change) { return since && change.at < *since; });
  if (older == range.rows.end()) return;
  range.rows.erase(older, range.rows.end());
  range.more = false;
}

Page<Change> to_page(StoreReader& reader, const WorkspaceId& workspace, ChangeRange range) {
  Page<Change> page;
  Lookup lookup(reader, workspace);
  for (Change& change : range.rows) lookup.complete(change);
  if (range.more)
    page.next_cursor =
        Below{static_cast<std::int64_t>(range.rows.back().sequence.value), range.rows.back().key}.str();
  page.rows = std::move(range.rows);
  return page;
}

} // namespace

Answer<Page<Activity>> Hub::activity(const Principal& principal, const WorkspaceId& workspace,
                                     const ActivityFilter& filter, const std::string& cursor,
                                     std::size_t limit) {
  TRY_ASSIGN(const auto below, Below::parse(cursor));
  return implementation_->read(principal, Permission::memory_read, workspace,
                               [&](StoreReader& reader, Role) -> Answer<Page<Activity>> {
                                 return ActivityList(reader, workspace, filter, below).read(page_size(limit));
                               });
}

Answer<wire::HistoryPage> Hub::log_history(const Principal& principal, const WorkspaceId& workspace,
                                           Sequence before, Sequence after, std::size_t limit) {
  return implementation_->read(
      principal, Permission::memory_read, workspace,
      [&](StoreReader& reader, Role) -> Answer<wire::HistoryPage> {
        wire::HistoryPage page;
        page.epoch = reader.epoch();
        page.rows = reader.list_history(workspace, before, after,
                                        std::clamp<std::size_t>(limit, 1, model::limits::k_page_entries),
                                        k_page_bytes);
        // The log has no holes: below the last row there is one more, unless that is where the range ends.
        page.more = !page.rows.empty() && page.rows.back().sequence.value > after.value + 1;
        return page;
      });
}

Answer<Page<Change>> Hub::node_history(const Principal& principal, const WorkspaceId& workspace,
                                       const model::NodeId& node, const std::string& cursor,
                                       std::size_t limit) {
  TRY_ASSIGN(const auto below, Below::parse(cursor));
  return implementation_->read(
      principal, Permission::memory_read, workspace, [&](StoreReader& reader, Role) -> Answer<Page<Change>> {
        if (!reader.find_document(workspace, node)) return refuse(ErrorCode::not_found, "no such node");
        return to_page(reader, workspace,
                       reader.list_node_changes(workspace, node, page_below(below, limit)));
      });
}

Answer<Page<Change>> Hub::document_history(const Principal& principal, const WorkspaceId& workspace,
                                           const model::DocumentId& document, const std::string& cursor,
                                           std::size_t limit) {
  TRY_ASSIGN(const auto below, Below::parse(cursor));
  return implementation_->read(
      principal, Permission::memory_read, workspace, [&](StoreReader& reader, Role) -> Answer<Page<Change>> {
        if (!reader.find_document(workspace, document))
          return refuse(ErrorCode::not_found, "no such document");
        return to_page(reader, workspace,
                       reader.list_document_changes(workspace, document, page_below(below, limit)));
      });
}

Answer<Page<Change>> Hub::user_history(const Principal& principal, const WorkspaceId& workspace,
                                       const UserChangeFilter& filter, const std::string& cursor,
                                       std::size_t limit) {
  TRY_ASSIGN(const auto below, Below::parse(cursor));
  return implementation_->read(
      principal, Permission::memory_read, workspace, [&](StoreReader& reader, Role) -> Answer<Page<Change>> {
        // Who left is still known: what they wrote is part of the history.
        if (!reader.find_member(workspace, filter.user))
          return refuse(ErrorCode::not_found,
                        "nobody of this workspace has that id: GET /api/v1/workspaces/{id} lists its members "
                        "and former members");
        ChangeRange range =
            reader.list_user_changes(workspace, filter.user, filter.session, page_below(below, limit));
        drop_older(range, filter.since);
        return to_page(reader, workspace, std::move(range));
      });
}

Answer<Page<AuditEvent>> Hub::audit(const Principal& principal, const WorkspaceId& workspace,
                                    const AuditFilter& filter, const std::string& cursor, std::size_t limit) {
  TRY_ASSIGN(const auto below, Below::parse(cursor));
  return implementation_->read(principal, Permission::team_write, workspace,
                               [&](StoreReader& reader, Role) -> Answer<Page<AuditEvent>> {
                                 Page<AuditEvent> page;
                                 AuditFilter inside = filter;
                                 inside.workspace = workspace;
                                 page.rows = reader.list_audit(inside, below.first, page_size(limit));
                                 if (page.rows.size() == page_size(limit))
                                   page.next_cursor = Below{page.rows.back().id, k_end}.str();
                                 return page;
                               });
}

} // namespace memsync::hub
