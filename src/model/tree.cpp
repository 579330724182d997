#include "model/tree.h"

namespace memsync::model {

namespace {

/// Far above any depth that the limits allow.
constexpr std::size_t k_max_walk = 10'000;

} // namespace

std::optional<NodeId> find_hider(State& state, NodeId id) {
  for (std::size_t steps = 0; !id.is_empty() && steps < k_max_walk; ++steps) {
    const auto link = state.find_link(id);
    if (!link || link->deleted) return id;
    id = link->parent;
  }
  return std::nullopt;
}

NodeId nearest_visible(State& state, NodeId id) {
  for (std::size_t steps = 0; steps < k_max_walk; ++steps) {
    const auto hider = find_hider(state, id);
    if (!hider) return id;
    const auto link = state.find_link(*hider);
    id = link ? link->parent : NodeId{};
  }
  return {};
}

std::vector<NodeId> path_to_root(State& state, NodeId id) {
  std::vector<NodeId> path;
  while (!id.is_empty() && path.size() < k_max_walk) {
    const auto link = state.find_link(id);
    if (!link) break;
    path.push_back(id);
    id = link->parent;
  }
  return path;
}

std::size_t depth_of(State& state, NodeId id) { return path_to_root(state, id).size(); }

bool has_at_most_levels(State& state, const NodeId& root, std::size_t levels) {
  std::vector<NodeId> level{root};
  for (std::size_t depth = 1; !level.empty(); ++depth) {
    if (depth > levels) return false;
    std::vector<NodeId> next;
    for (const NodeId& id : level) {
      const auto children = state.find_children(id);
      if (!children) return true;
      next.insert(next.end(), children->begin(), children->end());
    }
    level = std::move(next);
  }
  return true;
}

std::optional<std::vector<NodeId>> list_below(State& state, const NodeId& root, std::size_t most) {
  std::vector<NodeId> nodes{root};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto children = state.find_children(nodes[i]);
    if (!children || nodes.size() + children->size() > most + 1) return std::nullopt;
    nodes.insert(nodes.end(), children->begin(), children->end());
  }
  nodes.erase(nodes.begin());
  return nodes;
}

bool is_hidden(State& state, const NodeId& node) {
  return node.is_empty() || find_hider(state, node).has_value();
}

bool is_below(State& state, const NodeId& node, const NodeId& ancestor) {
  NodeId id = node;
  for (std::size_t steps = 0; !id.is_empty(); ++steps) {
    // Nothing is that deep: a ring. Calling it "below" keeps a move from entering it.
    if (id == ancestor || steps >= k_max_walk) return true;
    const auto link = state.find_link(id);
    if (!link) return false;
    id = link->parent;
  }
  return false;
}

} // namespace memsync::model
