#include "tools/compensate.h"

#include "model/register_text.h"

namespace memsync::tools {

namespace {

using model::Field;
using model::NodeId;
using model::StepBack;
using replica::Editor;

// Siblings looked at to find the place a node is moved back to.
constexpr std::size_t k_siblings = 5'000;

/// The sibling that a node with this key would follow; none: it would be the first.
std::optional<NodeId> sibling_before(Editor& editor, const NodeId& node, const model::Place& place) {
  std::optional<NodeId> before;
  for (const auto& sibling : editor.children(editor.workspace(), place.parent, k_siblings)) {
    if (sibling.node.id == node) continue;
    if (sibling.node.place.value.key >= place.key) break;
    before = sibling.node.id;
  }
  return before;
}

/// Writes the register's old value as the ordinary operation for it; its name.
base::Result<std::string> restore_register(Editor& editor, const model::Node& current, Field field,
                                           const model::Node& wanted) {
  const NodeId id = current.id;
  model::FieldChanges fields;
  switch (field) {
    case Field::kind: fields.kind = wanted.kind.value; break;
    case Field::type: fields.type = wanted.type.value; break;
    case Field::title: fields.title = wanted.title.value; break;
    case Field::content: fields.content = model::TextChange{wanted.content.value, {}}; break;
    case Field::importance: fields.importance = wanted.importance.value; break;
    case Field::context: fields.context = wanted.context.value; break;
    case Field::use_count: fields.use_count = wanted.use_count.value - current.use_count.value; break;
    case Field::strategy: fields.strategy = wanted.strategy.value; break;
    case Field::tags: {
      TRY(editor.set_tags(id, wanted.tags.value));
      return std::string("update");
    }
    case Field::completed: {
      TRY(editor.complete(id, wanted.completed.value));
      return std::string(wanted.completed.value ? "complete" : "reopen");
    }
    case Field::assignee: {
      TRY(editor.assign(id, wanted.assignee.value));
      return std::string("assign");
    }
    case Field::place: {
      TRY(editor.move(id, {wanted.place.value.parent, sibling_before(editor, id, wanted.place.value)}));
      return std::string("move");
    }
    case Field::deleted: {
      if (wanted.deleted.value) {
        TRY(editor.remove(id));
        return std::string("delete");
      }
      TRY(editor.restore(id));
      return std::string("restore");
    }
  }
  TRY(editor.update(id, fields));
  return std::string("update");
}

base::Result<UndoneStep> take_back_register(Editor& editor, const StepBack& step) {
  const auto row = editor.find_node(editor.workspace(), step.node);
  if (!row) return UndoneStep{false, "", model::k_node_is_missing};
  const std::string current = model::register_text(row->node, step.field);
  if (model::is_restored(step, current)) return UndoneStep{};
  const auto value = model::value_to_restore(step, current);
  if (!value) return UndoneStep{false, "", model::k_changed_again};
  if (current == *value) return UndoneStep{};
  model::Node wanted = row->node;
  if (!model::set_register_text(wanted, step.field, *value))
    return UndoneStep{false, "", model::k_value_is_unknown};
  TRY_ASSIGN(std::string op, restore_register(editor, row->node, step.field, wanted));
  return UndoneStep{true, std::move(op), ""};
}

/// Whether the node, all below it and what is said there are of one author.
bool is_subtree_by(Editor& editor, const model::Node& node, const model::UserId& author) {
  if (!model::is_all_by(node, author)) return false;
  for (const model::Comment& comment : editor.comments(editor.workspace(), node.id))
    if (comment.created.author != author) return false;
  for (const auto& child : editor.children(editor.workspace(), node.id, model::limits::k_document_nodes))
    if (!is_subtree_by(editor, child.node, author)) return false;
  return true;
}

base::Result<UndoneStep> remove_created(Editor& editor, const StepBack& step) {
  const auto row = editor.find_node(editor.workspace(), step.node);
  if (!row || !editor.is_visible(editor.workspace(), step.node)) return UndoneStep{};
  const bool is_theirs = is_subtree_by(editor, row->node, row->node.created.author);
  if (!step.is_forced && !is_theirs) return UndoneStep{false, "", model::k_changed_by_others};
  TRY(editor.remove(step.node));
  return UndoneStep{true, "delete", ""};
}

/// Nothing to do when it is gone, or was made again since.
base::Result<UndoneStep> remove_relationship(Editor& editor, const StepBack& step) {
  for (const auto& [edge, title] : editor.relationships(editor.workspace(), step.node)) {
    if (edge.stamp.sequence != step.sequence) continue;
    TRY(editor.unrelate(edge.from, edge.to, edge.type));
    return UndoneStep{true, "unrelate", ""};
  }
  return UndoneStep{};
}

} // namespace

base::Result<UndoneStep> take_back(Editor& editor, const StepBack& step) {
  const auto take = [&] {
    switch (step.kind) {
      case StepBack::Kind::set_register: return take_back_register(editor, step);
      case StepBack::Kind::remove_node: return remove_created(editor, step);
      case StepBack::Kind::unrelate: return remove_relationship(editor, step);
    }
    return base::Result<UndoneStep>(UndoneStep{});
  };
  auto undone = take();
  if (undone) return undone;
  // What others tidied up already, or what does not fit any more, is no reason to leave the rest.
  switch (undone.error().code) {
    case base::ErrorCode::not_found:
    case base::ErrorCode::validation:
    case base::ErrorCode::stale:
    case base::ErrorCode::too_large: return UndoneStep{false, "", undone.error().message};
    default: return undone;
  }
}

} // namespace memsync::tools
