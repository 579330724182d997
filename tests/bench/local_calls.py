"""Tool calls on one machine, without a hub, at two sizes of the store."""

from corpus import Corpus
from harness import LOAD_BATCH, entity_of, latencies, load, load_floor, time_each

NEW = 10_000_000  # numbers of memories that are in no store yet


def measure_memsync(bench, corpus, memories, questions, rounds):
    """Samples by call."""
    with bench.world.person(bench.new_name("home")).session() as session:
        load(session, memories)
        new = corpus.memories(rounds, NEW)
        first = session.call("read_document", document="Notes 0", token_budget=20_000)["nodes"]
        ids = [node["id"] for node in first]

        def edit(n):
            change = {"op": "update", "node": ids[n % len(ids)], "content": f"{new[n]['content']} changed"}
            session.call("edit_document", document="Notes 0", operations=[change])

        return {
            "search": time_each(
                len(questions), lambda n: session.call("search_memories", query=questions[n])
            ),
            "is_document_dirty": time_each(rounds, lambda n: session.call("is_document_dirty")),
            "is_document_dirty of one": time_each(
                rounds, lambda n: session.call("is_document_dirty", document="Notes 0")
            ),
            "remember": time_each(rounds, lambda n: session.call("remember", **new[n])),
            "edit_document": time_each(rounds, edit),
        }


def measure_floor(bench, corpus, memories, questions, rounds):
    if not bench.node:
        return {}
    with bench.floor_replica() as replica:
        load_floor(replica, memories)
        new = corpus.memories(rounds, 2 * NEW)
        search = time_each(
            len(questions), lambda n: replica.request("search", {"query": questions[n], "limit": 20})
        )
        write = time_each(rounds, lambda n: replica.request("remember", {"id": f"new{n}", **new[n]}))
        return {"search": search, "remember": write, "edit_document": write}


def measure_official(bench, corpus, memories, questions, rounds):
    """It finds substrings, so it is asked for one word of each question; its writes are not durable."""
    if not bench.has_official_server:
        return {}
    with bench.official_server(bench.official_file(memories)) as server:
        new = corpus.memories(rounds, 3 * NEW)
        words = [max(question.rstrip("?").split(), key=len) for question in questions]
        # A word of many memories is answered with all of them, which measures the pipe: rarer ones only.
        search = time_each(rounds, lambda n: server.call("search_nodes", query=words[n % len(words)]))
        write = time_each(rounds, lambda n: server.call("create_entities", entities=[entity_of(new[n])]))
        return {"search": search, "remember": write}


def measure(bench):
    numbers = []
    for size in (bench.size(10_000, 300), bench.size(100_000, 2 * LOAD_BATCH)):
        bench.say(f"local calls at {size} memories")
        corpus = Corpus()
        memories = corpus.memories(size)
        questions = [corpus.question(m) for m in corpus.dice.choices(memories, k=bench.size(300, 10))]
        rounds = bench.size(500, 10)
        ours = measure_memsync(bench, corpus, memories, questions, rounds)
        floor = measure_floor(bench, corpus, memories, questions, rounds)
        # A tenth of the rounds: each call reads or rewrites its whole file.
        official = measure_official(bench, corpus, memories, questions, max(3, rounds // 20))
        for call, samples in ours.items():
            numbers += latencies(
                f"{call} at {size} memories",
                samples,
                floor=floor.get(call),
                official_server=official.get(call),
            )
    return numbers
