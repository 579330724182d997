#pragma once

#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "hub/records.h"
#include "hub/session.h"
#include "model/apply.h"
#include "model/notification.h"
#include "model/state_digest.h"
#include "wire/history_codec.h"
#include "wire/hub_messages.h"

/// What the hub keeps, as operations of the domain. SQLite stands behind it; a PostgreSQL store is a second
/// implementation of these three classes and of nothing else.
///
/// Every item belongs to a workspace and every call names it: no call can reach across workspaces. Finds
/// return nothing for what is unknown. Failures of the database (busy, storage_full, corrupt) do not
/// return: they end the transaction, and HubStore::read or write returns them.
namespace memsync::hub {

/// SHA-256 of a token or of an invitation's secret: all that is kept of it.
struct SecretHash {
  base::Sha256 digest{};
  std::string_view bytes() const { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }
};

/// Where a workspace's log stands: `floor` is the last sequence that was compacted away.
struct LogRange {
  model::Sequence head, floor;
};

/// One stored entry of the log, as text of wire::encode_entry.
struct LogEntry {
  model::Sequence sequence;
  std::string text;
};

/// One replica id as the hub knows it: it belongs to one user for good.
struct Replica {
  std::int64_t key = 0; // of the store
  model::UserId user;
  std::uint64_t last_n = 0; // every n up to it was accepted (applied or rejected)
};

struct StoredResult {
  base::Hash128 hash;
  model::PushResult result;
};

/// What the activity feed and history need of a log entry, beside its text.
struct EntryHeader {
  model::Sequence sequence;
  std::int64_t replica = 0;
  std::uint64_t n = 0;
  model::UserId author;
  base::Timestamp at;
  model::OperationKind kind = model::OperationKind::update;
  model::Status status = model::Status::applied;
  model::ItemId target;
  model::NodeId node;
  model::DocumentId document;
  std::string title, client, session;
};

struct MembershipChange {
  model::WorkspaceId workspace;
  model::UserId user;
  std::int64_t access_version = 0;
};

/// A row of the history: changes of one operation share their sequence.
struct ChangePosition {
  model::Sequence sequence;
  std::int64_t key = 0;
};

/// Which part of a list of changes is wanted.
struct ChangePage {
  ChangePosition before;
  std::size_t limit = 0, max_bytes = 0;
};

struct SnapshotSession {
  std::string id;
  model::UserId user;
  model::Sequence at;
  base::Timestamp used_at;
};

/// One slice of purging: how many nodes went, and where the next slice goes on (empty: that was all).
struct Purged {
  std::uint64_t nodes = 0;
  model::NodeId last;
};

/// Notifications of one person by version, ascending; `to` is up to where they were looked for.
struct NotificationRange {
  std::int64_t to = 0;
  bool more = false; // above `to`
  std::vector<model::Notification> rows;
};

/// A place in a list of nodes by their last edit.
struct ItemPlace {
  std::int64_t edited = 0;
  std::string id;
};

struct KeyedNotification {
  std::int64_t key = 0; // ascending with the order of commit
  model::Notification notification;
};

/// Which notifications are listed: those about one of these workspaces.
struct NotificationQuery {
  std::vector<model::WorkspaceId> workspaces;
  bool only_unread = false;
};

/// A snapshot session that fetches no page for so long is over and no longer holds the floor.
inline constexpr std::chrono::hours k_snapshot_lifetime{1};

/// A consistent view of one moment.
class StoreReader : public virtual SessionReader {
 public:
  virtual model::Epoch epoch() = 0;
  /// Grows with every change of what anybody may do.
  virtual std::int64_t access_version() = 0;
  /// Whose rights changed above that version.
  virtual std::vector<model::UserId> users_changed_after(std::int64_t access_version) = 0;
  /// Who joined, left or has another role above that version, and where.
  virtual std::vector<MembershipChange> members_changed_after(std::int64_t access_version) = 0;

  virtual std::optional<User> find_user(const model::UserId& id) = 0;
  virtual std::optional<User> find_user_by_email(std::string_view email) = 0;
  virtual std::optional<std::string> find_password_hash(const model::UserId& id) = 0;
  virtual std::vector<User> list_users() = 0;
  virtual std::optional<Token> find_token(const SecretHash& hash) = 0;
  virtual std::optional<Token> find_token(const TokenId& id) = 0;
  virtual std::vector<Token> list_tokens(const model::UserId& user) = 0;

