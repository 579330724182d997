#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "hub/answer.h"
#include "hub/broker.h"
#include "hub/compaction.h"
#include "hub/device_flow.h"
#include "hub/item_records.h"
#include "hub/mail.h"
#include "hub/metrics.h"
#include "hub/rate_limit.h"
#include "hub/records.h"
#include "hub/rooms.h"
#include "hub/sign_in.h"
#include "hub/socket_tickets.h"
#include "hub/store.h"
#include "hub/stream.h"
#include "model/limits.h"

namespace memsync::hub {

struct HubOptions {
  /// Whether the hub runs its own writer and pump threads, or the caller drives it: `push` then commits
  /// before it returns, and `streams().step()` is the pump (tests and the simulator).
  enum class Threads { own, none };
  Threads threads = Threads::own;

  RateRule push_requests{50 * 60, 50 * 60}; // per token
  RateRule push_operations{120'000, 6'000}; // per token
  RateRule stream_opens{60, 60};            // per user and replica
  RateRule invitation_tries{20, 20};        // per address
  RateRule socket_opens{10, 10};            // per user
  RateRule socket_messages{100, 100};       // per user; presence and cursors are not counted
  RateRule presence_reports{120, 120};      // per token
  SignInRules sign_in;
  DeviceFlow::Rules devices;
  Mailer* mailer = nullptr; // sends invitations; nullptr: nobody does. Must outlive the hub.
  Streams::Options streams;
  CompactionRules compaction;
};

struct WorkspaceChange {
  std::optional<std::string> name;
  std::optional<model::Strategy> strategy;
  std::optional<std::string> slug; // of a team
};

/// A workspace as its member sees it, with what only people need.
struct WorkspaceDetails : wire::WorkspaceInfo {
  std::string slug; // empty: a personal workspace
  base::Timestamp created_at;
};

/// A secret that was just made: shown once, kept nowhere.
struct IssuedInvitation {
  Invitation invitation;
  std::string token;
};
struct IssuedToken {
  Token token;
  std::string secret;
};

struct TokenRequest {
  std::string name;
  PermissionSet scopes = PermissionSet::all();
  std::vector<model::WorkspaceId> workspaces;
  std::optional<base::Timestamp> expires_at;
};

/// What an invitation shows to whoever holds its link.
struct InvitationInfo {
  std::string email, workspace_name, invited_by;
  model::Role role = model::Role::member;
  base::Timestamp expires_at;
  bool account_exists = false; // accept signed in
};

/// Somebody who may open a WebSocket.
struct SocketVisit {
  Principal principal;
  std::string name;
};

struct PullRequest {
  model::Cursor after;
  std::size_t limit = model::limits::k_page_entries;
  std::optional<model::ReplicaId> replica = {}; // who reads: the log is kept above its cursor
};
/// For wire::encode_pull_answer.
struct PulledPage {
  wire::PullAnswer range; // its `entries` are empty
  std::vector<std::string> entries;
};

/// The hub as services without a transport: who may do what, workspaces and their members, and the log.
///
/// Every method may be called from any thread. All but `push` wait for the database: call them from pool
/// threads. Every method that takes a Principal and a workspace goes through the one `authorize`.
///
/// Failures everywhere: `unauthenticated`; `not_found` for strangers and what does not exist; `permission`
/// for members, naming what is missing; `removed` with proof; `validation`, `too_large`; `rate_limited` with
/// retry_after; `busy` and `storage_full` of the store.
class Hub {
 public:
  /// The others must outlive the hub. Fails when the store cannot be read.
  static base::Result<std::unique_ptr<Hub>> open(base::Clock& clock, base::Random& random, HubStore& store,
                                                 Broker& broker, HubOptions options = {});
  /// Finishes accepted writes and stops its threads.
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // --- who asks ---

  /// By an API token, an access token or the cookie of a browser.
  Answer<Principal> authenticate(std::string_view secret);
  /// The role, if the principal may do this there. Strangers and the tokens of other workspaces get
  /// not_found, members and narrower tokens `permission`, removed members the proof.
  Answer<model::Role> authorize(const Principal& principal, model::Permission permission,
                                const model::WorkspaceId& workspace);
  Answer<wire::Me> me(const Principal& principal);
  SignIn& sign_in();
  DeviceFlow& devices();

