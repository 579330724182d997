#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/operation.h"

/// Items as the API shows them and what it changes of them (Hub, src/hub/hub_items.cpp).
namespace memsync::hub {

struct NodeView {
  model::Node node;
  model::DocumentId document;
  std::int64_t nodes = 0; // of a document: how many it holds, deleted ones included
};

/// What GET showed: the newest sequence of the node's registers.
model::Sequence version_of(const model::Node& node);

/// On what an edit was decided: the version shown; nothing: whatever is there (`If-Match: *`).
using SeenVersion = std::optional<model::Sequence>;

/// What an edit changes; what is absent stays.
struct NodeEdit {
  std::optional<model::NodeKind> kind;
  std::optional<std::string> type, title, content, context;
  std::optional<std::vector<std::string>> tags; // the whole set
  std::optional<double> importance;
  std::optional<bool> completed;
  std::optional<model::UserId> assignee; // empty: nobody

  bool is_empty() const {
    return !kind && !type && !title && !content && !context && !tags && !importance && !completed &&
           !assignee;
  }
};

/// Which of the nodes that are assigned to somebody are wanted.
struct TaskFilter {
  std::optional<model::UserId> assignee; // absent: the caller
  std::optional<bool> completed;         // absent: both
};

/// What is to be taken back: one change; what a person, or one of their sessions, wrote since a time; or all
/// that happened to a node or document after a point.
struct RevertRequest {
  std::optional<model::Sequence> change;
  std::optional<model::UserId> user;
  std::string session;
  std::optional<base::Timestamp> since; // with `user`, `session` or both
  std::optional<model::NodeId> node;
  std::optional<model::DocumentId> document;
  // With `node` or `document`: the last change, or the time, that stays.
  std::optional<model::Sequence> to_change;
  std::optional<base::Timestamp> to_time;
};
/// What became of a change: taken back by an operation, or left alone for a reason.
struct RevertedStep {
  std::string what; // name of the operation; of one that was left alone the field, or what it was
  model::NodeId node;
  std::string title;
  std::optional<model::Field> field;
  std::string reason;
};
struct Reverted {
  std::vector<RevertedStep> operations, skipped;
  model::Sequence head; // of the log afterwards
};

struct CommentView {
  model::Comment comment;
  std::string author_name;
};

struct ConflictView {
  model::Conflict conflict;
  model::DocumentId document; // of the node, with its title now
  std::string title, local_name, server_name;
};

/// A decision about a conflict. `value` is JSON text of the register, for custom.
struct Decision {
  model::Resolution resolution = model::Resolution::keep_server;
  std::string value;
  SeenVersion seen; // the version of the node on which it was decided
};
struct Decided {
  model::Status status = model::Status::applied; // superseded: it was decided before
  model::Sequence sequence;
  ConflictView conflict;
};

} // namespace memsync::hub
