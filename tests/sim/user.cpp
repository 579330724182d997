#include "tests/sim/user.h"

#include <fmt/format.h>

namespace memsync::sim {

using base::Result;
using model::FieldChanges;
using model::NodeId;
using replica::Editor;

bool User::act(const std::function<bool()>& has_fault) {
  const auto& workspaces = world_.workspaces();
  const model::WorkspaceId workspace = workspaces[world_.random().below(workspaces.size())];
  Editor::Context context;
  const std::string session = world_.next_session();
  context.claims = {fmt::format("sim/{}", machine_.index()), session, "project"};
  replica::WriteReceipt written;
  auto done = machine_.replica().edit(workspace, context, [&](Editor& editor) -> Result<> {
    TRY(change(editor));
    written = editor.finish();
    return {};
  });
  if (done || has_fault()) note(written, session, done.has_value());
  if (done || has_fault()) return done.has_value();
  using enum base::ErrorCode;
  const auto code = done.error().code;
  require(code == not_found || code == validation || code == permission || code == too_large,
          "an edit failed: " + done.error().message);
  return true;
}

void User::note(const replica::WriteReceipt& receipt, const std::string& session, bool is_acknowledged) {
  for (const model::Operation& operation : receipt.operations) {
    Acknowledged noted{machine_.index(), receipt.workspace, session, operation.target_node(),
                       operation.fields.use_count.value_or(0)};
    noted.is_waived = !is_acknowledged;
    world_.note(noted);
    world_.trace(fmt::format("machine {} {} {} n={} of {} base={} ({})", machine_.index(),
                             is_acknowledged ? "wrote" : "tried to write", model::name_of(operation.kind),
                             operation.n, operation.target.view(), operation.base.value, session));
  }
}

std::optional<NodeId> User::pick(Editor& editor) {
  auto& nodes = world_.nodes(editor.workspace().id);
  for (int tries = 0; tries < 8 && !nodes.empty(); ++tries) {
    // Mostly the same few nodes, so that people meet.
    const std::size_t among = world_.chance(70) ? std::min<std::size_t>(nodes.size(), 8) : nodes.size();
    const NodeId node = nodes[world_.random().below(among)];
    if (editor.is_visible(editor.workspace(), node)) return node;
  }
  return std::nullopt;
}

Result<> User::change(Editor& editor) {
  const auto node = pick(editor);
  const auto dice = world_.random().below(100);
  if (!node || dice < 22) return create(editor);
  if (dice < 55) return update(editor, *node);
  if (dice < 62) {
    return editor.set_tags(*node, {fmt::format("tag{}", world_.random().below(6)),
                                   fmt::format("tag{}", world_.random().below(6))});
  }
  if (dice < 70) return editor.remove(*node);
  if (dice < 74) {
    auto& nodes = world_.nodes(editor.workspace().id);
    return editor.restore(nodes[world_.random().below(nodes.size())]);
  }
  if (dice < 84) {
    const auto parent = world_.chance(20) ? std::nullopt : pick(editor);
    return editor.move(*node, {parent.value_or(NodeId{}), std::nullopt});
  }
  if (dice < 88) return editor.complete(*node, world_.chance(60));
  const auto other = pick(editor);
  if (dice < 92 && other) {
    TRY(editor.relate(*node, *other, "RELATED_TO"));
    return {};
  }
  TRY(editor.comment(*node, "a remark"));
  return {};
}

Result<> User::create(Editor& editor) {
  const auto parent = world_.chance(25) ? std::nullopt : pick(editor);
  FieldChanges fields;
  fields.title = fmt::format("note {}", world_.random().below(100'000));
  fields.content = model::TextChange{"first line\nsecond line\nthird line\n", {}};
  TRY_ASSIGN(const NodeId id, editor.create(fields, {parent.value_or(NodeId{}), std::nullopt}));
  world_.nodes(editor.workspace().id).push_back(id);
  return {};
}

Result<> User::update(Editor& editor, const NodeId& node) {
  FieldChanges fields;
  const auto dice = world_.random().below(4);
  if (dice == 0) fields.title = fmt::format("title {}", world_.random().below(100'000));
  if (dice == 1) fields.importance = static_cast<double>(world_.random().below(100)) / 100.0;
  if (dice == 2) fields.use_count = 1 + static_cast<std::int64_t>(world_.random().below(5));
  if (dice == 3) fields.type = fmt::format("type{}", world_.random().below(5));
  return editor.update(node, fields);
}

} // namespace memsync::sim
