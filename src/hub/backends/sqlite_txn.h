#pragma once

#include <unordered_map>

#include "hub/store.h"
#include "storage/database.h"

namespace memsync::hub {

/// The queries of the hub over one read of SQLite. In several files: sqlite_accounts.cpp,
/// sqlite_sessions.cpp, sqlite_items.cpp, sqlite_log.cpp, sqlite_notifications.cpp and others, which also
/// hold the writes of the same tables.
class SqliteReader : public virtual StoreReader {
 public:
  explicit SqliteReader(storage::ReadTxn& txn) : txn_(txn) {}

  model::Epoch epoch() override;
  std::int64_t access_version() override;
  std::vector<model::UserId> users_changed_after(std::int64_t access_version) override;

  std::vector<MembershipChange> members_changed_after(std::int64_t access_version) override;

  std::optional<User> find_user(const model::UserId& id) override;
  std::optional<User> find_user_by_email(std::string_view email) override;
  std::optional<std::string> find_password_hash(const model::UserId& id) override;
  std::vector<User> list_users() override;
  std::optional<Token> find_token(const SecretHash& hash) override;
  std::optional<Token> find_token(const TokenId& id) override;
  std::vector<Token> list_tokens(const model::UserId& user) override;

  std::optional<Session> find_session(const SessionId& id) override;
  std::optional<Session> find_session(const SecretHash& secret) override;
  std::optional<SessionId> find_spent_refresh(const SecretHash& secret) override;
  std::vector<Session> list_sessions(const model::UserId& user) override;
  std::optional<SigningKey> find_signing_key(std::string_view id) override;
  std::optional<SigningKey> newest_signing_key() override;
  std::optional<DeviceRequest> find_device(const SecretHash& code) override;
  std::optional<DeviceRequest> find_device(std::string_view user_code) override;
  std::int64_t count_devices() override;

  std::optional<Workspace> find_workspace(const model::WorkspaceId& id) override;
  std::optional<Workspace> find_workspace_by_slug(std::string_view slug) override;
  std::vector<Workspace> list_workspaces() override;
  std::vector<std::pair<Workspace, model::Role>> list_workspaces_of(const model::UserId& user) override;
  std::optional<Membership> find_member(const model::WorkspaceId& workspace,
                                        const model::UserId& user) override;
  std::vector<wire::MemberInfo> list_members(const model::WorkspaceId& workspace) override;
  std::vector<wire::MemberInfo> list_former_members(const model::WorkspaceId& workspace) override;
  std::optional<Invitation> find_invitation(const SecretHash& hash) override;
  std::vector<Invitation> list_invitations(const model::WorkspaceId& workspace) override;
  std::vector<AuditEvent> list_audit(const AuditFilter& filter, std::int64_t before,
                                     std::size_t limit) override;

  std::int64_t notification_version() override;
  std::vector<model::UserId> users_notified_after(std::int64_t version) override;
  NotificationRange list_changed_notifications(const model::UserId& user, std::int64_t after,
                                               std::size_t limit, std::size_t max_bytes) override;
  std::vector<KeyedNotification> list_notifications(const model::UserId& user, const NotificationQuery& query,
                                                    std::int64_t before, std::size_t limit) override;
  std::int64_t count_unread(const model::UserId& user,
                            const std::vector<model::WorkspaceId>& workspaces) override;
  std::vector<model::NotificationKind> list_muted(const model::UserId& user) override;

  LogRange log_range(const model::WorkspaceId& workspace) override;
  std::vector<LogEntry> read_log(const model::WorkspaceId& workspace, model::Sequence after,
                                 std::size_t max_entries, std::size_t max_bytes) override;
  std::optional<Replica> find_replica(const model::WorkspaceId& workspace,
                                      const model::ReplicaId& id) override;
  std::optional<StoredResult> find_result(const Replica& replica, std::uint64_t n) override;
  std::vector<wire::OperationMark> list_accepted(const Replica& replica) override;
  std::optional<SnapshotSession> find_snapshot(const model::WorkspaceId& workspace,
                                               const std::string& session) override;
  ChangeRange list_node_changes(const model::WorkspaceId& workspace, const model::NodeId& node,
                                const ChangePage& page) override;
  ChangeRange list_document_changes(const model::WorkspaceId& workspace, const model::DocumentId& document,
                                    const ChangePage& page) override;
  ChangeRange list_user_changes(const model::WorkspaceId& workspace, const model::UserId& user,
                                const std::string& session, const ChangePage& page) override;
  ChangeRange list_content_changes(const model::WorkspaceId& workspace, const model::NodeId& node,
                                   const ChangePage& page) override;
  std::vector<Change> list_outer_changes(const model::WorkspaceId& workspace, const model::NodeId& node,
                                         model::Sequence from, model::Sequence to) override;
  std::vector<model::NodeId> list_changed_nodes(const model::WorkspaceId& workspace,
                                                const model::DocumentId& document, model::Sequence from,
                                                model::Sequence to, const model::NodeId& after,
                                                std::size_t limit) override;
  std::vector<EntryHeader> list_headers(const model::WorkspaceId& workspace, model::Sequence before,
                                        std::size_t limit) override;

