"""A new replica joins a team that has written much: when it is readable, and when it is searchable."""

import time

from corpus import Corpus
from harness import load, load_floor, number, wait_until
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


def measure(bench):
    memories = Corpus().memories(bench.size(50_000, 500))
    readable, indexed = measure_memsync(bench, memories)
    floor_readable, floor_indexed = measure_floor(bench, memories)

    def rate(seconds):
        return seconds and len(memories) / seconds

    what = f"first sync of {len(memories)} memories"
    return [
        number(f"{what}, listed and readable", rate(readable), "memories/s", floor=rate(floor_readable)),
        number(f"{what}, indexed", rate(indexed), "memories/s", floor=rate(floor_indexed)),
    ]
