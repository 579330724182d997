"""From remember on one replica to a search hit on the other, over the hub."""

import time

from corpus import Corpus
from harness import entity_of, latencies

# A write every 25 ms is within the hub's default allowance of pushes; the peers are paced alike.
PACE_SECONDS = 0.025


def paced(count, write_and_find):
    """Seconds of each `write_and_find(n)`, begun at a steady pace."""
    samples, next_start = [], time.perf_counter()
    for n in range(count):
        time.sleep(max(0.0, next_start - time.perf_counter()))
        started = time.perf_counter()
        write_and_find(n)
        samples.append(time.perf_counter() - started)
        next_start = started + PACE_SECONDS
    return samples


def memory_with_name(corpus, n):
    name = corpus.name(n)
    memory = corpus.memory(n)
    return name, {**memory, "title": f"{name} {memory['title']}"}


def measure_memsync(bench, count):
    world = bench.world
    hub = world.hub(bench.new_name("hub")).start()
    writer = world.person(bench.new_name("writer")).login(hub, hub.token)
    reader = world.person(bench.new_name("reader")).login(hub, hub.invite("Reader")["token"])
    corpus = Corpus()
    with writer.session() as here, reader.session() as there:
        for session in (here, there):
            session.call("sync_changes", workspace=hub.team, wait_seconds=20)

        def write_and_find(n):
            name, memory = memory_with_name(corpus, n)
            here.call("remember", **memory)
            while not there.call("search_memories", query=name, limit=1)["results"]:
                pass

        samples = paced(count, write_and_find)
    hub.kill()
    return samples


def measure_floor(bench, count):
    if not bench.node:
        return None
    url = bench.floor_hub()
    corpus = Corpus()
    with bench.floor_replica(url) as here, bench.floor_replica(url) as there:

        def write_and_find(n):
            name, memory = memory_with_name(corpus, n)
            here.request("remember", {"id": name, **memory})
            while not there.request("search", {"query": name, "limit": 1})["results"]:
                pass

        return paced(count, write_and_find)


def measure_official(bench, count):
    """Two processes on one file: the official server has no hub, so this is one machine's memory."""
    if not bench.has_official_server:
        return None
    file = bench.official_file([])
    corpus = Corpus()
    with bench.official_server(file) as here, bench.official_server(file) as there:

        def write_and_find(n):
            name, memory = memory_with_name(corpus, n)
            here.call("create_entities", entities=[entity_of(memory)])
            while not there.call("search_nodes", query=name)["entities"]:
                pass

        return paced(count, write_and_find)


def measure_peer(peer, count):
    corpus = Corpus()
    with peer.replica() as here, peer.replica() as there:

        def write_and_find(n):
            name, memory = memory_with_name(corpus, n)
            here.request("remember", {"id": name, **memory})
            while not there.request("has", {"id": name})["found"]:
                pass

        write_and_find(count)  # both are connected
        samples = paced(count, write_and_find)
    peer.close()
    return samples


def measure(bench):
    count = bench.size(1000, 20)
    return latencies(
        "remember on A to search hit on B",
        measure_memsync(bench, count),
        floor=measure_floor(bench, count),
        official_server_on_one_file=measure_official(bench, count),
        **bench.peers.measure(measure_peer, count),
    )
