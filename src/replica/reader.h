#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/notification.h"
#include "replica/rows.h"
#include "storage/database.h"

namespace memsync::replica {

/// Everything that can be asked of a replica, within one transaction: all answers of one Reader are of
/// one moment. Lists are bounded by their `limit`. Names given by people and agents (ids, prefixes of 6
/// or more characters, exact titles) fail with `not_found` naming near matches, or with `validation`
/// listing the candidates when several fit.
class Reader {
 public:
  Reader(storage::ReadTxn& txn, base::Timestamp now) : txn_(txn), now_(now) {}

  // --- store, workspaces, people (reader_workspaces.cpp)
  struct Account {
    std::string hub; // empty: bound to none
    model::UserId user;
    std::string name, email;
  };
  Account account();
  std::vector<WorkspaceRow> workspaces();
  WorkspaceRow workspace(const model::WorkspaceId& id); // must exist
  std::optional<WorkspaceRow> find_workspace(const model::WorkspaceId& id);
  /// By id, prefix, exact name, or the words "local" and "personal".
  base::Result<WorkspaceRow> resolve_workspace(std::string_view name);
  std::optional<model::WorkspaceId> find_project_workspace(std::string_view project_identity);
  /// Up to where Replica::note_told was told; nothing before that.
  std::optional<model::Cursor> told(const WorkspaceRow& workspace, std::string_view project_identity);
  /// The answer of the tool call of that key, which wrote something (Editor::Context::call); empty while it
  /// is not known. Nothing for a call that was never made, or more than a day ago.
  std::optional<std::string> find_call(std::string_view key);
  std::vector<MemberRow> members(const WorkspaceRow& workspace);
  /// Those who were removed or left.
  std::vector<MemberRow> former_members(const WorkspaceRow& workspace);
  /// One of them; nothing when there is none, or several have that name.
  std::optional<model::UserId> find_former_member(const WorkspaceRow& workspace,
                                                  std::string_view id_name_or_email);
  base::Result<MemberRow> resolve_member(const WorkspaceRow& workspace, std::string_view id_name_or_email);
  /// Display name of a user in any workspace; the id when unknown, "you" is never used.
  std::string user_name(const model::UserId& user);

  // --- nodes and documents (reader_nodes.cpp)
  std::optional<NodeRow> find_node(const WorkspaceRow& workspace, const model::NodeId& id);
  /// A visible node by id or prefix, in `workspace`. Deleted ones only with `Deleted::included`.
  enum class Deleted { excluded, included };
  base::Result<NodeRow> resolve_node(const WorkspaceRow& workspace, std::string_view name,
                                     Deleted deleted = Deleted::excluded);
  /// A document by id, prefix or exact title.
  base::Result<DocumentRow> resolve_document(const WorkspaceRow& workspace, std::string_view name);
  bool is_visible(const WorkspaceRow& workspace, const model::NodeId& id);
  struct DocumentPage {
    std::vector<DocumentRow> rows;
    std::string next_cursor; // empty: no more
  };
  /// Newest first; `query` filters by words in the title; an unknown cursor fails with `validation`.
  base::Result<DocumentPage> documents(const std::vector<WorkspaceRow>& workspaces, std::string_view query,
                                       std::size_t limit, std::string_view cursor);
  DocumentRow document(const WorkspaceRow& workspace, const model::DocumentId& id); // must exist
  /// Visible children in sibling order.
  std::vector<NodeRow> children(const WorkspaceRow& workspace, const model::NodeId& parent,
                                std::size_t limit);
  std::size_t child_count(const WorkspaceRow& workspace, const model::NodeId& parent);
  std::vector<RelationshipRow> relationships(const WorkspaceRow& workspace, const model::NodeId& node);
  std::vector<model::Comment> comments(const WorkspaceRow& workspace, const model::NodeId& node);
  /// The shortest unambiguous prefix, at least 6 characters.
  std::string short_id(const WorkspaceRow& workspace, const model::NodeId& id);

