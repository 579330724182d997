"""What a session costs before it does anything: time to the first answer, and memory."""

import time

from corpus import Corpus
from harness import LEGACY, Session, latencies, load, number

SEARCHES = 50


def time_start(start):
    started = time.perf_counter()
    session = start()
    session.greet()
    seconds = time.perf_counter() - started
    session.kill()
    return seconds


def time_echo(bench):
    """The machine's own price of starting a process and one line through two pipes."""
    env = bench.world.environment()
    started = time.perf_counter()
    session = Session(["cat"], env, bench.world.folder, era=LEGACY, greets=False)
    session.write_bytes(b"{}\n")
    session.read_message()
    seconds = time.perf_counter() - started
    session.kill()
    return seconds


def resident_mib(session, search, questions):
    """After the first answer, and after searching."""
    session.greet()
    first = session.resident_kib() / 1024
    for question in questions:
        search(session, question)
    return first, session.resident_kib() / 1024


def measure(bench):
    corpus = Corpus()
    memories = corpus.memories(bench.size(10_000, 200))
    person = bench.world.person(bench.new_name("home"))
    with person.session() as session:
        load(session, memories)
        session.close()
    questions = [corpus.question(memory) for memory in corpus.dice.choices(memories, k=SEARCHES)]
    rounds = bench.size(50, 3)
    ours = [time_start(lambda: person.session(greets=False)) for _ in range(rounds)]
    echo = [time_echo(bench) for _ in range(rounds)]
    with person.session(greets=False) as session:
        fresh, used = resident_mib(session, lambda s, q: s.call("search_memories", query=q), questions)

    official, official_fresh, official_used = None, None, None
    if bench.has_official_server:
        file = bench.official_file(memories)

        def start():
            return bench.official_server(file, greets=False)

        official = [time_start(start) for _ in range(bench.size(20, 2))]
        with start() as session:
            official_fresh, official_used = resident_mib(
                session, lambda s, q: s.call("search_nodes", query=q.split()[1]), questions
            )
    what = f"resident memory with {len(memories)} memories"
    return [
        *latencies("start to initialize answer", ours, floor_cat=echo, official_server=official),
        number(f"{what}, after initialize", fresh, "MiB", official_server=official_fresh),
        number(f"{what}, after {SEARCHES} searches", used, "MiB", official_server=official_used),
    ]
