#pragma once

#include <optional>

#include "tests/sim/model/replica.h"

namespace memsync::model_sim {

/// What somebody did on one machine: the operation, and the content they saw.
struct Change {
  model::Operation operation;
  std::string seen_text;
};

/// Somebody who changes what is visible at random: mostly the same few nodes, so that people meet.
class User {
 public:
  explicit User(base::Random& random) : random_(random) {}

  /// A random change of what is visible; nothing when it would make no sense (nothing to change).
  std::optional<Change> act(const Items& visible);

 private:
  Change create(const Items& visible, const std::vector<model::NodeId>& nodes);
  Change update(const model::Node& node);
  Change edit_text(const model::Node& node);
  std::optional<Change> move(const Items& visible, const std::vector<model::NodeId>& nodes);
  std::optional<Change> resolve(const Items& visible);
  std::optional<Change> restore(const Items& visible);
  std::string key_below(const Items& visible, const model::NodeId& parent);
  std::string fresh_word();
  bool chance(unsigned percent) { return random_.below(100) < percent; }
  const model::NodeId& pick(const std::vector<model::NodeId>& nodes) {
    return nodes[random_.below(chance(70) ? std::min<std::size_t>(nodes.size(), 6) : nodes.size())];
  }

  base::Random& random_;
};

} // namespace memsync::model_sim
