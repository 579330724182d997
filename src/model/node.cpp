#include "model/node.h"

namespace memsync::model {

Sequence edited_at(const Node& node) { return std::max(node.edits.last, node.place.stamp.sequence); }

const Stamp& newest_stamp(const Node& node) {
  const Stamp* newest = &node.created_at;
  for_each_register(node, [&](Field, const auto& reg) {
    if (reg.stamp.sequence > newest->sequence) newest = &reg.stamp;
  });
  return *newest;
}

NodeEffect whole(const Node& node) { return {node, FieldSet::all(), true}; }

namespace {

template <class T>
void install_register(Register<T>& mine, const Register<T>& theirs) {
  if (theirs.stamp.sequence > mine.stamp.sequence) mine = theirs;
}

} // namespace

void install(Node& node, const NodeEffect& effect) {
  const Node& from = effect.node;
  if (effect.is_new && node.id.is_empty()) {
    node.id = from.id;
    node.created = from.created;
    node.created_at = from.created_at;
  }
  for_each_register(node, [&](Field field, auto& mine) {
    if (!effect.fields.has(field)) return;
    for_each_register(from, [&](Field other, const auto& theirs) {
      if constexpr (std::is_same_v<std::decay_t<decltype(mine)>, std::decay_t<decltype(theirs)>>) {
        if (field == other) install_register(mine, theirs);
      }
    });
  });
  if (from.edits.last > node.edits.last) node.edits = from.edits;
  for (const auto& [name, text] : from.unknown) node.unknown[name] = text;
}

} // namespace memsync::model
