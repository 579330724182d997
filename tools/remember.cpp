#include "tools/remember.h"

#include "agent/status.h"
#include "tools/edit_operation.h"
#include "tools/recorded_call.h"

namespace memsync::tools {

namespace {

using model::NodeId;
using replica::Editor;

// Offline twins of a project's document are one, also outside any project.
constexpr std::string_view k_inbox = "inbox";
constexpr std::string_view k_inbox_title = "Inbox";

struct RememberTarget {
  model::WorkspaceId workspace;
  std::optional<model::DocumentId> document; // none: by title or project
};

/// An id or prefix names a document wherever it is; a title one of the current workspace, or a new one.
base::Result<RememberTarget> find_target(Session& session, replica::Reader& reader,
                                         const RememberArguments& arguments) {
  TRY_ASSIGN(const auto current, session.choose_workspace(reader, std::nullopt));
  if (!arguments.document) return RememberTarget{current.workspace.id, std::nullopt};
  auto here = reader.resolve_document(current.workspace, *arguments.document);
  if (here) return RememberTarget{current.workspace.id, here->id};
  if (here.error().code != base::ErrorCode::not_found) return std::move(here).error();
  if (agent::is_id_like(*arguments.document)) {
    if (const auto elsewhere = agent::locate_document(session, reader, *arguments.document))
      return RememberTarget{elsewhere->workspace, elsewhere->id};
    // A short word may be a new title; a whole id is the id of something that is gone.
    if (model::NodeId::parse(*arguments.document)) return std::move(here).error();
  }
  return RememberTarget{current.workspace.id, std::nullopt};
}

base::Result<model::DocumentId> ensure_document(Session& session, Editor& editor,
                                                const RememberTarget& target,
                                                const RememberArguments& arguments) {
  if (target.document) return *target.document;
  if (arguments.document) return editor.ensure_document(*arguments.document);
  if (const auto& project = session.project())
    return editor.ensure_project_document(project->identity, project->name);
  return editor.ensure_project_document(k_inbox, k_inbox_title);
}

model::FieldChanges fields_of(const RememberArguments& arguments) {
  model::FieldChanges fields;
  fields.kind = kind_of_type(arguments.type);
  fields.title = arguments.title;
  fields.content = model::TextChange{arguments.content, {}};
  if (!arguments.type.empty()) fields.type = arguments.type;
  if (!arguments.tags.empty()) fields.tags = model::SetChange{arguments.tags, {}};
  fields.importance = arguments.importance;
  fields.context = arguments.context;
  return fields;
}

base::Result<> relate_all(Editor& editor, const NodeId& id, const std::vector<std::string>& names,
                          std::string_view argument, std::string_view type, RememberResult& result) {
  for (const auto& name : names) {
    auto other = editor.resolve_node(editor.workspace(), name);
    if (!other)
      return base::Error{other.error().code, fmt::format("{}: {}", argument, other.error().message)};
    if (other->node.id == id) continue;
    TRY(editor.relate(id, other->node.id, type));
    result.relationships.push_back({std::string(type), editor.short_id(editor.workspace(), other->node.id),
                                    agent::show(other->node.title.value)});
  }
  return {};
}

base::Result<RememberResult> write(Session& session, Editor& editor, const RememberTarget& target,
                                   const RememberArguments& arguments) {
  const auto& workspace = editor.workspace();
  RememberResult result;
  const auto similar = editor.similar(workspace, arguments.title, arguments.content);
  result.similar = name_similar(editor, workspace, similar);
  const auto twin =
      std::find_if(similar.begin(), similar.end(), [](const auto& node) { return node.is_exact; });
  NodeId id;
  model::DocumentId document;
  if (twin != similar.end()) {
    result.is_new = false;
    id = twin->id;
    const auto row = editor.find_node(workspace, id);
    document = row ? row->document : id;
  } else {
    TRY_ASSIGN(document, ensure_document(session, editor, target, arguments));
    TRY_ASSIGN(id, editor.create(fields_of(arguments), {document, std::nullopt}));
    TRY(relate_all(editor, id, arguments.related, "related", "RELATED_TO", result));
    TRY(relate_all(editor, id, arguments.supersedes, "supersedes", "SUPERSEDES", result));
  }
  result.id = editor.short_id(workspace, id);
  result.document = agent::name_document(editor, workspace, document);
  result.pending = editor.pending_count(workspace);
  result.message = agent::describe_pending(session, editor, workspace, result.pending);
  if (!result.is_new) {
    result.message = "The same memory existed already; nothing was written.";
  } else if (!result.similar.empty()) {
    result.message += " Similar memories exist: update one of them or link them if they say the same.";
  }
  result.version = editor.finish().version;
  return result;
}

} // namespace

base::Result<RememberArguments> RememberArguments::parse(const Arguments& in) {
  RememberArguments arguments;
  arguments.title = in.text("title").value_or("");
  arguments.content = in.text("content").value_or("");
  arguments.type = in.text("type").value_or("");
  arguments.tags = in.texts("tags");
  arguments.importance = in.real("importance");
  arguments.context = in.object("context");
  arguments.document = in.text("document");
  arguments.related = in.texts("related");
  arguments.supersedes = in.texts("supersedes");
  arguments.strategy = in.choice<model::Strategy>("strategy");
  return arguments;
}

base::Result<RememberResult> remember(Session& session, const RememberArguments& arguments) {
  TRY_ASSIGN(const RememberTarget target, session.replica().read([&](replica::Reader& reader) {
    return find_target(session, reader, arguments);
  }));
  return edit_and_keep(session, target.workspace, arguments.strategy, std::nullopt,
                       [&](Editor& editor) { return write(session, editor, target, arguments); });
}

mcp::ToolResult render(const RememberResult& result) {
  Json json = {{"id", result.id},
               {"created", result.is_new},
               {"document", to_json(result.document)},
               {"similar", to_json_list(result.similar)},
               {"version", result.version},
               {"pending", result.pending},
               {"message", result.message}};
  std::string text =
      fmt::format("{} [{}] in \"{}\" ({}). {}\n", result.is_new ? "Remembered" : "Known", result.id,
                  result.document.title, agent::show(result.document.workspace), result.message);
  for (const auto& made : result.relationships) {
    json["relationships"].push_back({{"type", made.type}, {"node", made.node}, {"title", made.title}});
    text += fmt::format("{} {} [{}]\n", made.type, made.title, made.node);
  }
  for (const auto& similar : result.similar)
    text += fmt::format("similar: {} [{}]\n", similar.title, similar.id);
  return {std::move(json), std::move(text), {}, false};
}

} // namespace memsync::tools