  // --- workspaces and members ---

  Answer<std::vector<WorkspaceDetails>> workspaces(const Principal& principal);
  Answer<WorkspaceDetails> workspace(const Principal& principal, const model::WorkspaceId& id);
  /// A team with that slug, or with a free one made of its name.
  Answer<WorkspaceDetails> create_workspace(const Principal& principal, std::string name,
                                            const std::optional<std::string>& slug = {});
  Answer<WorkspaceDetails> change_workspace(const Principal& principal, const model::WorkspaceId& id,
                                            const WorkspaceChange& change);
  /// Nobody sees it any more; replicas keep what they have. `validation` unless its exact name is given.
  Answer<> delete_workspace(const Principal& principal, const model::WorkspaceId& id,
                            std::string_view confirmed_name);
  Answer<std::vector<wire::MemberInfo>> members(const Principal& principal, const model::WorkspaceId& id);
  /// The last owner stays owner: `validation`.
  Answer<> change_role(const Principal& principal, const model::WorkspaceId& id, const model::UserId& user,
                       model::Role role);
  Answer<> remove_member(const Principal& principal, const model::WorkspaceId& id, const model::UserId& user);
  Answer<> leave(const Principal& principal, const model::WorkspaceId& id);

  // --- invitations: single use, for one address, 7 days if not said otherwise ---

  Answer<IssuedInvitation> invite(const Principal& principal, const model::WorkspaceId& id,
                                  std::string_view email, model::Role role,
                                  const std::optional<base::Timestamp>& expires_at = {});
  /// Whether a mail with the link is on its way; a failure is noted in the audit log.
  enum class Mailing { off, queued };
  Mailing mail_invitation(const Principal& principal, const Invitation& invitation, const std::string& link);
  Answer<std::vector<Invitation>> invitations(const Principal& principal, const model::WorkspaceId& id);
  Answer<> revoke_invitation(const Principal& principal, const model::WorkspaceId& id,
                             const InvitationId& invitation);
  /// `address` is the caller's, for the rate limit. Unknown, used, revoked and expired are all not_found.
  Answer<InvitationInfo> invitation_info(std::string_view secret, std::string_view address);
  /// Without a principal it makes the account for the invited address (`sign_in_required` when there is
  /// one); with one, the address must be the principal's.
  Answer<wire::InvitationAccepted> accept_invitation(std::string_view secret, std::string name,
                                                     const std::optional<Principal>& principal,
                                                     std::string_view address);

  // --- tokens ---

  /// Never wider than the principal's own.
  Answer<IssuedToken> create_token(const Principal& principal, const TokenRequest& request);
  Answer<std::vector<Token>> tokens(const Principal& principal);
  Answer<> revoke_token(const Principal& principal, const TokenId& id);

  // --- sync ---

  /// Does not wait for the database, but hashes the operations: a batch of 1,000 takes some 10 ms.
  /// `done` is called exactly once, after the commit, on the writer thread (with Threads::none before
  /// push returns).
  void push(const Principal& principal, const model::WorkspaceId& workspace, wire::PushRequest request,
            std::function<void(Answer<wire::PushAnswer>)> done);
  /// The same, waiting for the answer.
  Answer<wire::PushAnswer> push(const Principal& principal, const model::WorkspaceId& workspace,
                                wire::PushRequest request);
  /// Never waits for entries: a long poll listens to the broker first, pulls, and pulls again when the
  /// head moved. Another epoch or a cursor below the floor or above the head is `resync`.
  Answer<PulledPage> pull(const Principal& principal, const model::WorkspaceId& workspace,
                          const PullRequest& request);
  Answer<wire::SnapshotOpened> open_snapshot(const Principal& principal, const model::WorkspaceId& workspace,
                                             const wire::SnapshotRequest& request);
  /// A page ends with the item that reaches `max_bytes`. A session not used for an hour is over: `resync`.
  Answer<wire::SnapshotPageTexts> snapshot_page(const Principal& principal,
                                                const model::WorkspaceId& workspace,
                                                const std::string& session, const std::string& after_key,
                                                std::size_t max_bytes = model::limits::k_page_bytes);
  /// What the state is, as of the head. Computed once for each head that somebody asks about.
  Answer<wire::WorkspaceDigest> digest(const Principal& principal, const model::WorkspaceId& workspace);
  /// As Streams::open, within the rate limit.
  Answer<std::unique_ptr<Subscription>> open_stream(const Principal& principal, const StreamRequest& request,
                                                    StreamSink& sink);

