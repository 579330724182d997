#include "tools/edit_operation.h"

namespace memsync::tools {

namespace {

/// What each kind of operation takes besides `op`; the first `needed` of them must be given.
struct Form {
  std::string_view name;
  std::vector<std::string_view> arguments;
  std::size_t needed = 0;
};

const Form& form_of(EditKind kind) {
  static const std::array<Form, 12> k_forms{{
      {"create", {"title", "content", "type", "tags", "importance", "context", "parent", "after", "ref"}, 1},
      {"update", {"node", "title", "content", "type", "tags", "importance", "context"}, 1},
      {"delete", {"node"}, 1},
      {"restore", {"node"}, 1},
      {"move", {"node", "parent", "after"}, 1},
      {"complete", {"node"}, 1},
      {"reopen", {"node"}, 1},
      {"assign", {"node", "user"}, 2},
      {"relate", {"from", "to", "type"}, 3},
      {"unrelate", {"from", "to", "type"}, 3},
      {"comment", {"node", "text"}, 2},
      {"set_document", {"title", "strategy"}, 0},
  }};
  return k_forms[static_cast<std::size_t>(kind)];
}

std::optional<EditKind> find_kind(std::string_view name) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(EditKind::set_document); ++i)
    if (form_of(static_cast<EditKind>(i)).name == name) return static_cast<EditKind>(i);
  return std::nullopt;
}

base::Result<> check_form(const Form& form, const Json& json) {
  for (const auto& [name, value] : json.items()) {
    if (name == "op") continue;
    if (std::find(form.arguments.begin(), form.arguments.end(), name) == form.arguments.end())
      return base::invalid(
          fmt::format("{} takes no \"{}\"; it takes {}", form.name, name, fmt::join(form.arguments, ", ")));
  }
  for (std::size_t i = 0; i < form.needed; ++i)
    if (!json.contains(form.arguments[i]))
      return base::invalid(fmt::format("{} needs \"{}\"", form.name, form.arguments[i]));
  return {};
}

std::optional<std::string> text(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found == json.end() || !found->is_string() ? std::nullopt : std::optional(found->get<std::string>());
}

template <class T>
FieldEdit<T> edit(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) return {};
  if (found->is_null()) return {true, std::nullopt};
  return {true, found->get<T>()};
}

} // namespace

std::string_view name_of(EditKind kind) { return form_of(kind).name; }

base::Result<EditOperation> parse_edit_operation(const Json& json) {
  const auto kind = find_kind(json.value("op", ""));
  if (!kind) return base::invalid("unknown op");
  TRY(check_form(form_of(*kind), json));
  EditOperation operation;
  operation.kind = *kind;
  operation.ref = text(json, "ref").value_or("");
  operation.node = text(json, "node");
  operation.parent = text(json, "parent");
  operation.after = text(json, "after");
  operation.from = text(json, "from");
  operation.to = text(json, "to");
  operation.text = text(json, "text");
  operation.title = text(json, "title");
  operation.content = edit<std::string>(json, "content");
  operation.type = edit<std::string>(json, "type");
  operation.user = edit<std::string>(json, "user");
  operation.tags = edit<std::vector<std::string>>(json, "tags");
  operation.importance = edit<double>(json, "importance");
  if (const auto context = json.find("context"); context != json.end())
    operation.context = {true, context->is_null() ? std::nullopt : std::optional(base::dump_json(*context))};
  if (const auto strategy = json.find("strategy"); strategy != json.end())
    operation.strategy = {true, strategy->is_null()
                                    ? std::nullopt
                                    : model::find_by_name<model::Strategy>(strategy->get<std::string>())};
  if (*kind == EditKind::update && json.size() < 3) return base::invalid("update names no field to change");
  if (*kind == EditKind::set_document && json.size() < 2)
    return base::invalid("set_document needs title or strategy");
  if ((*kind == EditKind::relate || *kind == EditKind::unrelate) && !operation.type.value)
    return base::invalid(fmt::format("{} needs \"type\"", name_of(*kind)));
  return operation;
}

model::NodeKind kind_of_type(std::string_view type) {
  if (type == "task") return model::NodeKind::task;
  if (type == "note") return model::NodeKind::note;
  return model::NodeKind::memory;
}

model::FieldChanges field_changes(const EditOperation& operation) {
  model::FieldChanges fields;
  fields.title = operation.title;
  if (operation.content.is_given)
    fields.content = model::TextChange{operation.content.value.value_or(""), {}};
  if (operation.type.is_given) {
    fields.type = operation.type.value.value_or("");
    const auto kind = kind_of_type(*fields.type);
    // A new type says what a node is only when it names a kind: a task of type "bug" stays a task.
    if (operation.kind == EditKind::create || kind != model::NodeKind::memory) fields.kind = kind;
  }
  if (operation.importance.is_given) fields.importance = operation.importance.value.value_or(0.5);
  if (operation.context.is_given) fields.context = operation.context.value.value_or("");
  if (operation.strategy.is_given) fields.strategy = operation.strategy.value;
  if (operation.kind == EditKind::create && operation.tags.value)
    fields.tags = model::SetChange{*operation.tags.value, {}};
  return fields;
}

} // namespace memsync::tools
