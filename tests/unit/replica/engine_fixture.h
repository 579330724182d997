#pragma once

#include <doctest/doctest.h>
#include <list>

#include "model/state_digest.h"
#include "replica/engine.h"
#include "replica/stored.h"
#include "tests/unit/replica/fixture.h"

namespace memsync::replica {

/// The network under the hands of a test: requests wait until they are answered.
struct HeldHub final : HubClient {
  std::list<std::pair<std::uint64_t, HubRequest>> requests;
  std::optional<ListenRequest> listening;

  void send(std::uint64_t request, HubRequest content) override { requests.emplace_back(request, content); }
  void listen(ListenRequest request) override { listening = std::move(request); }
  void stop_listening() override { listening.reset(); }

  /// Takes the oldest request of that kind, if there is one.
  template <class Request>
  std::optional<std::uint64_t> take() {
    for (auto at = requests.begin(); at != requests.end(); ++at) {
      if (!std::holds_alternative<Request>(at->second)) continue;
      const std::uint64_t id = at->first;
      requests.erase(at);
      return id;
    }
    return std::nullopt;
  }
};

/// Ann's store with two memories that the hub has, and the engine that syncs it.
struct Synced : TeamStore {
  HeldHub hub;
  std::unique_ptr<Engine> engine;
  model::NodeId document, node;

  Synced() {
    document = bob_creates("Plan", "", {});
    node = bob_creates("Step", "text", document);
    start();
  }
  void start() {
    engine = std::make_unique<Engine>(*replica, hub, Engine::Options{});
    step(Tick{});
    answer<MeRequest>(account());
    settle();
  }
  wire::Me account() {
    wire::Me me;
    me.id = ann;
    me.epoch = epoch;
    wire::WorkspaceInfo info;
    info.id = id;
    info.kind = model::WorkspaceKind::team;
    info.name = "Core";
    info.members = {{ann, "Ann", "ann@example.com"}, {bob, "Bob", "bob@example.com"}};
    me.workspaces = {info};
    return me;
  }

  void step(EngineMessage message) { must(engine->step(std::move(message))); }
  template <class Request, class Content>
  void answer(Content content) {
    const auto request = hub.take<Request>();
    REQUIRE(request.has_value());
    step(HubAnswer{*request, std::move(content), std::nullopt});
  }
  /// Answers pulls with nothing new until there are none.
  void settle() {
    while (const auto request = hub.take<PullFromWorkspace>()) {
      wire::PullAnswer nothing;
      nothing.epoch = epoch;
      nothing.from = nothing.to = nothing.head = team().cursor.sequence;
      step(HubAnswer{*request, nothing, std::nullopt});
    }
    step(Tick{});
  }
  wire::WorkspaceDigest true_digest() {
    model::StateDigest digest;
    digest.add(Store::node(team(), document).node);
    digest.add(Store::node(team(), node).node);
    return {epoch, team().cursor.sequence, digest.items(), digest.hex()};
  }
  /// Opens the hub's snapshot; its first page, with these nodes and others to come.
  wire::SnapshotPage open_snapshot(const std::vector<model::Node>& nodes) {
    wire::SnapshotOpened opened;
    opened.session = "s";
    opened.epoch = epoch;
    opened.at = team().cursor.sequence;
    answer<OpenSnapshot>(opened);
    wire::SnapshotPage page;
    page.session = "s";
    page.next_key = "more";
    for (const model::Node& each : nodes) page.nodes.push_back(model::whole(each));
    return page;
  }
  /// The hub's snapshot of what it has.
  void send_snapshot(const std::vector<model::Node>& nodes) {
    wire::SnapshotPage page = open_snapshot(nodes);
    page.end = team().cursor.sequence;
    answer<NextSnapshotPage>(page);
  }
  /// Another title in the stored row, with a hash that fits: what no check of rows finds.
  void corrupt_register() {
    model::Node wrong = Store::node(team(), node).node;
    wrong.title.value = "Stop";
    wrong.title.stamp.sequence = model::Sequence{1};
    const std::string state = state_text(wrong);
    must(replica->database().write([&](storage::WriteTxn& txn) -> base::Result<> {
      txn.run("UPDATE node SET state = ?2, hash = ?3, title = 'Stop' WHERE id = ?1", node, state,
              item_hash(node.view(), state));
      return {};
    }));
  }
};

} // namespace memsync::replica
