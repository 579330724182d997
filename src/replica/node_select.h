#pragma once

#include <string_view>

namespace memsync::replica {

/// What Reader::read_node needs; ?1 is the workspace's key, ?2 its space. To be completed with conditions.
inline constexpr std::string_view k_select_node =
    "SELECT id, document, state, hash, created_at, updated_at, updated_by, "
    "EXISTS (SELECT 1 FROM conflict WHERE conflict.space = node.space AND conflict.node = node.id "
    "AND resolved = 0), "
    "EXISTS (SELECT 1 FROM outbox WHERE outbox.workspace = ?1 AND outbox.node = node.id) "
    "OR EXISTS (SELECT 1 FROM base WHERE base.space = node.space AND item = 'node' AND base.id = node.id) "
    "FROM node WHERE space = ?2 ";

} // namespace memsync::replica
