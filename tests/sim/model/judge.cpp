#include <fmt/format.h>

#include "tests/sim/model/world.h"

/// What must hold once everything is at rest.
namespace memsync::model_sim {

bool World::is_at_rest() const { return unrest().empty(); }

std::string World::unrest() const {
  std::string what;
  for (const auto& machine : machines_)
    for (std::size_t workspace = 0; workspace < k_workspaces; ++workspace) {
      const Replica& replica = machine->lanes[workspace].replica;
      const HubWorkspace& hub = hub_.workspaces[workspace];
      if (replica.cursor() != model::Cursor{hub.epoch(), hub.head()} || !replica.outbox().empty())
        what += fmt::format(" machine {} in {} at {} of {} with {} unsent;", machine->index, workspace,
                            replica.cursor().str(), hub.head().value, replica.outbox().size());
    }
  return what;
}

void World::judge() {
  for (std::size_t workspace = 0; workspace < k_workspaces; ++workspace) {
    judge_ledger(workspace);
    judge_laws(workspace);
    for (auto& machine : machines_) judge_replica(*machine, workspace);
  }
}

/// 1: everything acknowledged is in the log, once (the log's judge saw to that), or rejected and kept.
void World::judge_ledger(std::size_t workspace) {
  const LogOracle& log = hub_.oracles[workspace];
  require(log.size() == hub_.workspaces[workspace].log().size(), "2: the log has rows of nobody");
  for (const Acknowledged& each : ledger_) {
    if (each.workspace != workspace || each.is_waived) continue;
    const auto& rejected = machines_[each.machine]->lanes[workspace].replica.rejected();
    const bool is_kept =
        std::any_of(rejected.begin(), rejected.end(),
                    [&](const model::Operation& operation) { return operation.session == each.session; });
    require(log.has(each.session) || is_kept, fmt::format("1: operation {} is lost", each.session));
    require(is_kept || !log.has_rejected(each.session),
            fmt::format("1: operation {} was rejected and is not kept", each.session));
  }
}

/// 7: a snapshot at any sequence and the log from any earlier one on give the state; so does the log alone.
/// 15: entries that come again change nothing.
void World::judge_laws(std::size_t workspace) {
  const HubWorkspace& hub = hub_.workspaces[workspace];
  const Rows& log = hub.log();
  Items replayed;
  for (const auto& row : log) replayed.install(row->entry);
  require(replayed == hub.items(), "7: the log does not replay to the hub's state");
  for (const auto& row : log)
    for (const model::NodeEffect& effect : row->entry.nodes) {
      model::Node node = hub.items().nodes.at(effect.node.id);
      model::install(node, effect);
      require(node == hub.items().nodes.at(node.id), "15: an entry that came again changed a node");
    }
  for (const auto& [sequence, state] : hub_.states[workspace]) {
    Items snapshot = *state;
    const std::size_t from = random_.below(sequence + 1);
    for (std::size_t i = from; i < log.size(); ++i) {
      snapshot.install(log[i]->entry);
      if (i + 1 == sequence)
        require(snapshot.nodes == state->nodes, "15: entries that came again changed a node");
    }
    require(snapshot == hub.items(), fmt::format("7: snapshot at {} and tail is not the state", sequence));
  }
}

void World::judge_replica(Machine& machine, std::size_t workspace) {
  Replica& replica = machine.lanes[workspace].replica;
  const Items& hub = hub_.workspaces[workspace].items();
  require(replica.confirmed() == hub, fmt::format("6: machine {} differs from the hub", machine.index));
  require(replica.visible() == hub, fmt::format("6: machine {} shows something else", machine.index));
}

} // namespace memsync::model_sim
