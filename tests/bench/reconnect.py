"""Many writes without the hub, then the hub comes back: how long until both replicas are equal."""

import time

from corpus import Corpus
from harness import number, wait_until

WINDOW = 64  # writes under way at once: a measurement of sync, not of the pipe


def write_all(count, send, wait):
    waiting = []
    for n in range(count):
        waiting.append(send(n))
        if len(waiting) == WINDOW:
            wait(waiting.pop(0))
    for id in waiting:
        wait(id)


def nodes_of(session, workspace):
    """How many memories the replica lists; none before it has heard of the workspace."""
    known = session.call("use_workspace")["workspaces"]
    if not any(workspace.startswith(row["id"]) for row in known):
        return 0
    return sum(row["nodes"] for row in session.call("list_documents", workspace=workspace)["documents"])


def measure_memsync(bench, memories):
    world = bench.world
    hub = world.hub(bench.new_name("hub")).start()
    writer = world.person(bench.new_name("writer")).login(hub, hub.token)
    reader = world.person(bench.new_name("reader")).login(hub, hub.invite("Reader")["token"])
    with writer.session() as here, reader.session() as there:
        for session in (here, there):
            session.call("sync_changes", workspace=hub.team, wait_seconds=20)
        hub.stop()
        write_all(
            len(memories), lambda n: here.send_call("remember", **memories[n]), lambda id: here.wait_call(id)
        )
        assert here.call("is_document_dirty")["pending"] >= len(memories)
        hub.start()
        started = time.perf_counter()
        # Both replicas are waiting out a back-off; this is the agent (or the person) that wants it now.
        calls = [(s, s.send_call("sync_changes", workspace=hub.team, wait_seconds=50)) for s in (here, there)]
        wait_until(lambda: nodes_of(there, hub.team) >= len(memories))
        wait_until(lambda: here.call("is_document_dirty")["pending"] == 0)
        seconds = time.perf_counter() - started
        for session, id in calls:
            session.wait_call(id)
    hub.kill()
    return seconds


def measure_floor(bench, memories):
    if not bench.node:
        return None
    url = bench.floor_hub()
    with bench.floor_replica() as here, bench.floor_replica(url) as there:
        write_all(
            len(memories),
            lambda n: here.send("remember", {"id": f"m{n}", **memories[n]}),
            lambda id: here.wait(id),
        )
        started = time.perf_counter()
        here.request("connect", {"url": url})
        wait_until(lambda: there.request("state")["memories"] >= len(memories))
        wait_until(lambda: here.request("state")["pending"] == 0)
        return time.perf_counter() - started


def measure_peer(peer, memories):
    with peer.replica(connected=False) as here, peer.replica() as there:
        write_all(
            len(memories),
            lambda n: here.send("remember", {"id": f"m{n}", **memories[n]}),
            lambda id: here.wait(id),
        )
        started = time.perf_counter()
        peer.connect(here)
        wait_until(lambda: there.request("state")["memories"] >= len(memories))
        wait_until(lambda: here.request("state")["is_quiet"])
        seconds = time.perf_counter() - started
    peer.close()
    return seconds


def measure(bench):
    memories = Corpus().memories(bench.size(10_000, 100))
    return [
        number(
            f"offline for {len(memories)} memories, then reconnected: until both replicas are equal",
            measure_memsync(bench, memories),
            "s",
            floor=measure_floor(bench, memories),
            **bench.peers.measure(measure_peer, memories),
        )
    ]
