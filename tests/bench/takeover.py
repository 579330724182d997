"""From kill -9 of the process that syncs a store until a neighbour's next change is on the hub."""

import time

from harness import latencies, wait_until
from lib.process import has_connection

PROCESSES = 3


def measure(bench):
    world = bench.world
    hub = world.hub(bench.new_name("hub")).start()
    person = world.person(bench.new_name("writer")).login(hub, hub.token)
    api = hub.api(hub.token)
    sessions = [person.session() for _ in range(PROCESSES)]
    samples = []
    for n in range(bench.size(20, 3)):
        for session in sessions:
            wait_until(lambda s=session: s.call("sync_changes", wait_seconds=50)["connection"] == "live")
        leader = wait_until(lambda: find_leader(sessions, hub))
        sessions.remove(leader)
        head = api.head(hub.team)
        started = time.perf_counter()
        leader.kill()
        sessions[0].call("remember", title=f"Written after death {n}", content="by another process")
        wait_until(lambda before=head: api.head(hub.team) > before)
        samples.append(time.perf_counter() - started)
        sessions.append(person.session())
    for session in sessions:
        session.kill()
    hub.kill()
    return latencies("kill -9 of the syncing process to a neighbour's change on the hub", samples)


def find_leader(sessions, hub):
    leaders = [session for session in sessions if has_connection(session.pid, hub.port)]
    return leaders[0] if len(leaders) == 1 else None