  virtual std::optional<Workspace> find_workspace(const model::WorkspaceId& id) = 0;
  virtual std::optional<Workspace> find_workspace_by_slug(std::string_view slug) = 0;
  virtual std::vector<Workspace> list_workspaces() = 0;
  /// Where the user is a member now; personal first, then by name.
  virtual std::vector<std::pair<Workspace, model::Role>> list_workspaces_of(const model::UserId& user) = 0;
  /// The membership or its tombstone.
  virtual std::optional<Membership> find_member(const model::WorkspaceId& workspace,
                                                const model::UserId& user) = 0;
  /// Members (no tombstones), owners first, then by name.
  virtual std::vector<wire::MemberInfo> list_members(const model::WorkspaceId& workspace) = 0;
  /// Id and name of those who were removed or left.
  virtual std::vector<wire::MemberInfo> list_former_members(const model::WorkspaceId& workspace) = 0;
  virtual std::optional<Invitation> find_invitation(const SecretHash& hash) = 0;
  virtual std::vector<Invitation> list_invitations(const model::WorkspaceId& workspace) = 0;

  virtual LogRange log_range(const model::WorkspaceId& workspace) = 0;
  /// Entries above `after` in order: as many as fit `max_bytes` of text (at least one) and `max_entries`.
  virtual std::vector<LogEntry> read_log(const model::WorkspaceId& workspace, model::Sequence after,
                                         std::size_t max_entries, std::size_t max_bytes) = 0;
  virtual std::optional<Replica> find_replica(const model::WorkspaceId& workspace,
                                              const model::ReplicaId& id) = 0;
  virtual std::optional<StoredResult> find_result(const Replica& replica, std::uint64_t n) = 0;
  /// (n, hash) of everything from that replica id that is in effect, ascending. Without what was rejected: of
  /// that the log keeps no fields, so a copy that still has it offers it again.
  virtual std::vector<wire::OperationMark> list_accepted(const Replica& replica) = 0;

  virtual std::optional<model::Node> find_node(const model::WorkspaceId& workspace,
                                               const model::NodeId& id) = 0;
  virtual std::optional<model::TreeLink> find_link(const model::WorkspaceId& workspace,
                                                   const model::NodeId& id) = 0;
  /// The root of the document the node is in.
  virtual std::optional<model::DocumentId> find_document(const model::WorkspaceId& workspace,
                                                         const model::NodeId& node) = 0;
  virtual std::optional<model::Relationship> find_relationship(const model::WorkspaceId& workspace,
                                                               const model::RelationshipId& id) = 0;
  virtual std::optional<model::Comment> find_comment(const model::WorkspaceId& workspace,
                                                     const model::CommentId& id) = 0;
  virtual std::optional<model::Conflict> find_conflict(const model::WorkspaceId& workspace,
                                                       const model::ConflictId& id) = 0;
  // As model::State wants them.
  virtual std::vector<model::NodeId> nodes_edited_after(const model::WorkspaceId& workspace,
                                                        model::Sequence sequence) = 0;
  virtual std::vector<model::NodeId> find_children(const model::WorkspaceId& workspace,
                                                   const model::NodeId& id) = 0;
  virtual std::optional<std::string> find_text(const model::WorkspaceId& workspace, const model::NodeId& id,
                                               const base::Hash128& hash, model::Sequence after) = 0;
  /// The register's text as of `sequence`; nothing when it was not yet set, or the node is younger.
  virtual std::optional<std::string> find_value_at(const model::WorkspaceId& workspace,
                                                   const model::NodeId& node, model::Field field,
                                                   model::Sequence sequence) = 0;
  /// True when the user created the node and every live node below it that was there at `seen`.
  virtual bool has_created_subtree(const model::WorkspaceId& workspace, const model::NodeId& root,
                                   const model::UserId& user, model::Sequence seen) = 0;
  /// Documents that are not deleted below that place in the order of the last edit, newest first.
  virtual std::vector<model::Node> list_documents(const model::WorkspaceId& workspace, ItemPlace before,
                                                  std::size_t limit) = 0;
  /// The same of nodes assigned to that person; those below a deleted node are among them.
  virtual std::vector<model::Node> list_assigned(const model::WorkspaceId& workspace,
                                                 const model::UserId& user, ItemPlace before,
                                                 std::size_t limit) = 0;
  /// The visible nodes of a document with ids above `after`, by id: as many as fit `max_bytes` of text (at
  /// least one) and `limit`.
  virtual std::vector<model::Node> list_document_nodes(const model::WorkspaceId& workspace,
                                                       const model::DocumentId& document,
                                                       const model::NodeId& after, std::size_t limit,
                                                       std::size_t max_bytes) = 0;
  /// All comments on the node, oldest first.
  virtual std::vector<model::Comment> list_comments(const model::WorkspaceId& workspace,
                                                    const model::NodeId& node) = 0;
  /// Open conflicts with ids above `after`, by id.
  virtual std::vector<model::Conflict> list_open_conflicts(const model::WorkspaceId& workspace,
                                                           const model::ConflictId& after,
                                                           std::size_t limit) = 0;
  virtual std::int64_t count_nodes(const model::WorkspaceId& workspace) = 0;
  /// How many nodes the document holds, deleted ones included.
  virtual std::int64_t count_document_nodes(const model::WorkspaceId& workspace,
                                            const model::DocumentId& document) = 0;

