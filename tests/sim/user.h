#pragma once

#include "replica/editor.h"
#include "tests/sim/world.h"

namespace memsync::sim {

/// Somebody who changes what they see on one machine.
class User {
 public:
  User(World& world, Machine& machine) : world_(world), machine_(machine) {}

  /// One random change of a random workspace. A refusal (nothing to change, a cycle) is no change.
  void act();

 private:
  base::Result<> change(replica::Editor& editor);
  base::Result<> create(replica::Editor& editor);
  base::Result<> update(replica::Editor& editor, const model::NodeId& node);
  std::optional<model::NodeId> pick(replica::Editor& editor);

  World& world_;
  Machine& machine_;
};

} // namespace memsync::sim