  std::optional<model::Node> find_node(const model::WorkspaceId& workspace, const model::NodeId& id) override;
  std::optional<model::TreeLink> find_link(const model::WorkspaceId& workspace,
                                           const model::NodeId& id) override;
  std::optional<model::DocumentId> find_document(const model::WorkspaceId& workspace,
                                                 const model::NodeId& node) override;
  std::optional<model::Relationship> find_relationship(const model::WorkspaceId& workspace,
                                                       const model::RelationshipId& id) override;
  std::optional<model::Comment> find_comment(const model::WorkspaceId& workspace,
                                             const model::CommentId& id) override;
  std::optional<model::Conflict> find_conflict(const model::WorkspaceId& workspace,
                                               const model::ConflictId& id) override;
  std::vector<model::Node> list_assigned(const model::WorkspaceId& workspace, const model::UserId& user,
                                         ItemPlace before, std::size_t limit) override;
  std::vector<model::Node> list_documents(const model::WorkspaceId& workspace, ItemPlace before,
                                          std::size_t limit) override;
  std::vector<model::Node> list_document_nodes(const model::WorkspaceId& workspace,
                                               const model::DocumentId& document, const model::NodeId& after,
                                               std::size_t limit, std::size_t max_bytes) override;
  std::vector<model::Comment> list_comments(const model::WorkspaceId& workspace,
                                            const model::NodeId& node) override;
  std::vector<model::Conflict> list_open_conflicts(const model::WorkspaceId& workspace,
                                                   const model::ConflictId& after,
                                                   std::size_t limit) override;
  std::vector<model::NodeId> nodes_edited_after(const model::WorkspaceId& workspace,
                                                model::Sequence sequence) override;
  std::vector<model::NodeId> find_children(const model::WorkspaceId& workspace,
                                           const model::NodeId& id) override;
  std::optional<std::string> find_text(const model::WorkspaceId& workspace, const model::NodeId& id,
                                       const base::Hash128& hash, model::Sequence after) override;
  std::optional<std::string> find_value_at(const model::WorkspaceId& workspace, const model::NodeId& node,
                                           model::Field field, model::Sequence sequence) override;
  bool has_created_subtree(const model::WorkspaceId& workspace, const model::NodeId& root,
                           const model::UserId& user, model::Sequence seen) override;
  std::int64_t count_nodes(const model::WorkspaceId& workspace) override;
  std::int64_t count_document_nodes(const model::WorkspaceId& workspace,
                                    const model::DocumentId& document) override;
  wire::SnapshotPageTexts read_snapshot(const model::WorkspaceId& workspace, const std::string& after_key,
                                        std::size_t max_bytes) override;
  std::vector<wire::HistoryRow> list_history(const model::WorkspaceId& workspace, model::Sequence before,
                                             model::Sequence after, std::size_t limit,
                                             std::size_t max_bytes) override;
  model::StateDigest digest(const model::WorkspaceId& workspace) override;
  model::Sequence last_received_before(const model::WorkspaceId& workspace, base::Timestamp time) override;
  std::optional<model::Sequence> least_cursor(const model::WorkspaceId& workspace,
                                              base::Timestamp seen_since) override;

 protected:
  /// The integer key of the workspace's rows; 0, which no row has, for an unknown or deleted one.
  std::int64_t key_of(const model::WorkspaceId& workspace);
  void forget_keys() { keys_.clear(); }
  /// The keys of these workspaces as a JSON list, for json_each.
  std::string keys_of(const std::vector<model::WorkspaceId>& workspaces);

 private:
  std::vector<wire::HistoryChange> read_history_changes(std::int64_t workspace, model::Sequence sequence);

  storage::ReadTxn& txn_;
  std::unordered_map<model::WorkspaceId, std::int64_t> keys_;
};

class SqliteTxn final : public StoreTxn, public SqliteReader {
 public:
  explicit SqliteTxn(storage::WriteTxn& txn) : SqliteReader(txn), txn_(txn) {}

  base::Result<bool> nested(const std::function<bool()>& body) override;
  const std::vector<model::UserId>& touched_users() const override { return touched_; }

