"""How quickly one process answers while it is busy: is_document_dirty beside other reads and a long sync, and
how soon a subscriber hears of a teammate's change."""

import time

from corpus import Corpus
from harness import latencies, load, number

PARALLEL = 64


def send_timed(session, started, tool, **arguments):
    request = session.send_call(tool, **arguments)
    started[request] = time.perf_counter()
    return request


def dirty_while_syncing(session, questions):
    """Seconds of each is_document_dirty, asked one after the other while a sync runs and PARALLEL searches
    are always in flight."""
    sync = session.send_call("sync_changes", wait_seconds=50)
    started, searches, samples = {}, set(), []

    def search():
        question = questions[len(searches) % len(questions)]
        searches.add(send_timed(session, started, "search_memories", query=question, limit=5))

    def ask():
        send_timed(session, started, "is_document_dirty", document="Notes 0")

    for _ in range(PARALLEL):
        search()
    ask()
    synced = None
    while started:
        message = session.read_message()
        arrived = time.perf_counter()
        if message.get("id") == sync:
            synced = message["result"]["structuredContent"]
        elif message.get("id") in started:
            took = arrived - started.pop(message["id"])
            is_search = message["id"] in searches
            if not is_search:
                samples.append(took)
            if synced is None:
                search() if is_search else ask()
    return samples, synced


def dirty_alone(session, rounds):
    samples = []
    for _ in range(rounds):
        begun = time.perf_counter()
        session.call("is_document_dirty", document="Notes 0")
        samples.append(time.perf_counter() - begun)
    return samples


def measure_busy(bench):
    """A person's first sync of a filled store."""
    corpus = Corpus()
    memories = corpus.memories(bench.size(20_000, 300))
    questions = [corpus.question(m) for m in corpus.dice.choices(memories, k=50)]
    hub = bench.world.hub(bench.new_name("hub")).start()
    person = bench.world.person(bench.new_name("busy")).login(hub, hub.token)
    with person.session() as session:
        session.call("sync_changes", wait_seconds=20)
        hub.stop()
        load(session, memories)
        alone = dirty_alone(session, bench.size(500, 10))
        hub.start()
        busy, synced = dirty_while_syncing(session, questions)
    hub.kill()
    numbers = latencies(f"is_document_dirty beside {PARALLEL} reads and a sync", busy, idle=alone)
    return [*numbers, number("changes pushed meanwhile", synced["pushed"], "changes")]


def measure_updates(bench):
    """From a teammate's remember to notifications/resources/updated."""
    world = bench.world
    hub = world.hub(bench.new_name("hub")).start()
    writer = world.person(bench.new_name("writer")).login(hub, hub.token)
    reader = world.person(bench.new_name("reader")).login(hub, hub.invite("Reader")["token"])
    memories = Corpus().memories(bench.size(200, 5))
    samples = []
    with writer.session() as here, reader.session() as there:
        for session in (here, there):
            session.call("sync_changes", workspace=hub.team, wait_seconds=20)
        there.request("resources/subscribe", {"uri": f"memsync://{hub.team}/activity"})
        for memory in memories:
            begun = time.perf_counter()
            here.call("remember", **memory)
            there.wait_notification(lambda m: m.get("params", {}).get("uri", "").endswith("/activity"))
            samples.append(time.perf_counter() - begun)
            there.notifications.clear()
    hub.kill()
    return latencies("from remember to an updated notification", samples)


def measure(bench):
    bench.say("busy: reads beside a sync")
    numbers = measure_busy(bench)
    bench.say("busy: updated notifications")
    return [*numbers, *measure_updates(bench)]