  // --- WebSockets: a stream, and what people tell each other meanwhile (hub_sockets.cpp) ---

  /// For a workspace that the principal may read.
  Answer<SocketTickets::Ticket> issue_socket_ticket(const Principal& principal,
                                                    const model::WorkspaceId& workspace);
  /// `unauthenticated` for a ticket that does not work.
  Answer<SocketVisit> open_socket(std::string_view ticket, const model::WorkspaceId& workspace);
  Answer<SocketVisit> open_socket(const Principal& principal, const model::WorkspaceId& workspace);
  /// `rate_limited` when this person sends too many.
  Answer<> count_socket_message(const Principal& principal);
  /// Of the network thread.
  Rooms& rooms();

  // --- what happened ---

  /// Newest first; `cursor` is the `next_cursor` of the page before, empty for the first.
  Answer<Page<Activity>> activity(const Principal& principal, const model::WorkspaceId& workspace,
                                  const ActivityFilter& filter, const std::string& cursor, std::size_t limit);
  /// The history of a range of the log, exclusive: what replicas that came later lack. About 1 MiB.
  Answer<wire::HistoryPage> log_history(const Principal& principal, const model::WorkspaceId& workspace,
                                        model::Sequence before, model::Sequence after, std::size_t limit);
  Answer<Page<Change>> node_history(const Principal& principal, const model::WorkspaceId& workspace,
                                    const model::NodeId& node, const std::string& cursor, std::size_t limit);
  Answer<Page<Change>> document_history(const Principal& principal, const model::WorkspaceId& workspace,
                                        const model::DocumentId& document, const std::string& cursor,
                                        std::size_t limit);
  /// What one person wrote, also what changed no register; of members and those who left.
  Answer<Page<Change>> user_history(const Principal& principal, const model::WorkspaceId& workspace,
                                    const UserChangeFilter& filter, const std::string& cursor,
                                    std::size_t limit);
  /// What is different after `to` from what was after `from`, of one node or node by node of a document
  /// (hub_blame.cpp). A page holds about 1 MiB of values. `validation` for a range that runs backwards,
  /// not_found for one that ends above the head.
  Answer<Page<NodeDiff>> diff(const Principal& principal, const model::WorkspaceId& workspace,
                              const DiffRequest& request, const std::string& cursor, std::size_t limit);
  /// Who wrote each field of a node last, and each paragraph of its content; also of a deleted one.
  Answer<Blame> blame(const Principal& principal, const model::WorkspaceId& workspace,
                      const model::NodeId& node, const std::string& cursor, std::size_t limit);
  /// Of one workspace; needs team.write.
  Answer<Page<AuditEvent>> audit(const Principal& principal, const model::WorkspaceId& workspace,
                                 const AuditFilter& filter, const std::string& cursor, std::size_t limit);

  // --- items, for those without a replica (hub_items.cpp): edits are operations like any other ---

