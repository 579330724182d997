#pragma once

#include <optional>
#include <string>
#include <vector>

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
