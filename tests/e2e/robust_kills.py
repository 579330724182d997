#!/usr/bin/env python3
"""kill -9 at random moments: every acknowledged memory ends on the hub and on both replicas, once."""

import collections
import random
import sys
import time

from lib.mcp import SessionEnded
from lib.memories import created_titles, read_replica, settle
from lib.world import World, parse_arguments

BURST = 30  # memories sent at once, more than a victim can answer in its time
LIFE_SECONDS = 0.12  # at most so long after the burst begins
SETTLE_EVERY = 10  # rounds; a replica is thus killed both far behind and up to date


class Ledger:
    """What was sent and what was acknowledged, by title."""

    def __init__(self):
        self.sent = set()
        self.acknowledged = set()

    def send_burst(self, session, document, round):
        """Sends without waiting; returns the titles by request id."""
        titles = {}
        try:
            for n in range(BURST):
                title = f"{document}, round {round}, memory {n}"
                memory = {"title": title, "content": f"The text of: {title}."}
                id = session.send_call("remember", document=f"{document} {round}", **memory)
                titles[id] = title
        except SessionEnded:
            pass
        self.sent.update(titles.values())
        return titles

    def note(self, titles, answers):
        for id, answer in answers.items():
            if id not in titles:
                continue
            result = answer.get("result")
            assert result and not result.get("isError"), f"'{titles[id]}' was refused: {answer}"
            self.acknowledged.add(titles[id])


def kill_clients(world, hub, people, ledger, rounds, dice):
    """Two processes a person, both replicas busy: the dice say who dies and when."""
    alive = {}
    for round in range(rounds):
        for person in people:
            for seat in range(2):
                alive.setdefault((person, seat), None)
                if alive[person, seat] is None:
                    alive[person, seat] = person.session()
        titles = {
            (person, seat): ledger.send_burst(session, f"{person.name} {seat}", round)
            for (person, seat), session in alive.items()
        }
        victims = dice.sample(sorted(alive, key=lambda key: (key[0].name, key[1])), dice.randint(1, 3))
        moment = time.monotonic()
        for key in victims:
            moment += dice.uniform(0, LIFE_SECONDS)
            ledger.note(titles[key], alive[key].take_answers(moment - time.monotonic()))
            ledger.note(titles[key], alive[key].kill_and_drain())
            alive[key] = None
        for key, session in alive.items():
            if session is not None:
                ledger.note(titles[key], {id: {"result": session.wait(id)} for id in titles[key]})
        if round % SETTLE_EVERY == SETTLE_EVERY - 1:
            settle([s for s in alive.values() if s is not None], hub.api(hub.token), hub.team)
    for session in alive.values():
        if session is not None:
            session.kill()


def kill_hub(world, hub, people, ledger, rounds, dice):
    """The replicas stay; what they acknowledge while the hub dies and is away must reach it later."""
    sessions = {person: person.session() for person in people}
    for round in range(rounds):
        titles = {person: ledger.send_burst(s, person.name, round) for person, s in sessions.items()}
        first = next(iter(sessions))
        answers = sessions[first].take_answers(dice.uniform(0, LIFE_SECONDS))
        ledger.note(titles[first], answers)
        hub.kill()
        for person, session in sessions.items():
            waited = [id for id in titles[person] if id not in answers or person is not first]
            ledger.note(titles[person], {id: {"result": session.wait(id)} for id in waited})
        hub.start()
        # Reconnects at once instead of when the back-off says so, so that pushes are in flight next time.
        for session in sessions.values():
            session.call("sync_changes", wait_seconds=dice.choice([0, 5]))
    for session in sessions.values():
        session.kill()


def check(world, hub, people, ledger):
    api = hub.api(hub.token)
    sessions = [person.session() for person in people]
    settle(sessions, api, hub.team)
    log = api.whole_log(hub.team)
    assert [int(entry["seq"]) for entry in log] == list(range(1, len(log) + 1)), "the log has holes"
    operations = [(entry["replica"], entry["n"]) for entry in log]
    assert len(set(operations)) == len(operations), "an operation is in the log twice"
    refused = [entry for entry in log if entry["status"] == "rejected"]
    assert not refused, f"{len(refused)} operations were rejected, first: {refused[0]}"
    on_hub = collections.Counter(title for title in created_titles(log) if title in ledger.sent)
    replicas = [read_replica(session, hub.team) for session in sessions]
    assert replicas[0] == replicas[1], "the replicas differ"
    shown = collections.Counter(row[0] for rows in replicas[0].values() for row in rows)
    for where, count in (("hub", on_hub), ("replicas", shown)):
        lost = [title for title in ledger.acknowledged if count[title] == 0]
        doubled = [title for title, times in count.items() if times > 1]
        assert not lost, f"{len(lost)} acknowledged memories are missing on the {where}, first: {lost[0]}"
        assert not doubled, f"{len(doubled)} memories are double on the {where}, first: {doubled[0]}"
    assert on_hub == shown, "the replicas show something else than the hub has"
    states = {row[3] for rows in replicas[0].values() for row in rows}
    assert states == {"synced"}, f"nodes are {states}"
    print(f"{len(ledger.sent)} sent, {len(ledger.acknowledged)} acknowledged, 0 lost, 0 doubled;", end=" ")
    print(f"{sum(shown.values())} on the hub and on both replicas")


def main():
    options = parse_arguments(
        __doc__,
        ("--victim", "client", "client or hub"),
        ("--rounds", 20, "how often something is killed"),
        ("--seed", 0, "replays the choices of a run; 0 takes a new one"),
    )
    seed = options.seed or random.SystemRandom().randrange(1, 1 << 32)
    print(f"seed {seed}", flush=True)
    dice, ledger = random.Random(seed), Ledger()
    with World(options.memsync, options.memsync_hub) as world:
        hub = world.hub().start()
        people = [
            world.person("ana").login(hub, hub.token),
            world.person("ben").login(hub, hub.invite("Ben")["token"]),
        ]
        kill = {"client": kill_clients, "hub": kill_hub}[options.victim]
        kill(world, hub, people, ledger, options.rounds, dice)
        check(world, hub, people, ledger)
    print(f"{options.rounds} rounds of killing the {options.victim}")


if __name__ == "__main__":
    sys.exit(main())
