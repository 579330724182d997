#include "agent/document_view.h"

#include <algorithm>

#include "agent/activity.h"

namespace memsync::agent {

namespace {

// The least that a row of an outline costs: more rows than that allows are not even read.
constexpr std::size_t k_min_row_tokens = 15;
// A content cut shorter than this says less than its title.
constexpr std::size_t k_min_content_tokens = 50;

struct TreeRow {
  replica::NodeRow row;
  std::size_t depth = 0;
  std::size_t children_left_out = 0;
};

struct TreeLimits {
  std::size_t depth = 0, rows = 0;
};

/// Appends the tree in reading order, as far as the limits allow.
void collect(replica::Reader& reader, const replica::WorkspaceRow& workspace, const model::NodeId& parent,
             std::size_t depth, const TreeLimits& limits, std::vector<TreeRow>& rows) {
  const std::size_t room = limits.rows - rows.size();
  if (room == 0) return;
  for (auto& child : reader.children(workspace, parent, room)) {
    if (rows.size() == limits.rows) return;
    const auto id = child.node.id;
    rows.push_back({std::move(child), depth, 0});
    const std::size_t at = rows.size() - 1;
    if (depth < limits.depth) {
      collect(reader, workspace, id, depth + 1, limits, rows);
    } else {
      rows[at].children_left_out = reader.child_count(workspace, id);
    }
  }
}

NodeView make_view(Session& session, replica::Reader& reader, const replica::WorkspaceRow& workspace,
                   const replica::NodeRow& row, DetailLevel level) {
  const auto& node = row.node;
  NodeView view;
  view.id = reader.short_id(workspace, node.id);
  view.kind = model::name_of(node.kind.value);
  view.type = show(node.type.value);
  view.title = show(node.title.value);
  view.is_completed = node.completed.value;
  view.sync = replica::name_of(row.sync);
  if (!node.assignee.value.is_empty()) view.assignee = show(reader.user_name(node.assignee.value));
  if (level == DetailLevel::outline) return view;
  if (!node.is_document_root()) view.parent = reader.short_id(workspace, node.place.value.parent);
  view.content = show(node.content.value);
  for (const auto& tag : node.tags.value) view.tags.push_back(show(tag));
  view.importance = node.importance.value;
  if (!node.context.value.empty()) view.context = show_register(node.context.value);
  view.use_count = node.use_count.value;
  view.author = show(row.author);
  view.reported_by = reported_by(node.created.client, "");
  view.updated_by = show(row.updated_by);
  view.updated_at = base::format_rfc3339(row.updated_at);
  view.age = base::format_age(row.updated_at, session.now());
  return view;
}

void set_if(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

Json relationships_json(const std::vector<RelationshipView>& relationships) {
  Json json = Json::array();
  for (const auto& each : relationships) {
    json.push_back({{"type", each.type},
                    {"direction", each.is_outgoing ? "out" : "in"},
                    {"node", each.node},
                    {"title", each.title}});
  }
  return json;
}

Json node_json(const NodeView& view) {
  Json json = {{"id", view.id}, {"kind", view.kind}, {"title", view.title}, {"sync", view.sync}};
  set_if(json, "document", view.document);
  set_if(json, "workspace", view.workspace);
  set_if(json, "parent", view.parent);
  if (view.depth > 0) json["depth"] = view.depth;
  set_if(json, "type", view.type);
  set_if(json, "content", view.content);
  if (view.content_left_out > 0) json["content_left_out"] = view.content_left_out;
  if (!view.tags.empty()) json["tags"] = view.tags;
  if (view.importance != 0.5) json["importance"] = view.importance;
  if (view.context.is_object()) json["context"] = view.context;
  if (view.kind == "task" || view.is_completed) json["completed"] = view.is_completed;
  set_if(json, "assignee", view.assignee);
  if (view.use_count != 0) json["use_count"] = view.use_count;
  set_if(json, "author", view.author);
  set_if(json, "reported_by", view.reported_by);
  set_if(json, "updated_by", view.updated_by);
  set_if(json, "updated_at", view.updated_at);
  set_if(json, "age", view.age);
  if (view.children_left_out > 0) json["children_left_out"] = view.children_left_out;
  if (!view.relationships.empty()) json["relationships"] = relationships_json(view.relationships);
  for (const auto& comment : view.comments)
    json["comments"].push_back({{"author", comment.author}, {"age", comment.age}, {"text", comment.text}});
  return json;
}

void cut_content(NodeView& view, std::size_t tokens) {
  std::size_t left_out = 0;
  view.content = clip(view.content, tokens * 4, left_out);
  view.content_left_out += left_out;
}

/// Shortens the content until the node fits `tokens`; false when nothing useful would be left.
bool shorten(NodeView& view, std::size_t tokens) {
  const std::size_t whole = count_tokens(node_json(view));
  const std::size_t content = view.content.size() / 4;
  if (content > whole) return false;
  const std::size_t rest = whole - content;
  if (rest + k_min_content_tokens > tokens) return false;
  cut_content(view, tokens - rest);
  return count_tokens(node_json(view)) <= tokens + k_min_content_tokens;
}

/// Appends nodes until the budget is spent; the first always, however short it must be cut.
class Budget {
 public:
  Budget(DocumentView& view, std::size_t tokens) : view_(view), left_(tokens) {}

  /// False when the node did not fit as a whole; it may have been added shortened.
  bool add(NodeView node) {
    const std::size_t cost = count_tokens(node_json(node));
    if (cost <= left_) {
      left_ -= cost;
      view_.nodes.push_back(std::move(node));
      return true;
    }
    const bool is_short = shorten(node, left_);
    if (!is_short && view_.nodes.empty()) cut_content(node, k_min_content_tokens);
    if (is_short || view_.nodes.empty()) view_.nodes.push_back(std::move(node));
    left_ = 0;
    return false;
  }

 private:
  DocumentView& view_;
  std::size_t left_;
};

/// Fills `view.nodes`; false when the rows did not all fit.
bool fill(Session& session, replica::Reader& reader, const replica::WorkspaceRow& workspace,
          const std::vector<TreeRow>& rows, DetailLevel level, std::size_t tokens, DocumentView& view) {
  view.nodes.clear();
  view.level = level;
  Budget budget(view, tokens);
  for (const auto& row : rows) {
    auto node = make_view(session, reader, workspace, row.row, level);
    node.depth = row.depth;
    node.children_left_out = row.children_left_out;
    if (!budget.add(std::move(node))) return false;
  }
  return true;
}

void add_surroundings(Session& session, replica::Reader& reader, const replica::WorkspaceRow& workspace,
                      const replica::NodeRow& row, NodeView& view) {
  view.document = reader.short_id(workspace, row.document);
  view.workspace = show(workspace.name);
  for (const auto& each : reader.relationships(workspace, row.node.id)) {
    const auto& relationship = each.relationship;
    const bool is_outgoing = relationship.from == row.node.id;
    view.relationships.push_back(
        {show(relationship.type),
         reader.short_id(workspace, is_outgoing ? relationship.to : relationship.from),
         show(each.other_title), is_outgoing});
  }
  for (const auto& comment : reader.comments(workspace, row.node.id)) {
    view.comments.push_back({show(reader.user_name(comment.created.author)),
                             base::format_age(comment.stamp.clock.time(), session.now()),
                             show(comment.text)});
  }
  view.children_left_out = reader.child_count(workspace, row.node.id);
}

bool has_cut_content(const DocumentView& view) {
  return view.content_left_out > 0 ||
         std::any_of(view.nodes.begin(), view.nodes.end(),
                     [](const NodeView& node) { return node.content_left_out > 0; });
}

/// How to get what was left out; empty when nothing was.
std::string hint_for(const DocumentView& view) {
  std::vector<std::string> hints;
  if (view.more > 0)
    hints.push_back(fmt::format(
        "{} more nodes: {}, `nodes` for single ones, or a larger token_budget", view.more,
        view.level == DetailLevel::full ? "view outline shows more" : "a smaller depth shows the top"));
  if (view.contents_left_out > 0)
    hints.push_back(
        fmt::format("contents left out of {}: a larger token_budget, or `nodes` [id] for single ones",
                    count_of(view.contents_left_out, "node")));
  if (has_cut_content(view)) hints.emplace_back("content is cut: a larger token_budget shows more of it");
  return fmt::format("{}", fmt::join(hints, "; "));
}

/// How many of the nodes shown have a content.
std::size_t count_contents(const std::vector<TreeRow>& rows, std::size_t shown) {
  const auto end = rows.begin() + static_cast<std::ptrdiff_t>(std::min(shown, rows.size()));
  return static_cast<std::size_t>(std::count_if(
      rows.begin(), end, [](const TreeRow& row) { return !row.row.node.content.value.empty(); }));
}

std::string node_text(const NodeView& view) {
  const std::string indent(view.depth > 0 ? (view.depth - 1) * 2 : 0, ' ');
  const bool is_task = view.kind == "task" || view.is_completed;
  std::string text =
      fmt::format("{}- {}{}  [{}{}{}]", indent, is_task ? (view.is_completed ? "[x] " : "[ ] ") : "",
                  view.title, view.id, view.type.empty() ? "" : ", ", view.type);
  if (!view.author.empty()) text += fmt::format(" by {}, {}", view.author, view.age);
  if (!view.assignee.empty()) text += fmt::format(", assigned to {}", view.assignee);
  if (view.sync != "synced") text += fmt::format(", {}", view.sync);
  text += '\n' + quote(view.content, indent + "  ");
  if (view.content_left_out > 0)
    text += fmt::format("{}  ... {} bytes more\n", indent, view.content_left_out);
  for (const auto& each : view.relationships)
    text += fmt::format("{}  {} {} {} [{}]\n", indent, each.is_outgoing ? "->" : "<-", each.type, each.title,
                        each.node);
  for (const auto& comment : view.comments)
    text += fmt::format("{}  comment by {}, {}:\n{}", indent, comment.author, comment.age,
                        quote(comment.text, indent + "  "));
  if (view.children_left_out > 0)
    text += fmt::format("{}  ... {} below\n", indent, count_of(view.children_left_out, "node"));
  return text;
}

} // namespace

std::string version_of(const replica::WorkspaceRow& workspace) {
  return fmt::format("{}+{}", workspace.cursor.str(), workspace.next_n - 1);
}

base::Result<DocumentView> view_document(Session& session, replica::Reader& reader,
                                         const replica::DocumentRow& document, const ViewOptions& options) {
  const auto workspace = reader.workspace(document.workspace);
  DocumentView view;
  view.document = document;
  view.name = name_document(reader, workspace, document.id);
  view.version = version_of(workspace);
  view.now = session.now();
  std::size_t budget = options.token_budget;
  if (const auto root = reader.find_node(workspace, document.id)) {
    view.strategy = root->node.strategy.value;
    view.content = clip(show(root->node.content.value), budget * 2, view.content_left_out);
    budget -= std::min(budget, view.content.size() / 4);
  }
  std::vector<TreeRow> rows;
  const TreeLimits limits{options.depth, options.token_budget / k_min_row_tokens + 1};
  if (limits.depth > 0) collect(reader, workspace, document.id, 1, limits, rows);
  const auto level = options.level.value_or(DetailLevel::full);
  const bool is_whole = fill(session, reader, workspace, rows, level, budget, view);
  // Of many nodes the outline says most; of a single one it would say less than a cut text.
  if (!is_whole && !options.level && rows.size() > 1) {
    fill(session, reader, workspace, rows, DetailLevel::outline, budget, view);
    view.contents_left_out = count_contents(rows, view.nodes.size());
  }
  view.more = document.nodes > view.nodes.size() ? document.nodes - view.nodes.size() : 0;
  return view;
}

base::Result<DocumentView> view_nodes(Session& session, replica::Reader& reader,
                                      const std::vector<std::string>& names, const ViewOptions& options) {
  DocumentView view;
  view.now = session.now();
  view.level = options.level.value_or(DetailLevel::full);
  Budget budget(view, options.token_budget);
  for (std::size_t i = 0; i < names.size(); ++i) {
    TRY_ASSIGN(const replica::NodeRow row, locate_node(session, reader, names[i]));
    const auto workspace = reader.workspace(row.workspace);
    if (i == 0) view.version = version_of(workspace);
    auto node = make_view(session, reader, workspace, row, view.level);
    add_surroundings(session, reader, workspace, row, node);
    if (budget.add(std::move(node))) continue;
    view.more = names.size() - view.nodes.size();
    break;
  }
  return view;
}

Json to_json(const DocumentView& view) {
  Json json = {{"nodes", Json::array()},
               {"view", view.level == DetailLevel::full ? "full" : "outline"},
               {"version", view.version},
               {"more", view.more},
               {"notice", k_notice}};
  for (const auto& node : view.nodes) json["nodes"].push_back(node_json(node));
  if (const auto hint = hint_for(view); !hint.empty()) json["hint"] = hint;
  if (!view.document) return json;
  Json document = {{"id", view.name.id},
                   {"title", view.name.title},
                   {"workspace", show(view.name.workspace)},
                   {"nodes", view.document->nodes},
                   {"dirty", view.document->is_dirty()},
                   {"pending", view.document->pending},
                   {"conflicts", view.document->conflicts},
                   {"updated_at", base::format_rfc3339(view.document->updated_at)},
                   {"age", base::format_age(view.document->updated_at, view.now)},
                   {"updated_by", show(view.document->updated_by)}};
  set_if(document, "content", view.content);
  if (view.content_left_out > 0) document["content_left_out"] = view.content_left_out;
  if (view.strategy) document["strategy"] = model::name_of(*view.strategy);
  json["document"] = std::move(document);
  return json;
}

std::string to_text(const DocumentView& view) {
  std::string text;
  if (view.document) {
    text = fmt::format("{}  [{}] in {}, {}{}\n{}", view.name.title, view.name.id, show(view.name.workspace),
                       count_of(view.document->nodes, "node"),
                       view.document->is_dirty() ? ", not saved yet" : "", quote(view.content, "  "));
  }
  for (const auto& node : view.nodes) text += node_text(node);
  if (const auto hint = hint_for(view); !hint.empty()) text += hint + "\n";
  return text + fmt::format("version {}. {}\n", view.version, k_notice);
}

} // namespace memsync::agent
