#include "tools/compensate.h"

#include <map>
#include <set>

#include "model/register_text.h"

namespace memsync::tools {

namespace {

using model::Field;
using model::NodeId;
using replica::ChangeRow;
using replica::Editor;

// Siblings looked at to find the place a node is moved back to.
constexpr std::size_t k_siblings = 5'000;

/// The order in which registers go back: a node must be visible first, and in its place.
int rank(const StepBack& step) {
  if (step.kind != StepBack::Kind::set_register) return 3;
  if (step.field == Field::deleted) return 0;
  return step.field == Field::place ? 1 : 2;
}

/// A new or removed edge has no field; its stamp tells which one the change made.
std::optional<StepBack> find_edge(replica::Reader& reader, const replica::WorkspaceRow& workspace,
                                  const ChangeRow& row) {
  for (const auto& each : reader.relationships(workspace, row.node)) {
    if (each.relationship.stamp.sequence != row.sequence) continue;
    StepBack step;
    step.kind = StepBack::Kind::unrelate;
    step.node = row.node;
    step.title = row.title;
    step.relationship = each.relationship;
    return step;
  }
  return std::nullopt;
}

std::string default_text(Field field) { return model::register_text(model::Node{}, field); }

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
  if (!row) return UndoneStep{false, "", "the node is not here"};
  const auto current = model::register_text(row->node, step.field);
  if (current == step.value) return UndoneStep{};
  if (!step.unless_changed_from.empty() && current != step.unless_changed_from)
    return UndoneStep{false, "", "changed again since; set it with edit_document if it should go back, too"};
  model::Node wanted = row->node;
  if (!model::set_register_text(wanted, step.field, step.value))
    return UndoneStep{false, "", "the old value is not known"};
  TRY_ASSIGN(std::string op, restore_register(editor, row->node, step.field, wanted));
  return UndoneStep{true, std::move(op), ""};
}

base::Result<UndoneStep> remove_created(Editor& editor, const StepBack& step) {
  if (!editor.is_visible(editor.workspace(), step.node)) return UndoneStep{};
  const auto row = editor.find_node(editor.workspace(), step.node);
  if (row && !step.author.empty() && row->updated_by != step.author)
    return UndoneStep{false, "",
                      "somebody else changed it since; delete it with edit_document if it should go"};
  TRY(editor.remove(step.node));
  return UndoneStep{true, "delete", ""};
}

} // namespace

Plan plan_compensation(replica::Reader& reader, const replica::WorkspaceRow& workspace,
                       const std::vector<ChangeRow>& rows, bool is_forced) {
  Plan plan;
  std::set<NodeId> created;
  std::map<std::pair<NodeId, Field>, StepBack> registers;
  for (const auto& row : rows) {
    if (row.status == model::Status::rejected || row.lost) continue;
    if (row.field) {
      const auto [entry, is_newest] = registers.try_emplace({row.node, *row.field});
      auto& step = entry->second;
      step.node = row.node;
      step.title = row.title;
      step.field = *row.field;
      step.value = row.old_value.value_or(default_text(*row.field));
      if (is_newest && !is_forced) step.unless_changed_from = row.new_value.value_or("");
    } else if (row.kind == model::OperationKind::create) {
      created.insert(row.node);
      StepBack step;
      step.kind = StepBack::Kind::remove_node;
      step.node = row.node;
      step.title = row.title;
      if (!is_forced) step.author = row.author;
      plan.steps.push_back(std::move(step));
    } else if (row.kind == model::OperationKind::relate) {
      if (auto step = find_edge(reader, workspace, row)) plan.steps.push_back(*std::move(step));
    } else if (row.kind == model::OperationKind::unrelate) {
      plan.impossible.emplace_back(row, "link the nodes again with edit_document relate");
    } else if (row.kind == model::OperationKind::comment) {
      plan.impossible.emplace_back(row, "comments are never taken back");
    }
  }
  for (auto& [key, step] : registers)
    if (created.count(key.first) == 0) plan.steps.push_back(std::move(step));
  std::stable_sort(plan.steps.begin(), plan.steps.end(),
                   [](const StepBack& a, const StepBack& b) { return rank(a) < rank(b); });
  return plan;
}

base::Result<UndoneStep> take_back(Editor& editor, const StepBack& step) {
  switch (step.kind) {
    case StepBack::Kind::set_register: return take_back_register(editor, step);
    case StepBack::Kind::remove_node: return remove_created(editor, step);
    case StepBack::Kind::unrelate:
      TRY(editor.unrelate(step.relationship.from, step.relationship.to, step.relationship.type));
      return UndoneStep{true, "unrelate", ""};
  }
  return UndoneStep{};
}

} // namespace memsync::tools
