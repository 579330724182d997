#pragma once

#include "model/apply.h"

/// Walks over the tree of a State. Each is bounded, so that a ring made by damage ends it.
namespace memsync::model {

/// The first deleted or unknown node on the way from `id` to the root, itself included.
std::optional<NodeId> find_hider(State& state, NodeId id);

/// `id` or the nearest node above it that is visible; empty when none is.
NodeId nearest_visible(State& state, NodeId id);

/// The nodes on the way from `id` to the root, itself included, as far as they are known.
std::vector<NodeId> path_to_root(State& state, NodeId id);

/// How many nodes are on the way from `id` to the root, itself included; 0 for an empty id.
std::size_t depth_of(State& state, NodeId id);

/// Whether the subtree has at most `levels` levels, its root's included; true where State does not know.
bool has_at_most_levels(State& state, const NodeId& root, std::size_t levels);

/// All nodes below `root`, the upper ones first; nothing when they are more than `most` or not known.
std::optional<std::vector<NodeId>> list_below(State& state, const NodeId& root, std::size_t most);

} // namespace memsync::model
