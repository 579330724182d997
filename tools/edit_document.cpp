#include "tools/edit_document.h"

#include "agent/status.h"
#include "tools/recorded_call.h"

namespace memsync::tools {

namespace {

using model::NodeId;
using replica::Editor;

// Looking for near twins costs a search each; a big tree is built on purpose.
constexpr std::size_t k_similar_checked = 10;
// Created items up to which the answer repeats their titles.
constexpr std::size_t k_titled = 100;

base::Error in_operation(std::size_t index, const EditOperation& operation, base::Error error) {
  error.message = fmt::format("operations[{}] ({}): {}", index, name_of(operation.kind), error.message);
  return error;
}

/// Applies the operations of one call.
class Application {
 public:
  Application(Editor& editor, const std::optional<NodeId>& document, EditResult& result)
      : editor_(editor), document_(document), result_(result) {}

  base::Result<> apply(std::size_t index, const EditOperation& operation) {
    switch (operation.kind) {
      case EditKind::create: return create(index, operation);
      case EditKind::update: return update(operation);
      case EditKind::move: return move(operation);
      case EditKind::assign: return assign(operation);
      case EditKind::comment: return comment(index, operation);
      case EditKind::set_document: return set_document(operation);
      case EditKind::relate: return relate(index, operation);
      case EditKind::unrelate: {
        TRY_ASSIGN(const NodeId from, find(*operation.from));
        TRY_ASSIGN(const NodeId to, find(*operation.to));
        return editor_.unrelate(from, to, *operation.type.value);
      }
      case EditKind::restore: {
        TRY_ASSIGN(const auto row, editor_.resolve_node(editor_.workspace(), *operation.node,
                                                        replica::Reader::Deleted::included));
        return editor_.restore(touch(row.node.id));
      }
      case EditKind::remove:
      case EditKind::complete:
      case EditKind::reopen: break;
    }
    TRY_ASSIGN(const NodeId node, find(*operation.node));
    if (operation.kind == EditKind::remove) return editor_.remove(node);
    return editor_.complete(node, operation.kind == EditKind::complete);
  }

  /// The first node that was named, for calls without a document.
  const std::optional<NodeId>& touched() const { return touched_; }

 private:
  NodeId touch(const NodeId& id) {
    if (!touched_) touched_ = id;
    return id;
  }

  base::Result<NodeId> find(const std::string& name) {
    if (const auto created = refs_.find(name); created != refs_.end()) return touch(created->second);
    TRY_ASSIGN(const auto row, editor_.resolve_node(editor_.workspace(), name));
    return touch(row.node.id);
  }

  base::Result<replica::Position> position(const EditOperation& operation) {
    replica::Position position;
    if (operation.after) {
      TRY_ASSIGN(position.after, find(*operation.after));
      if (const auto sibling = editor_.find_node(editor_.workspace(), *position.after))
        position.parent = sibling->node.place.value.parent;
    }
    if (operation.parent) {
      TRY_ASSIGN(position.parent, find(*operation.parent));
    } else if (!operation.after && document_) {
      position.parent = *document_;
    }
    if (position.parent.is_empty()) return base::invalid("name a parent, or a `document` for the whole call");
    return position;
  }

  base::Result<> create(std::size_t index, const EditOperation& operation) {
    if (!operation.ref.empty() && refs_.count(operation.ref) > 0)
      return base::invalid(fmt::format("ref \"{}\" names two nodes", operation.ref));
    TRY_ASSIGN(const auto place, position(operation));
    if (index < k_similar_checked) {
      const auto found =
          editor_.similar(editor_.workspace(), *operation.title, operation.content.value.value_or(""));
      for (auto& similar : name_similar(editor_, editor_.workspace(), found))
        result_.similar.push_back({index, std::move(similar)});
    }
    TRY_ASSIGN(const NodeId id, editor_.create(field_changes(operation), place));
    if (!operation.ref.empty()) refs_[operation.ref] = id;
    touch(id);
    result_.created.push_back({editor_.short_id(editor_.workspace(), id), "create", index, operation.ref,
                               agent::show(*operation.title)});
    return {};
  }

  base::Result<> update(const EditOperation& operation) {
    TRY_ASSIGN(const NodeId node, find(*operation.node));
    const auto fields = field_changes(operation);
    if (!fields.fields().empty()) TRY(editor_.update(node, fields));
    if (operation.tags.is_given)
      TRY(editor_.set_tags(node, operation.tags.value.value_or(std::vector<std::string>())));
    return {};
  }

  base::Result<> move(const EditOperation& operation) {
    TRY_ASSIGN(const NodeId node, find(*operation.node));
    TRY_ASSIGN(const auto place, position(operation));
    return editor_.move(node, place);
  }

  base::Result<> assign(const EditOperation& operation) {
    TRY_ASSIGN(const NodeId node, find(*operation.node));
    if (!operation.user.value) return editor_.assign(node, model::UserId{});
    const std::string& name = *operation.user.value;
    if (name == "me") {
      const auto user = editor_.account().user;
      if (user.is_empty()) return base::invalid("user: this machine has no account yet, so \"me\" is nobody");
      return editor_.assign(node, user);
    }
    TRY_ASSIGN(const auto member, editor_.resolve_member(editor_.workspace(), name));
    return editor_.assign(node, member.user);
  }

  base::Result<> relate(std::size_t index, const EditOperation& operation) {
    TRY_ASSIGN(const NodeId from, find(*operation.from));
    TRY_ASSIGN(const NodeId to, find(*operation.to));
    TRY_ASSIGN(const auto id, editor_.relate(from, to, *operation.type.value));
    result_.created.push_back({short_of(id), "relate", index, "", ""});
    return {};
  }

