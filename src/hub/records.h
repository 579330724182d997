#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "hub/principal.h"
#include "model/notification.h"
#include "model/operation.h"
#include "model/permissions.h"
#include "model/strategy.h"

/// What the hub keeps besides nodes and their log. Secrets (tokens, invitations, passwords) are kept only
/// as hashes and are no part of these records.
namespace memsync::hub {

struct User {
  model::UserId id;
  std::string email; // lower case, unique
  std::string name;
  base::Timestamp created_at;
};

struct Workspace {
  model::WorkspaceId id;
  model::WorkspaceKind kind = model::WorkspaceKind::team;
  std::string name;
  model::Strategy strategy = model::Strategy::merge;
  base::Timestamp created_at;
  std::string slug; // of a team: unique, for addresses and commands
};

/// A membership, or the tombstone of one: what proves to a replica that its person was removed.
struct Membership {
  model::UserId user;
  model::Role role = model::Role::member;
  base::Timestamp since;
  bool removed = false;
};

struct Invitation {
  InvitationId id;
  model::WorkspaceId workspace;
  std::string email;
  model::Role role = model::Role::member;
  model::UserId invited_by;
  base::Timestamp created_at, expires_at;
  std::optional<base::Timestamp> accepted_at, revoked_at;
};

struct Token {
  TokenId id;
  model::UserId user;
  std::string name;
  PermissionSet scopes = PermissionSet::all();
  std::vector<model::WorkspaceId> workspaces; // empty: all of its owner
  base::Timestamp created_at;
  std::optional<base::Timestamp> expires_at, revoked_at;
  std::optional<base::Timestamp> used_at; // last, to ten minutes
};

/// What the audit log records.
enum class AuditAction {
  denied,
  signed_in,
  sign_in_failed,
  user_created,
  password_set,
  token_created,
  token_revoked,
  workspace_created,
  workspace_changed,
  workspace_deleted,
  invited,
  invitation_revoked,
  member_joined,
  role_changed,
  member_removed,
  member_left,
  signed_out,
  refresh_reused, // a refresh token that was used up: its session ended
  device_allowed,
  device_denied,
  mail_failed
};

} // namespace memsync::hub

template <>
struct memsync::model::EnumNames<memsync::hub::AuditAction> {
  static constexpr std::array<std::string_view, 21> names{
      "denied",        "signed_in",          "sign_in_failed",    "user_created",      "password_set",
      "token_created", "token_revoked",      "workspace_created", "workspace_changed", "workspace_deleted",
      "invited",       "invitation_revoked", "member_joined",     "role_changed",      "member_removed",
      "member_left",   "signed_out",         "refresh_reused",    "device_allowed",    "device_denied",
      "mail_failed"};
};

namespace memsync::hub {

struct AuditEvent {
  std::int64_t id = 0; // ascending in order of commit
  base::Timestamp at;
  AuditAction action = AuditAction::denied;
  model::UserId actor;          // empty: the operator of the hub, or somebody unknown
  model::WorkspaceId workspace; // empty: none
  model::UserId subject;        // whom it was done to
  std::string detail;           // e.g. the missing permission, the new role, the address
};

/// Which rows of the audit log are wanted; what is absent does not filter.
struct AuditFilter {
  std::optional<model::WorkspaceId> workspace;
  std::optional<model::UserId> user; // who did it, or whom it was done to
  std::optional<AuditAction> action;
  std::optional<base::Timestamp> since, until;
};

/// One row of the feed people read: a change to an item, or a membership event.
struct Activity {
  base::Timestamp at;
  model::UserId user;
  std::string user_name;
  std::string action;       // a name of OperationKind or of AuditAction
  model::Sequence sequence; // of a change; 0 for a membership event
  model::Status status = model::Status::applied;
  model::NodeId node; // the node it is about; for a relationship the one it starts at
  std::string title;  // of that node at that time
  model::DocumentId document;
  std::string document_title;
  model::NodeId to_node; // the other end of a relationship
  std::string to_title, relationship_type;
  std::string client, session; // as that person's replica reported them
  model::UserId subject;       // of a membership event
  std::string subject_name, detail;
};

/// A page of a list, newest first. The cursor goes on from the rows examined, so that a filter never
/// makes it stick: a page may be shorter than asked for, or empty, and still have a next one.
template <class T>
struct Page {
  std::vector<T> rows;
  std::string next_cursor; // empty: this was the last page
};

/// One register that changed, or one value that did not become or stay a register's value (`lost`); or an
/// operation that changed no register, such as a comment. Values are JSON text of the register; nothing when
/// it was never set.
struct Change {
  std::int64_t key = 0; // ascending with sequence; 0: of no register
  model::Sequence sequence;
  model::OperationKind kind = model::OperationKind::update;
  model::Status status = model::Status::applied;
  model::NodeId node;
  std::string title; // of the node then
  std::optional<model::Field> field;
  std::optional<std::string> old_value, new_value;
  bool lost = false;
  model::UserId author;
  std::string author_name; // as of now; not stored here
  base::Timestamp at;
  std::string client, session;
};

/// A part of the history of registers: changes before a position, newest first.
struct ChangeRange {
  std::vector<Change> rows;
  bool more = false; // below the last row
};

/// Which changes of one person are wanted.
struct UserChangeFilter {
  model::UserId user;
  std::string session; // empty: any
  std::optional<base::Timestamp> since;
};

/// What a node has after one sequence that it had not after another.
struct NodeDiff {
  model::NodeId node;
  std::string title;           // now
  std::vector<Change> changes; // one for each field, by whoever wrote it last; values at both ends
  std::string words;           // of the content: model::diff_words
};
/// What is compared, and its state after which two sequences.
struct DiffRequest {
  model::Sequence from, to;
  std::optional<model::NodeId> node; // else
  std::optional<model::DocumentId> document;
};

/// A paragraph of a content, and the change that wrote it last: nothing where the history that was read
/// begins later.
struct ParagraphBlame {
  std::size_t line = 0; // its first one, from 1
  std::string text;
  std::optional<Change> writer;
};
struct Blame {
  std::vector<Change> changes; // the last one of each field that was ever set, without the value before
  Page<ParagraphBlame> paragraphs;
  bool is_complete = true; // every version of the content was read
};

/// Which rows of the activity feed are wanted; what is absent does not filter.
struct ActivityFilter {
  std::optional<model::UserId> user;
  std::optional<std::string> action;
  std::optional<model::DocumentId> document;
  std::optional<base::Timestamp> since, until;
};

/// Which of somebody's notifications a list shows; what is absent does not filter.
struct NotificationFilter {
  std::optional<model::WorkspaceId> workspace;
  bool only_unread = false;
};

/// Which of somebody's notifications were read: these, or all of one workspace or of every one.
struct ReadMarks {
  std::vector<model::NotificationId> ids; // empty: all
  std::optional<model::WorkspaceId> workspace;
};

/// Whether a person wants to hear of each kind.
using NotificationPreferences = std::map<model::NotificationKind, bool>;

} // namespace memsync::hub