  /// not_found also when it or a node above it is deleted.
  Answer<NodeView> node(const Principal& principal, const model::WorkspaceId& workspace,
                        const model::NodeId& id);
  /// `stale` when the node is at another version than `seen`.
  Answer<NodeView> edit_node(const Principal& principal, const model::WorkspaceId& workspace,
                             const model::NodeId& id, const SeenVersion& seen, const NodeEdit& edit);
  Answer<> remove_node(const Principal& principal, const model::WorkspaceId& workspace,
                       const model::NodeId& id, const SeenVersion& seen);
  /// Oldest first.
  Answer<Page<CommentView>> comments(const Principal& principal, const model::WorkspaceId& workspace,
                                     const model::NodeId& id, const std::string& cursor, std::size_t limit);
  Answer<CommentView> add_comment(const Principal& principal, const model::WorkspaceId& workspace,
                                  const model::NodeId& id, const std::string& text);
  /// Last edited first.
  Answer<Page<NodeView>> documents(const Principal& principal, const model::WorkspaceId& workspace,
                                   const std::string& cursor, std::size_t limit);
  /// What is assigned to somebody, last edited first.
  Answer<Page<NodeView>> tasks(const Principal& principal, const model::WorkspaceId& workspace,
                               const TaskFilter& filter, const std::string& cursor, std::size_t limit);
  /// Its visible nodes, itself among them, by id. About 1 MiB.
  Answer<Page<NodeView>> document(const Principal& principal, const model::WorkspaceId& workspace,
                                  const model::DocumentId& id, const std::string& cursor, std::size_t limit);
  /// Takes changes back by new operations, all together (hub_revert.cpp): history keeps both. What somebody
  /// changed afterwards is left alone and named, except with a node or document, which goes back to that
  /// state whatever followed. `permission` also when one of the operations needs one that the caller lacks;
  /// what somebody else wrote since a time: memory.delete. `too_large` for more than 5,000 changes.
  Answer<Reverted> revert(const Principal& principal, const model::WorkspaceId& workspace,
                          const RevertRequest& request);
  /// The open ones, by id.
  Answer<Page<ConflictView>> conflicts(const Principal& principal, const model::WorkspaceId& workspace,
                                       const std::string& cursor, std::size_t limit);
  /// `stale` when the node changed since the version on which it was decided; superseded when somebody else
  /// decided before.
  Answer<Decided> resolve(const Principal& principal, const model::WorkspaceId& workspace,
                          const model::ConflictId& id, const Decision& decision);

  // --- notifications: of the person, about the workspaces that the principal may read ---

  /// Newest first; `cursor` as for activity.
  Answer<Page<model::Notification>> notifications(const Principal& principal,
                                                  const NotificationFilter& filter, const std::string& cursor,
                                                  std::size_t limit);
  /// For replicas: what was made or read after that version; of another epoch: everything. About 1 MiB.
  Answer<wire::NotificationChanges> notification_changes(const Principal& principal, model::Cursor after,
                                                         std::size_t limit);
  Answer<std::uint64_t> unread_count(const Principal& principal);
  /// How many are left unread. Unknown ids are passed over.
  Answer<std::uint64_t> mark_read(const Principal& principal, const ReadMarks& marks);
  Answer<NotificationPreferences> notification_preferences(const Principal& principal);
  /// Changes the kinds named; what is turned off is not made any more.
  Answer<NotificationPreferences> change_notification_preferences(const Principal& principal,
                                                                  const NotificationPreferences& wanted);

  // --- who is here; of this hub's memory, stale after 60 s (hub_presence.cpp) ---

  /// Sessions in workspaces that the principal may not read are left out; how many were taken.
  Answer<std::size_t> report_presence(const Principal& principal, const wire::PresenceReport& report);
  /// The same for somebody at a WebSocket, which is named by `reporter`; nothing: they went. Does not block,
  /// and trusts that the socket has the right to its workspace for as long as it is open.
  void report_presence(const SocketVisit& visit, const std::string& reporter,
                       const std::optional<model::Presence>& presence);
  Answer<std::vector<model::PresentMember>> present(const Principal& principal,
                                                    const model::WorkspaceId& workspace);
  /// Those at that document or node.
  Answer<std::vector<model::PresentMember>> present_at(const Principal& principal,
                                                       const model::WorkspaceId& workspace,
                                                       const model::NodeId& room);

  // --- the program around it ---

  Streams& streams();
  Broker& broker();
  Metrics& metrics();
  base::Clock& clock();
  model::Epoch epoch() const;
  /// Writes down how far replicas have read, and compacts what is due by the rules. With threads of its own
  /// the hub does it by itself: the first every minute, the second every hour.
  base::Result<> note_cursors();
  base::Result<Compacted> compact();
  /// Fails when the store cannot be read: the answer of /readyz.
  base::Result<> check_ready();

 private:
  class Implementation;
  explicit Hub(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

} // namespace memsync::hub