  // --- pending, dirty, conflicts (reader_pending.cpp)
  struct PendingPage {
    std::vector<PendingRow> rows;
    std::size_t total = 0;    // queued, sending and parked
    std::size_t rejected = 0; // counted apart
    std::string next_cursor;
  };
  base::Result<PendingPage> pending(const std::vector<WorkspaceRow>& workspaces,
                                    std::optional<model::DocumentId> document, std::size_t limit,
                                    std::string_view cursor);
  std::size_t pending_count(const WorkspaceRow& workspace);
  std::size_t pending_count(const WorkspaceRow& workspace, const model::DocumentId& document);
  std::size_t rejected_count(const WorkspaceRow& workspace);
  /// Rejected operations that nobody has settled, by the documents they touch; one that does not exist here
  /// counts as well. Reads them all: they are few.
  std::map<model::DocumentId, std::size_t> rejected_by_document(const WorkspaceRow& workspace);
  std::size_t rejected_count(const WorkspaceRow& workspace, const model::DocumentId& document);
  /// Documents with outbox operations, rejected ones or open conflicts.
  std::vector<DocumentRow> dirty_documents(const std::vector<WorkspaceRow>& workspaces);
  /// Cheap: answered from the outbox's index.
  bool is_dirty(const WorkspaceRow& workspace, const model::DocumentId& document);
  /// True when the outbox has an operation above n.
  bool has_outbox_above(const WorkspaceRow& workspace, std::uint64_t n);
  /// The greatest clock that this store has seen or given: all that is in an outbox has it or a smaller one,
  /// and what is written later has a greater one.
  model::Hlc clock();
  /// True while the outbox has an operation that touches the document and is not later than `latest`. Numbers
  /// do not tell: a fork, a restored hub and a repair number the outbox anew.
  bool is_pending(const WorkspaceRow& workspace, const model::DocumentId& document, model::Hlc latest);
  std::vector<model::Conflict> open_conflicts(const WorkspaceRow& workspace,
                                              std::optional<model::DocumentId> document);
  base::Result<model::Conflict> resolve_conflict_id(const WorkspaceRow& workspace, std::string_view name);

  // --- notifications of this person, of all workspaces (notifications.cpp)
  struct NotificationQuery {
    bool only_unread = false;
    std::size_t limit = 20;
    std::string cursor;
  };
  struct NotificationPage {
    std::vector<model::Notification> rows; // newest first
    std::string next_cursor;
  };
  base::Result<NotificationPage> notifications(const NotificationQuery& query);
  std::size_t unread_count();

  // --- search (search.cpp)
  /// Any text is a question, whatever characters it has; blank text lists the newest that fit the
  /// filters. `validation` for text with NUL or that is not UTF-8; `not_found` for an unknown author or
  /// assignee.
  base::Result<SearchAnswer> search(const SearchQuery& query);
  /// Memories that say nearly the same as this title and content, best first, at most 3. To be asked
  /// before writing: afterwards the new memory is the most similar one.
  std::vector<SimilarNode> similar(const WorkspaceRow& workspace, std::string_view title,
                                   std::string_view content);

  // --- history (reader_history.cpp)
  struct HistoryQuery {
    std::optional<model::DocumentId> document;
    std::optional<model::NodeId> node;
    std::string author, session; // empty: any
    std::optional<model::OperationKind> kind;
    std::optional<base::Timestamp> since, until;
    std::optional<model::Sequence> from, to; // sequences, inclusive
    std::size_t limit = 20;
    std::string cursor;
  };
  struct HistoryPage {
    std::vector<ChangeRow> rows;
    std::string next_cursor;
  };
  base::Result<HistoryPage> history(const WorkspaceRow& workspace, const HistoryQuery& query); // newest first
  /// The text that the node's register had right after `sequence`; nothing when it was not set yet.
  std::optional<std::string> find_value_at(const WorkspaceRow& workspace, const model::NodeId& node,
                                           model::Field field, model::Sequence sequence);
  struct ActivityPage {
    std::vector<ActivityRow> rows;
    std::string next_cursor;
  };
  base::Result<ActivityPage> activity(const WorkspaceRow& workspace,
                                      const HistoryQuery& query); // newest first
  /// How many log entries of the hub this replica's history lacks; 0: it is complete.
  std::uint64_t missing_history(const WorkspaceRow& workspace);
  /// The last change of each register of a node: blame.
  std::vector<ChangeRow> blame(const WorkspaceRow& workspace, const model::NodeId& node);

 protected:
  storage::ReadTxn& txn_;
  base::Timestamp now_;

 private:
  friend class Search;
  /// The node of the current row of a statement made of k_select_node.
  NodeRow read_node(const WorkspaceRow& workspace, const storage::Statement& row);
  bool is_any_hidden(const WorkspaceRow& workspace, model::NodeId id);
  std::string name_nodes(const WorkspaceRow& workspace, const std::vector<model::NodeId>& ids);

  /// The user a query for an author means: "me" is whoever owns the store; nothing for an empty name.
  base::Result<std::optional<model::UserId>> find_author(const WorkspaceRow& workspace,
                                                         std::string_view name);
  base::Result<std::optional<std::vector<model::UserId>>> find_people(const std::vector<WorkspaceRow>& scope,
                                                                      std::string_view name);
  /// `entry` with each change of that log row, or alone.
  std::vector<ChangeRow> changes_of(const WorkspaceRow& workspace, model::Sequence sequence,
                                    const std::optional<model::NodeId>& node, const ChangeRow& entry);
  std::string activity_detail(const WorkspaceRow& workspace, model::OperationKind kind,
                              std::string_view target, model::Sequence sequence);

  std::unordered_map<model::UserId, std::string> user_names_;
};

} // namespace memsync::replica
