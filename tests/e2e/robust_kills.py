#!/usr/bin/env python3
"""kill -9 at random moments: every acknowledged memory ends on the hub and on all replicas, once."""

import random
import sys
import time

from lib.evidence import Ledger, check_everything
from lib.memories import settle
from lib.world import World, parse_arguments

BURST = 30  # memories sent at once, more than a victim can answer in its time
SMALL_BURST = 6  # of each of the many processes of --victim any
LIFE_SECONDS = 0.12  # at most so long after the burst begins
SEATS = 2  # processes of each client
SETTLE_EVERY = 10  # rounds; a replica is thus killed both far behind and up to date


class Seats:
    """The processes of all clients; those that were killed are started again when the next round begins."""

    def __init__(self, people):
        self.alive = {(person, seat): None for person in people for seat in range(SEATS)}

    def fill(self):
        for (person, seat), session in self.alive.items():
            if session is None:
                self.alive[person, seat] = person.session()

    def sessions(self):
        return {key: session for key, session in self.alive.items() if session is not None}

    def send_bursts(self, ledger, round, count):
        return {
            (person, seat): ledger.send_burst(session, f"{person.name} {seat}", round, count)
            for (person, seat), session in self.sessions().items()
        }

    def kill(self, key, ledger, titles):
        """What it had answered before counts as acknowledged."""
        ledger.note(titles[key], self.alive[key].kill_and_drain())
        self.alive[key] = None

    def wait(self, ledger, titles):
        for key, session in self.sessions().items():
            ledger.note(titles[key], {id: {"result": session.wait(id)} for id in titles[key]})

    def kill_all(self):
        for session in self.sessions().values():
            session.kill()


def name_of(key):
    return key[0].name, key[1]


def kill_clients(hub, people, ledger, rounds, dice):
    """Two processes a person, all replicas busy: the dice say who dies and when."""
    seats = Seats(people)
    kills = 0
    for round in range(rounds):
        seats.fill()
        titles = seats.send_bursts(ledger, round, BURST)
        victims = dice.sample(sorted(seats.alive, key=name_of), dice.randint(1, 3))
        moment = time.monotonic()
        for key in victims:
            moment += dice.uniform(0, LIFE_SECONDS)
            ledger.note(titles[key], seats.alive[key].take_answers(moment - time.monotonic()))
            seats.kill(key, ledger, titles)
            kills += 1
        seats.wait(ledger, titles)
        if round % SETTLE_EVERY == SETTLE_EVERY - 1:
            settle(list(seats.sessions().values()), hub.api(hub.token), hub.team)
    seats.kill_all()
    return kills


def kill_hub(hub, people, ledger, rounds, dice):
    """The replicas stay; what they acknowledge while the hub dies and is away must reach it later."""
    sessions = {person: person.session() for person in people}
    for round in range(rounds):
        titles = {person: ledger.send_burst(s, person.name, round, BURST) for person, s in sessions.items()}
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
    return rounds


def kill_any(hub, people, ledger, kills, dice):
    """Any process of any client and the hub, one to four in a round, the hub sometimes kept away for it."""
    seats = Seats(people)
    done, round = 0, 0
    while done < kills:
        seats.fill()
        if hub.process is None:
            hub.start()
        titles = seats.send_bursts(ledger, round, SMALL_BURST)
        victims = dice.sample(["hub", *sorted(seats.alive, key=name_of)], dice.randint(1, 4))
        moment = time.monotonic()
        for key in victims[: kills - done]:
            moment += dice.uniform(0, LIFE_SECONDS)
            reader = next(iter(seats.sessions()))
            ledger.note(titles[reader], seats.alive[reader].take_answers(moment - time.monotonic()))
            if key == "hub":
                hub.kill()
            else:
                seats.kill(key, ledger, titles)
            done += 1
        if hub.process is None and dice.random() < 0.5:
            hub.start()
        for key, session in seats.sessions().items():
            missing = [id for id in titles[key] if titles[key][id] not in ledger.acknowledged]
            ledger.note(titles[key], {id: {"result": session.wait(id)} for id in missing})
        if round % SETTLE_EVERY == SETTLE_EVERY - 1:
            if hub.process is None:
                hub.start()
            settle(list(seats.sessions().values()), hub.api(hub.token), hub.team)
        round += 1
    if hub.process is None:
        hub.start()
    seats.kill_all()
    return done


def main():
    options = parse_arguments(
        __doc__,
        ("--victim", "client", "client, hub, or any: both, at random"),
        ("--clients", 2, "how many stores, each with two processes"),
        ("--rounds", 20, "how often something is killed; of --victim any: how many processes are killed"),
        ("--seed", 0, "replays the choices of a run; 0 takes a new one"),
    )
    seed = options.seed or random.SystemRandom().randrange(1, 1 << 32)
    print(f"seed {seed}", flush=True)
    dice, ledger = random.Random(seed), Ledger()
    with World(options.memsync, options.memsync_hub) as world:
        hub = world.hub().start()
        people = [world.person("ana").login(hub, hub.token)]
        for n in range(1, options.clients):
            people.append(world.person(f"client{n}").login(hub, hub.invite(f"Client{n}")["token"]))
        kill = {"client": kill_clients, "hub": kill_hub, "any": kill_any}[options.victim]
        kills = kill(hub, people, ledger, options.rounds, dice)
        print(check_everything(hub, people, ledger))
    victims = {"client": "client processes", "hub": "hubs", "any": f"of {options.clients} clients and a hub"}
    print(f"{kills} {victims[options.victim]} killed")


if __name__ == "__main__":
    sys.exit(main())
