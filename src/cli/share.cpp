#include "cli/share.h"

#include <set>

#include "agent/display.h"
#include "agent/locate.h"

namespace memsync::cli {

using base::Error;
using base::ErrorCode;
using model::NodeId;

namespace {

constexpr std::size_t k_max_nodes = 100'000; // of a document

/// Everything of a document, parents before children, as it is now.
struct Original {
  replica::WorkspaceRow workspace;
  replica::DocumentRow document;
  std::vector<replica::NodeRow> nodes; // the root first
  std::vector<model::Relationship> relationships;
  std::vector<std::pair<NodeId, std::string>> comments;
};

Result<Original> read_original(agent::Session& session, const std::string& name) {
  return session.read([&](replica::Reader& reader) -> Result<Original> {
    Original original;
    TRY_ASSIGN(original.document, agent::locate_document(session, reader, name));
    original.workspace = reader.workspace(original.document.workspace);
    auto root = reader.find_node(original.workspace, original.document.id);
    if (!root) return Error{ErrorCode::not_found, "the document was deleted meanwhile"};
    original.nodes.push_back(*std::move(root));
    for (std::size_t i = 0; i < original.nodes.size(); ++i) { // breadth first: the vector grows
      const NodeId id = original.nodes[i].node.id;
      for (auto& child : reader.children(original.workspace, id, k_max_nodes))
        original.nodes.push_back(std::move(child));
      for (const model::Comment& comment : reader.comments(original.workspace, id))
        original.comments.emplace_back(
            id, fmt::format("{} wrote: {}", reader.user_name(comment.created.author), comment.text));
    }
    std::set<NodeId> inside;
    for (const auto& row : original.nodes) inside.insert(row.node.id);
    for (const auto& row : original.nodes)
      for (const auto& edge : reader.relationships(original.workspace, row.node.id))
        if (edge.relationship.from == row.node.id && inside.contains(edge.relationship.to))
          original.relationships.push_back(edge.relationship);
    return original;
  });
}

/// The node's registers, with where it came from in its context.
model::FieldChanges copied(const replica::NodeRow& row, const replica::WorkspaceRow& from) {
  const model::Node& node = row.node;
  model::FieldChanges fields;
  fields.kind = node.kind.value;
  if (!node.type.value.empty()) fields.type = node.type.value;
  fields.title = node.title.value;
  if (!node.content.value.empty()) fields.content = model::TextChange{node.content.value, {}};
  if (!node.tags.value.empty()) fields.tags = model::SetChange{node.tags.value, {}};
  fields.importance = node.importance.value;
  if (node.completed.value) fields.completed = true;
  auto parsed = base::parse_json(node.context.value.empty() ? "{}" : node.context.value);
  Json context = parsed && parsed->is_object() ? *std::move(parsed) : Json::object();
  Json origin = {{"node", node.id.view()},
                 {"workspace", from.id.view()},
                 {"author", row.author},
                 {"created_at", base::format_rfc3339(row.created_at)}};
  if (!node.created.client.empty()) origin["client"] = node.created.client;
  if (!node.created.session.empty()) origin["session"] = node.created.session;
  context["copied_from"] = std::move(origin);
  fields.context = base::dump_json(context);
  return fields;
}

Result<std::size_t> write_copy(replica::Editor& editor, const Original& original) {
  std::map<NodeId, NodeId> copies;
  for (const replica::NodeRow& row : original.nodes) {
    replica::Position position;
    const bool is_root = row.node.id == original.document.id;
    if (!is_root) position.parent = copies.at(row.node.place.value.parent);
    TRY_ASSIGN(const NodeId copy, editor.create(copied(row, original.workspace), position));
    copies[row.node.id] = copy;
  }
  for (const model::Relationship& edge : original.relationships)
    TRY(editor.relate(copies.at(edge.from), copies.at(edge.to), edge.type));
  for (const auto& [node, text] : original.comments) TRY(editor.comment(copies.at(node), text));
  return copies.size();
}

Result<replica::WorkspaceRow> find_target(agent::Session& session, const std::string& name) {
  return session.read([&](replica::Reader& reader) -> Result<replica::WorkspaceRow> {
    if (!name.empty()) return reader.resolve_workspace(name);
    std::vector<replica::WorkspaceRow> teams = reader.workspaces();
    std::erase_if(teams, [](const replica::WorkspaceRow& row) {
      return row.kind != model::WorkspaceKind::team || !row.is_known_to_hub;
    });
    if (teams.size() == 1) return teams.front();
    return Error{ErrorCode::validation, "to which workspace? Name it with --to; `memsync status` lists them"};
  });
}

} // namespace

Result<> run_share(const Context& context, const ShareOptions& options) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  agent::Session& session = bench->session;
  TRY_ASSIGN(const Original original, read_original(session, options.document));
  TRY_ASSIGN(const replica::WorkspaceRow target, find_target(session, options.to));
  if (target.id == original.workspace.id)
    return Error{ErrorCode::validation,
                 fmt::format("\"{}\" is in {} already", agent::show(original.document.title),
                             agent::show(target.name))};
  replica::Editor::Context editing;
  editing.claims = session.claims();
  editing.alone = true; // a document may have more nodes than a transaction of the hub takes
  TRY_ASSIGN(const auto copy,
             bench->replica.edit(target.id, editing, [&](replica::Editor& editor) -> Result<std::size_t> {
               return write_copy(editor, original);
             }));
  session.sync().local_commit();
  const std::size_t notes = copy - 1;
  context.show(
      Json{{"document", original.document.title}, {"workspace", target.name}, {"nodes", notes}},
      context.in(Style::green,
                 fmt::format("Copied \"{}\" with {} to {}.", agent::show(original.document.title),
                             agent::count_of(notes, "note"), agent::show(target.name))) +
          "\nThe original stays where it is. `memsync sync` sends the copy now if no agent is running.\n");
  return {};
}

} // namespace memsync::cli