  base::Result<> comment(std::size_t index, const EditOperation& operation) {
    TRY_ASSIGN(const NodeId node, find(*operation.node));
    TRY_ASSIGN(const auto id, editor_.comment(node, *operation.text));
    result_.created.push_back({short_of(id), "comment", index, "", ""});
    return {};
  }

  base::Result<> set_document(const EditOperation& operation) {
    if (!document_) return base::invalid("set_document needs `document` or `title`");
    return editor_.update(*document_, field_changes(operation));
  }

  Editor& editor_;
  const std::optional<NodeId> document_;
  EditResult& result_;
  std::map<std::string, NodeId> refs_;
  std::optional<NodeId> touched_;
};

/// The first node that an operation names and that must exist already.
std::optional<std::string> first_existing_node(const std::vector<EditOperation>& operations) {
  for (const auto& operation : operations)
    for (const auto* name : {&operation.node, &operation.from, &operation.parent, &operation.after})
      if (*name) return *name;
  return std::nullopt;
}

struct EditTarget {
  model::WorkspaceId workspace;
  std::optional<NodeId> document; // none: to be made, or implied by the nodes
};

base::Result<EditTarget> find_target(Session& session, replica::Reader& reader,
                                     const EditArguments& arguments) {
  if (arguments.document) {
    TRY_ASSIGN(const auto document, agent::locate_document(session, reader, *arguments.document));
    return EditTarget{document.workspace, document.id};
  }
  if (!arguments.title) {
    const auto name = first_existing_node(arguments.operations);
    if (!name) return base::invalid("document: name one, or give `title` to make a new one");
    TRY_ASSIGN(const auto node,
               agent::locate_node(session, reader, *name, replica::Reader::Deleted::included));
    return EditTarget{node.workspace, std::nullopt};
  }
  TRY_ASSIGN(const auto current, session.choose_workspace(reader, std::nullopt));
  return EditTarget{current.workspace.id, std::nullopt};
}

base::Result<EditResult> apply_all(Session& session, Editor& editor, EditTarget target,
                                   const EditArguments& arguments) {
  const auto& workspace = editor.workspace();
  if (arguments.title && !target.document) {
    TRY_ASSIGN(target.document, editor.ensure_document(*arguments.title));
  }
  EditResult result;
  Application application(editor, target.document, result);
  for (std::size_t i = 0; i < arguments.operations.size(); ++i) {
    auto applied = application.apply(i, arguments.operations[i]);
    if (!applied) return in_operation(i, arguments.operations[i], std::move(applied).error());
  }
  result.applied = arguments.operations.size();
  auto document = target.document;
  if (!document && application.touched()) {
    const auto row = editor.find_node(workspace, *application.touched());
    document = row ? row->document : *application.touched();
  }
  if (document) {
    result.document = agent::name_document(editor, workspace, *document);
    result.conflicts = list_conflicts(editor, {workspace}, document, k_room_beside, session.now());
  }
  result.pending = editor.pending_count(workspace);
  result.message = agent::describe_pending(session, editor, workspace, result.pending);
  result.version = editor.finish().version;
  return result;
}

} // namespace

base::Result<EditArguments> EditArguments::parse(const Arguments& in) {
  EditArguments arguments;
  arguments.document = in.text("document");
  arguments.title = in.text("title");
  if (arguments.document && arguments.title)
    return base::invalid("give `document` or `title`; {op: set_document, title} renames a document");
  const Json& operations = *in.find("operations");
  for (std::size_t i = 0; i < operations.size(); ++i) {
    auto operation = parse_edit_operation(operations[i]);
    if (!operation) return base::invalid(fmt::format("operations[{}]: {}", i, operation.error().message));
    arguments.operations.push_back(*std::move(operation));
  }
  arguments.base_version = in.text("base_version");
  arguments.strategy = in.choice<model::Strategy>("strategy");
  return arguments;
}

base::Result<EditResult> edit_document(Session& session, const EditArguments& arguments) {
  TRY_ASSIGN(const EditTarget target, session.replica().read([&](replica::Reader& reader) {
    return find_target(session, reader, arguments);
  }));
  return edit_and_keep(session, target.workspace, arguments.strategy, arguments.base_version,
                       [&](Editor& editor) { return apply_all(session, editor, target, arguments); });
}

mcp::ToolResult render(const EditResult& result) {
  // The caller knows the titles it gave; in a long answer they would cost more than they say.
  const bool has_titles = result.created.size() <= k_titled;
  Json json = {{"document", to_json(result.document)},
               {"created", Json::array()},
               {"applied", result.applied},
               {"similar", Json::array()},
               {"version", result.version},
               {"pending", result.pending},
               {"message", result.message}};
  std::string text = fmt::format("{} in \"{}\" [{}]. {}\n", agent::count_of(result.applied, "operation"),
                                 result.document.title, result.document.id, result.message);
  for (const auto& item : result.created) {
    Json created = {{"id", item.id}, {"op", item.op}, {"index", item.index}};
    set_if(created, "ref", item.ref);
    if (has_titles) set_if(created, "title", item.title);
    json["created"].push_back(std::move(created));
    text += fmt::format("- {} {} {}\n", item.op, item.id, item.title);
  }
  for (const auto& [index, similar] : result.similar) {
    Json row = to_json(similar);
    row["index"] = index;
    json["similar"].push_back(std::move(row));
    text += fmt::format("similar to operations[{}]: {} [{}]\n", index, similar.title, similar.id);
  }
  add_conflicts(json, result.conflicts);
  text += to_text(result.conflicts);
  return {std::move(json), std::move(text), {}, false};
}

} // namespace memsync::tools
