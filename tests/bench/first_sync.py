"""A new replica joins a team that has written much: when it is readable, and when it is searchable."""

import time

from corpus import Corpus
from harness import LOAD_BATCH, load, load_floor, number, wait_until
from reconnect import nodes_of


def measure_memsync(bench, memories):
    """Seconds until all are listed and readable, and until all are indexed."""
    world = bench.world
    hub = world.hub(bench.new_name("hub")).start()
    writer = world.person(bench.new_name("writer")).login(hub, hub.token)
    with writer.session() as session:
        session.call("sync_changes", workspace=hub.team, wait_seconds=20)
        load(session, memories)
        wait_until(lambda: session.call("sync_changes", wait_seconds=50)["pending"] == 0)
    reader = world.person(bench.new_name("reader")).configure(hub, hub.invite("Reader")["token"])
    started = time.perf_counter()
    with reader.session() as session:
        wait_until(lambda: nodes_of(session, hub.team) >= len(memories))
        last = session.call("list_documents", workspace=hub.team, limit=1)["documents"][0]
        assert session.call("read_document", document=last["id"], token_budget=1000)["nodes"]
        readable = time.perf_counter() - started
        wait_until(lambda: session.call("search_memories", query="cache").get("not_indexed", 0) == 0)
        indexed = time.perf_counter() - started
    hub.kill()
    return readable, indexed


def measure_floor(bench, memories):
    if not bench.node:
        return None, None
    url = bench.floor_hub()
    with bench.floor_replica(url) as writer:
        load_floor(writer, memories)
        writer.request("remember", {"id": "last", "title": "the last one", "content": "sends the rest"})
        wait_until(lambda: writer.request("state")["pending"] == 0)
    started = time.perf_counter()
    with bench.floor_replica(url) as reader:
        wait_until(lambda: reader.request("state")["memories"] >= len(memories))
        readable = time.perf_counter() - started
        wait_until(lambda: reader.request("state")["not_indexed"] == 0)
        return readable, time.perf_counter() - started


def measure_peer(peer, memories):
    with peer.replica() as writer:
        for start in range(0, len(memories), LOAD_BATCH):
            rows = [{"id": f"m{start + n}", **m} for n, m in enumerate(memories[start : start + LOAD_BATCH])]
            writer.request("load", {"rows": rows}, seconds=600)
        with peer.replica() as other:  # once it has all, so has the hub
            wait_until(lambda: other.request("state")["memories"] >= len(memories))
        started = time.perf_counter()
        with peer.replica() as reader:
            wait_until(lambda: reader.request("state")["memories"] >= len(memories))
            seconds = time.perf_counter() - started
    peer.close()
    return seconds


def measure(bench):
    return [each for count in bench.size((10_000, 50_000), (500,)) for each in measure_size(bench, count)]


def measure_size(bench, count):
    memories = Corpus().memories(count)
    readable, indexed = measure_memsync(bench, memories)
    floor_readable, floor_indexed = measure_floor(bench, memories)

    def rate(seconds):
        return seconds and len(memories) / seconds

    peers = {name: rate(seconds) for name, seconds in bench.peers.measure(measure_peer, memories).items()}
    what = f"first sync of {len(memories)} memories"
    return [
        number(
            f"{what}, listed and readable", rate(readable), "memories/s", floor=rate(floor_readable), **peers
        ),
        number(f"{what}, indexed", rate(indexed), "memories/s", floor=rate(floor_indexed)),
    ]
