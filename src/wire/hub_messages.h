#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/operation.h"
#include "model/permissions.h"
#include "wire/notification_codec.h"
#include "wire/presence_codec.h"

/// The bodies of the sync routes and the events of the replica's stream, wire version 1
/// (schemas/openapi.json, schemas/events/*.json). Every encode gives JSON text, every decode fails with
/// `validation`. Lists that the hub sends in bulk (entries, nodes) are encoded from stored text.
namespace memsync::wire {

inline constexpr int k_protocol = 1;

/// What a client reads of one answer. Pages stay far below; the longest answers are `epoch` and `forked`,
/// which tell some 60 bytes of each operation that the hub accepted under a replica id: room for 500,000 of
/// them.
inline constexpr base::JsonLimits k_answer_limits{std::size_t{32} << 20, 64, 5'000'000};

/// (n, hash) of one operation.
struct OperationMark {
  std::uint64_t n = 0;
  base::Hash128 hash;
  bool operator==(const OperationMark&) const = default;
};

/// POST /api/v1/workspaces/{id}/push
struct PushRequest {
  model::ReplicaId replica;
  model::Epoch epoch;                       // 0: the first contact
  std::vector<model::Operation> operations; // at most 1,000 and 1 MiB; ascending n; a tx never split
};
struct PushAnswer {
  model::Epoch epoch;
  model::Sequence head;
  std::uint64_t last_n = 0;
  std::vector<model::PushResult> results;
};

/// GET /api/v1/workspaces/{id}/pull?after=E.S&limit=&wait=
struct PullAnswer {
  model::Epoch epoch;
  model::Sequence from, to, head, floor; // entries cover (from, to]; from is the `after` asked for
  std::vector<model::Entry> entries;
  bool more = false;
};

/// POST /api/v1/workspaces/{id}/snapshot
struct SnapshotRequest {
  model::ReplicaId replica;
  std::vector<OperationMark> outstanding;
};
struct SnapshotOpened {
  std::string session;
  model::Epoch epoch;
  model::Sequence at;
  std::vector<std::uint64_t> contains; // the outstanding n that the snapshot already holds
  std::uint64_t nodes = 0;             // how many follow, for progress
};
/// GET /api/v1/workspaces/{id}/snapshot/{session}?after_key=K
/// Pages go through nodes by id, then relationships, comments and open conflicts. The state of a page
/// may be newer than `at`; the tail from `at` to `end`, pulled after the last page, makes it whole.
struct SnapshotPage {
  std::string session;
  std::vector<model::NodeEffect> nodes;
  std::vector<model::Relationship> relationships;
  std::vector<model::Comment> comments;
  std::vector<model::Conflict> conflicts;
  std::string next_key;               // empty on the last page
  std::optional<model::Sequence> end; // on the last page: the head to which the tail must be pulled
};

/// GET /api/v1/workspaces/{id}/digest: of model::StateDigest, as of `head`
struct WorkspaceDigest {
  model::Epoch epoch;
  model::Sequence head;
  std::uint64_t items = 0;
  std::string digest;
};

/// An error answer: RFC 9457 problem details plus what sync needs to recover.
struct Problem {
  base::ErrorCode code = base::ErrorCode::internal;
  std::string detail;
  std::optional<model::Epoch> epoch;           // epoch
  std::optional<std::uint64_t> last_n;         // epoch, gap
  std::vector<OperationMark> accepted;         // epoch, gap, forked: those of that replica id, not rejected
  std::optional<std::int64_t> retry_after_s;   // rate_limited, busy
  std::optional<model::WorkspaceId> workspace; // removed: the proof names workspace and user
  std::optional<model::UserId> user;
};

struct MemberInfo {
  model::UserId id;
  std::string name, email;
  model::Role role = model::Role::member;
};
struct WorkspaceInfo {
  model::WorkspaceId id;
  model::WorkspaceKind kind = model::WorkspaceKind::team;
  std::string name;
  model::Role role = model::Role::member;
  model::Strategy strategy = model::Strategy::merge;
  std::vector<MemberInfo> members;
  std::vector<MemberInfo> former; // id and name of those who are no members any more
};
/// GET /api/v1/me
struct Me {
  model::UserId id;
  std::string name, email;
  model::Epoch epoch;
  std::vector<WorkspaceInfo> workspaces;
};

/// POST /api/v1/invitations/{token}/accept
struct InvitationAccepted {
  model::UserId user;
  std::string name, email;
  model::WorkspaceId workspace;
  std::string workspace_name;
  model::Role role = model::Role::member;
  std::string token;
};

// Events of view=ops. Presence and notifications carry no id and never move a cursor.

struct StreamHello {
  model::WorkspaceId workspace;
  model::Epoch epoch;
  model::Sequence head, floor, replayed_from;
};
/// A contiguous range of the log; without entries (too large for an event) the reader pulls.
struct StreamOps {
  model::WorkspaceId workspace;
  model::Epoch epoch;
  model::Sequence from, to; // first and last sequence of the range
  std::vector<model::Entry> entries;
};
struct StreamHeartbeat {
  std::vector<std::pair<model::WorkspaceId, model::Cursor>> heads;
};
struct StreamResync {
  model::WorkspaceId workspace;
  std::string reason;
};
/// Membership or role changed: fetch /me again and reopen.
struct StreamMember {
  model::WorkspaceId workspace;
};
/// The hub's proof that this user was removed.
struct StreamRevoked {
  model::WorkspaceId workspace;
  model::UserId user;
  model::Epoch epoch;
};
/// The hub closes the stream: come back after this delay.
struct StreamGoaway {
  std::int64_t retry_ms = 0;
};
using StreamEvent = std::variant<StreamHello, StreamOps, StreamHeartbeat, StreamResync, StreamMember,
                                 StreamRevoked, StreamGoaway, StreamNotifications, StreamPresence>;

std::string encode(const PushRequest& request);
base::Result<PushRequest> decode_push_request(const base::Json& json);
std::string encode(const PushAnswer& answer);
base::Result<PushAnswer> decode_push_answer(const base::Json& json);

/// `entries` are texts of encode_entry; those of `answer` are ignored.
std::string encode_pull_answer(const PullAnswer& answer, const std::vector<std::string>& entries);
base::Result<PullAnswer> decode_pull_answer(const base::Json& json);

std::string encode(const SnapshotRequest& request);
base::Result<SnapshotRequest> decode_snapshot_request(const base::Json& json);
std::string encode(const SnapshotOpened& opened);
base::Result<SnapshotOpened> decode_snapshot_opened(const base::Json& json);

/// JSON texts as the elements of an array, without its brackets.
std::string join_texts(const std::vector<std::string>& texts);

/// The stored texts of one page, each list through join_texts.
struct SnapshotPageTexts {
  std::string session, nodes, relationships, comments, conflicts, next_key;
  std::optional<model::Sequence> end;
};
std::string encode(const SnapshotPageTexts& page);
base::Result<SnapshotPage> decode_snapshot_page(const base::Json& json);

std::string encode(const WorkspaceDigest& digest);
base::Result<WorkspaceDigest> decode_workspace_digest(const base::Json& json);

std::string encode(const Problem& problem);
/// Never fails: an unreadable body (a proxy's error page) becomes the code nearest to the HTTP status.
Problem decode_problem(int http_status, std::string_view body);
base::Error to_error(const Problem& problem);

std::string encode(const Me& me);
base::Result<Me> decode_me(const base::Json& json);
base::Json encode_member(const MemberInfo& member);
base::Json encode_workspace(const WorkspaceInfo& workspace);

std::string encode(const InvitationAccepted& accepted);
base::Result<InvitationAccepted> decode_invitation_accepted(const base::Json& json);

/// The `event:` name and the data of each stream event.
std::string_view event_name(const StreamEvent& event);
std::string encode_event(const StreamEvent& event);
/// The data of an `ops` event from stored entry texts (none: a range to be pulled).
std::string encode_ops_event(const StreamOps& range, const std::vector<std::string>& entries);
/// Nothing for event names this version does not know (they are skipped).
base::Result<std::optional<StreamEvent>> decode_event(std::string_view name, std::string_view data);

} // namespace memsync::wire