  virtual std::optional<SnapshotSession> find_snapshot(const model::WorkspaceId& workspace,
                                                       const std::string& session) = 0;
  /// Items after `after_key` (empty: from the start) as stored texts of about `max_bytes`; `next_key` is
  /// empty and `end` the head when there are no more.
  virtual wire::SnapshotPageTexts read_snapshot(const model::WorkspaceId& workspace,
                                                const std::string& after_key, std::size_t max_bytes) = 0;

  /// The last sequence before the first entry that the hub received after `time`.
  virtual model::Sequence last_received_before(const model::WorkspaceId& workspace, base::Timestamp time) = 0;
  /// The least cursor of the replicas seen since then; nothing when there was none.
  virtual std::optional<model::Sequence> least_cursor(const model::WorkspaceId& workspace,
                                                      base::Timestamp seen_since) = 0;
  /// Reads everything visible: about a second for 100,000 nodes.
  virtual model::StateDigest digest(const model::WorkspaceId& workspace) = 0;

  /// Changes of registers before that position, newest first, as many as fit `max_bytes` (at least one) and
  /// `limit`; of a node, or of every node of a document.
  virtual ChangeRange list_node_changes(const model::WorkspaceId& workspace, const model::NodeId& node,
                                        const ChangePage& page) = 0;
  virtual ChangeRange list_document_changes(const model::WorkspaceId& workspace,
                                            const model::DocumentId& document, const ChangePage& page) = 0;
  /// The same of everything that one person wrote, in one session or any (empty): also what changed no
  /// register. Without what was rejected.
  virtual ChangeRange list_user_changes(const model::WorkspaceId& workspace, const model::UserId& user,
                                        const std::string& session, const ChangePage& page) = 0;
  /// The same of the values that a node's content had.
  virtual ChangeRange list_content_changes(const model::WorkspaceId& workspace, const model::NodeId& node,
                                           const ChangePage& page) = 0;
  /// The first and the last change of each of the node's registers above `from` and up to `to`, newest first.
  virtual std::vector<Change> list_outer_changes(const model::WorkspaceId& workspace,
                                                 const model::NodeId& node, model::Sequence from,
                                                 model::Sequence to) = 0;
  /// Nodes with ids above `after` that changed, or were made, in the document above `from` and up to `to`, by
  /// id.
  virtual std::vector<model::NodeId> list_changed_nodes(const model::WorkspaceId& workspace,
                                                        const model::DocumentId& document,
                                                        model::Sequence from, model::Sequence to,
                                                        const model::NodeId& after, std::size_t limit) = 0;
  /// What happened between two sequences, exclusive, newest first: as many as fit `max_bytes` (at least one).
  virtual std::vector<wire::HistoryRow> list_history(const model::WorkspaceId& workspace,
                                                     model::Sequence before, model::Sequence after,
                                                     std::size_t limit, std::size_t max_bytes) = 0;
  /// Headers below `before`, newest first.
  virtual std::vector<EntryHeader> list_headers(const model::WorkspaceId& workspace, model::Sequence before,
                                                std::size_t limit) = 0;
  /// Grows with every notification that is made or read.
  virtual std::int64_t notification_version() = 0;
  /// Who has notifications above that version.
  virtual std::vector<model::UserId> users_notified_after(std::int64_t version) = 0;
  /// As many as fit `max_bytes` (at least one) and `limit`.
  virtual NotificationRange list_changed_notifications(const model::UserId& user, std::int64_t after,
                                                       std::size_t limit, std::size_t max_bytes) = 0;
  /// Newest first, below the key `before`; the key of each row is in `key`.
  virtual std::vector<KeyedNotification> list_notifications(const model::UserId& user,
                                                            const NotificationQuery& query,
                                                            std::int64_t before, std::size_t limit) = 0;
  virtual std::int64_t count_unread(const model::UserId& user,
                                    const std::vector<model::WorkspaceId>& workspaces) = 0;
  /// The kinds this person does not want.
  virtual std::vector<model::NotificationKind> list_muted(const model::UserId& user) = 0;

