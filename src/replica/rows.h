#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/apply.h"
#include "model/permissions.h"

/// What reading a replica returns. All ids are whole; people see prefixes (Reader::short_id).
namespace memsync::replica {

/// Internal number of a workspace row; shorter than its id in every other row.
struct WorkspaceKey {
  std::int64_t value = 0;
  auto operator<=>(const WorkspaceKey&) const = default;
};

/// One generation of a workspace's items.
struct Space {
  std::int64_t value = 0;
  auto operator<=>(const Space&) const = default;
};

struct WorkspaceRow {
  WorkspaceKey key;
  model::WorkspaceId id;
  model::WorkspaceKind kind = model::WorkspaceKind::local;
  std::string name;
  model::Role role = model::Role::owner;
  model::Strategy strategy = model::Strategy::merge;
  Space space;
  model::ReplicaId replica;
  std::uint64_t next_n = 1;
  std::uint64_t sent_n = 0; // operations of the outbox up to it were handed to the hub
  model::Cursor cursor;
  model::Sequence head;
  bool is_known_to_hub = true;
  bool wants_history = false;  // somebody asked for what the gaps of the history hold
  bool wants_resync = false;   // the confirmed state is not to be trusted
  base::Timestamp compared_at; // with the hub's digest, and found equal
  bool is_first_sync = false;  // a team or personal workspace that has not shown anything yet
};

struct MemberRow {
  model::UserId user;
  std::string name, email;
  model::Role role = model::Role::member;
};

/// How far an item's newest change got.
enum class SyncState { synced, pending, conflict };
std::string_view name_of(SyncState state);

struct NodeRow {
  model::Node node;
  model::WorkspaceId workspace;
  model::DocumentId document;
  SyncState sync = SyncState::synced;
  std::string author;     // display name of who created it
  std::string updated_by; // display name
  base::Timestamp created_at, updated_at;
};

struct DocumentRow {
  model::DocumentId id;
  model::WorkspaceId workspace;
  std::string title;
  std::size_t nodes = 0; // visible ones, without the root
  std::size_t pending = 0;
  std::size_t conflicts = 0;
  base::Timestamp updated_at; // of the newest visible node
  std::string updated_by;
  bool is_dirty() const { return pending > 0; }
};

struct RelationshipRow {
  model::Relationship relationship;
  std::string other_title; // of the end that is not the node asked about
};

enum class PendingState { queued, sending, parked, rejected };
std::string_view name_of(PendingState state);

struct PendingRow {
  model::Operation operation;
  model::ReplicaId replica; // whose number it has: that of a rejected one may have been given up since
  model::WorkspaceId workspace;
  std::string document_title; // empty when unknown
  std::string node_title;
  base::Timestamp at;
  PendingState state = PendingState::queued;
  std::string reason; // why it is parked or rejected
};

/// One line of history. `old_value` and `new_value` are JSON text of the register.
struct ChangeRow {
  model::Sequence sequence;
  model::WorkspaceId workspace;
  model::OperationKind kind = model::OperationKind::update;
  model::NodeId node;
  std::string title;
  std::optional<model::Field> field; // none: an event without a field, such as a comment
  bool lost = false;
  std::optional<std::string> old_value, new_value;
  std::string author, client, session, project;
  base::Timestamp at;
  model::Status status = model::Status::applied;
};

/// One line of the activity feed.
struct ActivityRow {
  model::Sequence sequence;
  model::WorkspaceId workspace;
  model::OperationKind kind = model::OperationKind::update;
  model::NodeId node;
  model::DocumentId document;
  std::string title;
  std::string detail; // e.g. "SOLVES Redis timeout" of a relationship
  std::string author, client, session;
  base::Timestamp at;
};

struct SearchQuery {
  std::string text;
  std::vector<model::WorkspaceId> workspaces; // empty: all
  std::optional<model::DocumentId> document;
  std::vector<std::string> types, tags; // any of the types, all of the tags
  std::string author, assignee;         // id, name or e-mail address; empty: anybody
  std::optional<bool> completed;
  std::optional<base::Timestamp> since, until; // of the last update
  std::size_t limit = 20;
};

struct SearchHit {
  NodeRow row;
  std::string document_title;
  std::string snippet; // one or two lines of the content around the match
  double score = 0;    // higher is better; comparable within one answer
  std::string via;     // empty: a direct hit; else how it is related to one, e.g. "SOLVES <title>"
};

struct SearchAnswer {
  std::vector<SearchHit> hits;
  bool relaxed = false;        // no memory had all terms; these have some
  std::size_t total = 0;       // matches before the limit, up to 1,000; about, when there are many
  std::size_t not_indexed = 0; // rows of a first sync still waiting for the index
};

struct SimilarNode {
  model::NodeId id;
  std::string title;
  double score = 0; // 1: the same title and content
  bool is_exact = false;
};

/// What one write did.
struct WriteReceipt {
  model::WorkspaceId workspace;
  std::string version; // "<epoch>.<sequence>+<n>": what a later read must reflect
  std::vector<model::Operation> operations;
  std::vector<model::Outcome> outcomes; // same order
  std::uint64_t last_n = 0;             // 0 in the local workspace: nothing to wait for
};

} // namespace memsync::replica
