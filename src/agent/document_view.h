#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/display.h"
#include "agent/locate.h"
#include "agent/session.h"

namespace memsync::agent {

enum class DetailLevel { outline, full };

struct RelationshipView {
  std::string type, node, title;
  bool is_outgoing = true;
};
struct CommentView {
  std::string author, age, text;
};

/// A node ready to be shown.
struct NodeView {
  std::string id, document, workspace, parent;
  std::size_t depth = 0;
  std::string kind, type, title, content;
  std::size_t content_left_out = 0; // bytes
  std::vector<std::string> tags;
  double importance = 0.5;
  Json context = nullptr;
  bool is_completed = false;
  std::string assignee;
  std::int64_t use_count = 0;
  std::string author, reported_by, updated_by, updated_at, age, sync;
  std::size_t children_left_out = 0;
  std::vector<RelationshipView> relationships;
  std::vector<CommentView> comments;
};

/// A document or some nodes, cut to a token budget.
struct DocumentView {
  std::optional<replica::DocumentRow> document;
  std::optional<model::Strategy> strategy; // of the document, where it has one of its own
  DocumentName name;                       // set with `document`
  std::string content;                     // of the root
  std::size_t content_left_out = 0;        // bytes of it
  std::vector<NodeView> nodes;             // in reading order
  DetailLevel level = DetailLevel::full;
  std::string version; // what the answer reflects
  std::size_t more = 0;
  std::size_t contents_left_out = 0; // of shown nodes: an outline although the whole was asked for
  base::Timestamp now;
};

struct ViewOptions {
  std::optional<DetailLevel> level; // none: full if everything fits or is one node, else outline
  std::size_t depth = 64;
  std::size_t token_budget = k_default_answer_tokens;
};

/// The tree below the document.
base::Result<DocumentView> view_document(Session& session, replica::Reader& reader,
                                         const replica::DocumentRow& document, const ViewOptions& options);
/// Those nodes with relationships and comments, without their children.
base::Result<DocumentView> view_nodes(Session& session, replica::Reader& reader,
                                      const std::vector<std::string>& names, const ViewOptions& options);

Json to_json(const DocumentView& view);
std::string to_text(const DocumentView& view);

/// "<epoch>.<sequence>+<n>": what reading the workspace reflects right now.
std::string version_of(const replica::WorkspaceRow& workspace);

} // namespace memsync::agent