  /// Audit rows with an id below `before`, newest first.
  virtual std::vector<AuditEvent> list_audit(const AuditFilter& filter, std::int64_t before,
                                             std::size_t limit) = 0;
};

/// The one write transaction of the moment.
class StoreTxn : public virtual StoreReader, public SessionWriter {
 public:
  /// Runs `body` so that it can fail alone: what it wrote is undone when it returns false or when a row
  /// it read is damaged (the only failure returned). Other failures end the whole transaction.
  virtual base::Result<bool> nested(const std::function<bool()>& body) = 0;

  /// Whose rights this transaction changed (or tried to): streams look at them again.
  virtual const std::vector<model::UserId>& touched_users() const = 0;

  virtual void put_user(const User& user) = 0;
  virtual void set_password_hash(const model::UserId& user, const std::string& hash) = 0;
  virtual void put_token(const Token& token, const SecretHash& hash) = 0;
  virtual void revoke_token(const TokenId& id, base::Timestamp at) = 0;
  virtual void put_workspace(const Workspace& workspace) = 0;
  /// Hides it from everybody; its rows stay for the operator.
  virtual void delete_workspace(const model::WorkspaceId& id, base::Timestamp at) = 0;
  /// Makes or changes a membership or, with `removed`, its tombstone.
  virtual void put_member(const model::WorkspaceId& workspace, const Membership& member) = 0;
  virtual void put_invitation(const Invitation& invitation, const SecretHash& hash) = 0;
  virtual void close_invitation(const InvitationId& id, std::optional<base::Timestamp> accepted_at,
                                std::optional<base::Timestamp> revoked_at) = 0;
  virtual void add_audit(const AuditEvent& event) = 0;

  /// Makes the replica id known as the user's; the caller has checked that it is not.
  virtual Replica add_replica(const model::WorkspaceId& workspace, const model::ReplicaId& id,
                              const model::UserId& user) = 0;
  virtual void set_last_n(const Replica& replica, std::uint64_t last_n) = 0;
  /// Locks the log of the workspace until the end of the transaction and returns its head: sequences
  /// given from here on are seen in the order in which they commit.
  virtual model::Sequence lock_head(const model::WorkspaceId& workspace) = 0;
  virtual void set_head(const model::WorkspaceId& workspace, model::Sequence head) = 0;
  virtual void add_entry(const model::WorkspaceId& workspace, const EntryHeader& header,
                         const std::string& text) = 0;
  virtual void add_result(const Replica& replica, const base::Hash128& hash,
                          const model::PushResult& result) = 0;
  virtual void add_change(const model::WorkspaceId& workspace, const model::DocumentId& document,
                          const Change& change) = 0;
  /// The logs are other ones from here on (a backup was restored): snapshots under way are over.
  virtual void renew_epoch(model::Epoch epoch) = 0;
  /// Drops the entries at or below `floor` (history stays), never past an open snapshot; returns the floor.
  virtual model::Sequence compact(const model::WorkspaceId& workspace, model::Sequence floor) = 0;

  virtual void add_node(const model::WorkspaceId& workspace, const model::Node& node,
                        const model::DocumentId& document) = 0;
  /// Adds to the number of nodes of a document.
  virtual void count_added_nodes(const model::WorkspaceId& workspace, const model::DocumentId& document,
                                 std::int64_t added) = 0;
  /// `is_moved`: its place changed, and with it perhaps the document of everything below it.
  virtual void set_node(const model::WorkspaceId& workspace, const model::Node& node, bool is_moved) = 0;
  virtual void put_relationship(const model::WorkspaceId& workspace,
                                const model::Relationship& relationship) = 0;
  virtual void put_comment(const model::WorkspaceId& workspace, const model::Comment& comment) = 0;
  virtual void put_conflict(const model::WorkspaceId& workspace, const model::Conflict& conflict) = 0;

