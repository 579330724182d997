#!/usr/bin/env python3
"""Many agent sessions on one home: nothing fails, nothing is lost, and the teammate gets all of it."""

import sys
import threading

from lib.memories import list_documents, read_nodes, settle
from lib.world import World, parse_arguments


def run_together(functions):
    """Runs all in threads that start at the same moment; raises the first failure."""
    gate = threading.Barrier(len(functions))
    failures = []

    def body(function):
        gate.wait()
        try:
            function()
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=body, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise AssertionError(f"{len(failures)} of {len(functions)} failed, first: {failures[0]!r}")


def write_from_many(world, processes, writes):
    hub = world.hub().start()
    api = hub.api(hub.token)
    ana = world.person("ana").login(hub, hub.token)
    ben = world.person("ben").login(hub, hub.invite("Ben")["token"])
    ids = {}

    def write(process):
        def body():
            with ana.session() as session:
                for n in range(writes):
                    title = f"finding {n} of process {process}"
                    made = session.call("remember", title=title, content=f"what {title} says")
                    ids[made["id"]] = title
                session.close()

        return body

    run_together([write(process) for process in range(processes)])
    total = processes * writes
    assert len(ids) == total, f"{total} written under {len(ids)} ids"
    with ana.session() as here, ben.session() as there:
        settle([here, there], api, hub.team)
        for name, session in (("writer", here), ("teammate", there)):
            found = read_nodes(session, list(ids))
            wrong = [title for id, title in ids.items() if found[id] != (title, f"what {title} says")]
            assert not wrong, f"{len(wrong)} memories differ on the {name}'s replica, first: {wrong[0]}"
            (document,) = list_documents(session, workspace=hub.team)
            assert document["nodes"] == total, f"the {name}'s document counts {document['nodes']} of {total}"
    print(f"{processes} processes x {writes} writes: {total} memories on both replicas, 0 errors")


def start_cold(world, rounds, starts):
    for round in range(rounds):
        person = world.person(f"cold-{round}")
        # All processes exist before the first is spoken to, so that they open the store together.
        sessions = [person.session(greets=False) for _ in range(starts)]

        def begin(session, n):
            def body():
                session.greet()
                session.call("remember", title=f"start {n}", content=f"process {n} of round {round}")

            return body

        run_together([begin(session, n) for n, session in enumerate(sessions)])
        titles = sorted(row["title"] for row in read_only_document(sessions[0]))
        assert titles == sorted(f"start {n}" for n in range(starts)), f"round {round}: {titles}"
        for session in sessions:
            session.kill()
    print(f"{rounds} rounds of {starts} simultaneous cold starts: 0 errors")


def read_only_document(session):
    (document,) = list_documents(session)
    return session.call("read_document", document=document["id"], token_budget=100000)["nodes"]


def main():
    options = parse_arguments(
        __doc__,
        ("--processes", 16, "sessions writing at once"),
        ("--writes", 200, "memories per session"),
        ("--cold-rounds", 100, "fresh homes"),
        ("--cold-starts", 8, "processes opening a fresh home at once"),
    )
    with World(options.memsync, options.memsync_hub) as world:
        write_from_many(world, options.processes, options.writes)
        start_cold(world, options.cold_rounds, options.cold_starts)


if __name__ == "__main__":
    sys.exit(main())