  void put_user(const User& user) override;
  void set_password_hash(const model::UserId& user, const std::string& hash) override;
  void put_token(const Token& token, const SecretHash& hash) override;
  void revoke_token(const TokenId& id, base::Timestamp at) override;
  void add_session(const Session& session, const SecretHash& secret) override;
  void rotate_refresh(const SessionId& id, const SecretHash& spent, const SecretHash& next,
                      base::Timestamp now) override;
  void touch_session(const SessionId& id, base::Timestamp now) override;
  void end_session(const SessionId& id, base::Timestamp now) override;
  void drop_sessions(base::Timestamp before) override;
  void touch_token(const TokenId& id, base::Timestamp now) override;
  void add_signing_key(const SigningKey& key) override;
  void drop_signing_keys(base::Timestamp made_before) override;
  void add_device(const DeviceRequest& request, const SecretHash& code) override;
  void decide_device(std::string_view user_code, DeviceState state, const model::UserId& user) override;
  void drop_device(const SecretHash& code) override;
  void drop_devices(base::Timestamp expired_before) override;
  void put_workspace(const Workspace& workspace) override;
  void delete_workspace(const model::WorkspaceId& id, base::Timestamp at) override;
  void put_member(const model::WorkspaceId& workspace, const Membership& member) override;
  void put_invitation(const Invitation& invitation, const SecretHash& hash) override;
  void close_invitation(const InvitationId& id, std::optional<base::Timestamp> accepted_at,
                        std::optional<base::Timestamp> revoked_at) override;
  void add_audit(const AuditEvent& event) override;

  void put_notification(const model::UserId& user, const model::Notification& notification) override;
  void mark_read(const model::UserId& user, const std::vector<model::NotificationId>& ids) override;
  void mark_all_read(const model::UserId& user, const std::vector<model::WorkspaceId>& workspaces) override;
  void set_muted(const model::UserId& user, model::NotificationKind kind, bool is_muted) override;
  void drop_notifications(base::Timestamp read_before, base::Timestamp unread_before) override;

  Replica add_replica(const model::WorkspaceId& workspace, const model::ReplicaId& id,
                      const model::UserId& user) override;
  void set_last_n(const Replica& replica, std::uint64_t last_n) override;
  model::Sequence lock_head(const model::WorkspaceId& workspace) override;
  void set_head(const model::WorkspaceId& workspace, model::Sequence head) override;
  void add_entry(const model::WorkspaceId& workspace, const EntryHeader& header,
                 const std::string& text) override;
  void add_result(const Replica& replica, const base::Hash128& hash,
                  const model::PushResult& result) override;
  void add_change(const model::WorkspaceId& workspace, const model::DocumentId& document,
                  const Change& change) override;
  void renew_epoch(model::Epoch epoch) override;
  model::Sequence compact(const model::WorkspaceId& workspace, model::Sequence floor) override;
  void put_snapshot(const model::WorkspaceId& workspace, const SnapshotSession& session) override;
  void drop_snapshots(base::Timestamp before) override;
  void put_cursor(const model::WorkspaceId& workspace, const model::ReplicaId& replica,
                  model::Sequence cursor, base::Timestamp seen_at) override;
  void drop_cursors(base::Timestamp before) override;
  base::Timestamp believe_clock(base::Timestamp now, std::chrono::hours step) override;
  Purged purge_tombstones(const model::WorkspaceId& workspace, model::Sequence through,
                          const model::NodeId& after, std::size_t limit) override;

  void add_node(const model::WorkspaceId& workspace, const model::Node& node,
                const model::DocumentId& document) override;
  void count_added_nodes(const model::WorkspaceId& workspace, const model::DocumentId& document,
                         std::int64_t added) override;
  void set_node(const model::WorkspaceId& workspace, const model::Node& node, bool is_moved) override;
  void put_relationship(const model::WorkspaceId& workspace,
                        const model::Relationship& relationship) override;
  void put_comment(const model::WorkspaceId& workspace, const model::Comment& comment) override;
  void put_conflict(const model::WorkspaceId& workspace, const model::Conflict& conflict) override;

 private:
  std::uint64_t purge_subtree(const model::WorkspaceId& workspace, const model::NodeId& root,
                              model::Sequence through);
  void touch_access(const model::UserId& user);
  std::int64_t next_notification_version();
  /// Moves the node and everything below it into another document.
  void change_document(const model::WorkspaceId& workspace, const model::NodeId& node,
                       const model::DocumentId& from, const model::DocumentId& to);

  storage::WriteTxn& txn_;
  std::vector<model::UserId> touched_;
};

/// The guard of a stored text; `place` tells rows with equal text apart.
base::Hash128 hash_of_row(std::string_view place, std::string_view text);
/// Ends the transaction with `corrupt`.
[[noreturn]] void fail_corrupt(std::string_view what, std::string_view id);

/// The value that a column holds by name; a name that memsync never wrote ends the transaction with
/// `corrupt`.
template <class Enum>
Enum column_name(const storage::Statement& row, int index) {
  const auto value = model::find_by_name<Enum>(row.column_text(index));
  if (!value) fail_corrupt("name", row.column_text(index));
  return *value;
}
/// Ends the transaction with `corrupt` when the text is not what was stored under that hash.
void check_row(std::string_view what, std::string_view id, std::string_view text, const base::Hash128& hash);

} // namespace memsync::hub