  virtual void put_snapshot(const model::WorkspaceId& workspace, const SnapshotSession& session) = 0;
  /// Forgets sessions not used since `before`.
  virtual void drop_snapshots(base::Timestamp before) = 0;

  /// The replica has applied everything up to `cursor`.
  virtual void put_cursor(const model::WorkspaceId& workspace, const model::ReplicaId& replica,
                          model::Sequence cursor, base::Timestamp seen_at) = 0;
  /// Forgets replicas not seen since `before`.
  virtual void drop_cursors(base::Timestamp before) = 0;
  /// The time that compaction may go by when the clock says `now`: at most `step` after that of the last call
  /// (the first call believes the clock), and never after `now`.
  virtual base::Timestamp believe_clock(base::Timestamp now, std::chrono::hours step) = 0;
  /// Stores a notification for that person; one that was made before (the operation came again after a backup
  /// was restored) keeps its place.
  virtual void put_notification(const model::UserId& user, const model::Notification& notification) = 0;
  /// Ids that are unknown or somebody else's are passed over.
  virtual void mark_read(const model::UserId& user, const std::vector<model::NotificationId>& ids) = 0;
  virtual void mark_all_read(const model::UserId& user,
                             const std::vector<model::WorkspaceId>& workspaces) = 0;
  virtual void set_muted(const model::UserId& user, model::NotificationKind kind, bool is_muted) = 0;
  /// Forgets what was made before that time: what was read, and after `unread_before` also the rest.
  virtual void drop_notifications(base::Timestamp read_before, base::Timestamp unread_before) = 0;

  /// Removes deleted nodes with everything below and on them, where nothing there changed above `through`;
  /// looks at `limit` of them after `after`. History stays.
  virtual Purged purge_tombstones(const model::WorkspaceId& workspace, model::Sequence through,
                                  const model::NodeId& after, std::size_t limit) = 0;
};

/// What `check` found; empty lists of problems mean that the store is sound.
struct CheckReport {
  std::uint64_t workspaces = 0, entries = 0, nodes = 0;
  std::vector<std::string> problems; // one sentence each, at most 100
};

/// The database of a hub. Thread-safe: readers run side by side on a small pool, writers take turns.
class HubStore {
 public:
  virtual ~HubStore() = default;

  /// Calls `f(StoreReader&)` and returns its Result or Answer, or the failure of the database.
  template <class F>
  auto read(F&& f) -> std::invoke_result_t<F, StoreReader&> {
    using R = std::invoke_result_t<F, StoreReader&>;
    std::optional<R> result;
    auto done = run_read([&](StoreReader& reader) { result.emplace(f(reader)); });
    if (!done) return std::move(done).error();
    return *std::move(result);
  }

  /// The same for a write, committed when the result has a value and undone otherwise. When this
  /// returns a value, it is on disk.
  template <class F>
  auto write(F&& f) -> std::invoke_result_t<F, StoreTxn&> {
    using R = std::invoke_result_t<F, StoreTxn&>;
    std::optional<R> result;
    auto done = run_write([&](StoreTxn& txn) {
      result.emplace(f(txn));
      return result->has_value();
    });
    if (!done) return std::move(done).error();
    return *std::move(result);
  }

  virtual base::Result<> run_read(const std::function<void(StoreReader&)>& body) = 0;
  /// Commits when `body` returns true.
  virtual base::Result<> run_write(const std::function<bool(StoreTxn&)>& body) = 0;

  /// Housekeeping between transactions (SQLite: moves the WAL into the file). Called by the writer thread.
  virtual base::Result<> tidy() = 0;
  /// Leaves everything in the one file of the store; nobody else may use it.
  virtual base::Result<> settle() = 0;
  /// A whole copy at `path`, which must not exist; writers go on meanwhile.
  virtual base::Result<> backup(const std::string& path) = 0;
  /// Reads everything: structure, row hashes, gapless logs, and that the entries of a log add up to the
  /// stored state. Takes as long as reading does; writers go on meanwhile.
  virtual base::Result<CheckReport> check() = 0;
};

} // namespace memsync::hub
