#pragma once

#include <compare>
#include <cstdint>

#include "base/id.h"

namespace memsync::model {

// 100 random bits made by the client, so that creating offline is idempotent by id.
using WorkspaceId = base::Id<struct WorkspaceTag>;
using NodeId = base::Id<struct NodeTag>;
using RelationshipId = base::Id<struct RelationshipTag>;
using CommentId = base::Id<struct CommentTag>;
using ConflictId = base::Id<struct ConflictTag>;
using UserId = base::Id<struct UserTag>;
/// Groups operations that commit or fail together.
using TxId = base::Id<struct TxTag>;

/// A document is its root node: the same id, the node's title is the document's name.
using DocumentId = NodeId;

/// What an operation acts on: a node, relationship, comment or conflict, by the kind of operation.
using ItemId = base::Id<struct ItemTag>;

/// One store file in one workspace; 130 random bits. Renewed when the store turns out to be a copy.
using ReplicaId = base::Id<struct ReplicaTag, 26>;

/// The fewest characters of an id that people and agents may give in its place.
inline constexpr std::size_t k_min_prefix = 6;

template <class To, class From>
To id_cast(const From& id) {
  static_assert(To::k_length == From::k_length);
  return To::parse(id.view()).value_or(To{});
}

/// Position in a workspace's log: gapless, assigned at commit in commit order, first is 1. It is the
/// version of what changed there. On a replica, outbox operations have provisional positions above
/// every real one.
struct Sequence {
  std::uint64_t value = 0;
  static constexpr std::uint64_t k_first_provisional = std::uint64_t{1} << 62;

  bool is_provisional() const { return value >= k_first_provisional; }
  auto operator<=>(const Sequence&) const = default;
};

/// Identity of a log; a hub restored from a backup gets a new one. 0 means "never met a hub".
struct Epoch {
  std::uint64_t value = 0;
  auto operator<=>(const Epoch&) const = default;
};

/// The last sequence a replica applied, and of which log. On the wire "<epoch>.<sequence>", decimal.
struct Cursor {
  Epoch epoch;
  Sequence sequence;

  std::string str() const { return std::to_string(epoch.value) + "." + std::to_string(sequence.value); }
  static std::optional<Cursor> parse(std::string_view text);
  auto operator<=>(const Cursor&) const = default;
};

} // namespace memsync::model
