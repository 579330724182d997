#!/usr/bin/env python3
"""Real network faults between the real client and the real hub: edits on both sides keep converging.

Every fault has a replica of its own behind a proxy of its own (lib/fault_proxy.py), and all of them work at
once against one hub, which is stopped, killed and restarted meanwhile. On the near side of each document
works a process of another replica that reaches the hub directly.
"""

import concurrent.futures
import sys
import time

from lib.evidence import Ledger, check_everything
from lib.fault_proxy import CutMidFrame, Delay, Duplicate, FaultProxy, HoldBackStreams, Silence, Throttle
from lib.waiting import wait_until
from lib.world import World, parse_arguments

MEMORIES = 10  # that each side writes in each phase
CONVERGE_SECONDS = 90
PAUSE = 0.05  # between two looks; half a dozen scenarios look at once


class Scenario:
    """A document edited from behind a faulty network and, at the same time, from a good one."""

    def __init__(self, world, hub, near, ledger, name):
        self.name = name
        self.ledger = ledger
        self.proxy = world.add(FaultProxy(hub.port))
        self.person = world.person(name)
        self.token = hub.invite(name.replace("-", ""))["token"]
        self.near = near.session()
        self.far = None
        self.phase = 0
        self.expected = {}  # title -> text
        self.comments = set()
        self.log = []
        self.make_document()

    # what differs between the faults

    fault = None

    def impose(self):
        self.proxy.impose(self.fault())

    def while_faulty(self):
        """Called after both sides have written; by default they converge in spite of the fault."""
        self.converge()

    def after_healing(self):
        self.converge()

    # the phases; each is run for all scenarios at once

    def make_document(self):
        made = self.near.call(
            "edit_document",
            title=self.name,
            operations=[{"op": "create", "title": f"{self.name}: shared", "content": self.text()}],
        )
        self.document = made["document"]["id"]
        self.shared = made["created"][0]["id"]
        self.expected[f"{self.name}: shared"] = self.text()

    def start(self):
        """The far side meets its hub for the first time through the proxy, and has a copy."""
        self.person.login_at(self.proxy.url, self.token)
        self.far = self.person.session()
        self.converge()

    def suffer(self):
        self.impose()
        self.edit_both_sides()
        self.while_faulty()

    def edit_offline(self):
        """The hub is away: what both sides write waits for it."""
        self.edit_both_sides()

    def heal(self):
        self.proxy.heal()
        self.edit_both_sides()
        self.after_healing()

    # what they consist of

    def text(self):
        return f"What the near side wrote in phase {self.phase}."

    def edit_both_sides(self):
        self.phase += 1
        for side, session in (("near", self.near), ("far", self.far)):
            for n in range(MEMORIES):
                title = f"{self.name}, phase {self.phase}, {side} {n}"
                self.ledger.remember(session, self.document, title)
                self.expected[title] = f"The text of: {title}."
            self.edit_shared(side, session)
        self.expected[f"{self.name}: shared"] = self.text()

    def edit_shared(self, side, session):
        """The near side writes a node's text and the far side its context, both a comment. Nobody writes
        what the other one does, so every edit has to survive."""
        mine = {"content": self.text()} if side == "near" else {"context": {"phase": self.phase}}
        comment = f"{self.name}, phase {self.phase}, from the {side} side"
        self.comments.add(comment)
        session.call(
            "edit_document",
            operations=[
                {"op": "update", "node": self.shared, **mine},
                {"op": "comment", "node": self.shared, "text": comment},
            ],
        )

    def view(self, session):
        """Title, text, tags and state of every node of the document; nothing before it is known."""
        known = session.call("list_documents", limit=200)["documents"]
        if not any(document["id"] == self.document for document in known):
            return None
        answer = session.call("read_document", document=self.document, view="full", token_budget=100000)
        assert not answer["more"]
        return answer["nodes"]

    def difference(self, session):
        """What a side does not show as it should; empty when all is well."""
        nodes = self.view(session)
        if nodes is None:
            return "the document is missing"
        shown = {node["title"]: node for node in nodes if node["title"] in self.expected}
        missing = [title for title in self.expected if title not in shown]
        wrong = [t for t, node in shown.items() if node.get("content", "") != self.expected[t]]
        unsynced = [title for title, node in shown.items() if node["sync"] != "synced"]
        if missing or wrong or unsynced:
            return f"missing {missing}, wrong {wrong}, unsynced {unsynced}"
        (node,) = session.call("read_document", nodes=[self.shared], token_budget=100000)["nodes"]
        comments = [comment["text"] for comment in node.get("comments", [])]
        if sorted(comments) != sorted(self.comments):
            return f"comments {comments} instead of {self.comments}"
        if self.phase and node.get("context") != {"phase": self.phase}:
            return f"context {node.get('context')} of phase {self.phase}"
        return ""

    def converge(self):
        """Waits until both sides show everything. Nobody is asked to sync: it has to happen by itself."""
        started = time.monotonic()
        for side, session in (("far", self.far), ("near", self.near)):
            wait_until(
                lambda: not self.difference(session),
                lambda: f"{self.name}, {self.far.call('get_sync_status')['message']} The {side} side has "
                + self.difference(session),
                CONVERGE_SECONDS,
                PAUSE,
            )
        self.log.append(f"{time.monotonic() - started:.1f}")

    def connection(self):
        return self.far.call("get_sync_status")["connection"]


class CutsMidFrame(Scenario):
    def fault(self):
        # From a piece of a line up to what holds the largest answer.
        return CutMidFrame(1500, 64 << 10, seed=self.name)

    def while_faulty(self):
        fault = self.proxy.fault
        self.converge()
        for _ in range(5):
            self.edit_both_sides()
            self.converge()
        assert fault.cuts > 5, f"only {fault.cuts} connections were cut"


class GoesSilent(Scenario):
    """The connections stay and nothing comes any more: only a watchdog can tell."""

    fault = Silence

    def while_faulty(self):
        wait_until(lambda: self.connection() != "live", f"{self.name}: still live", 60, PAUSE)


class AnswersNothing(Scenario):
    """A hub that accepts and says nothing, from the very beginning: the agent works on, and once the hub
    speaks the replica finds it."""

    fault = Silence

    def start(self):
        self.person.login_at(self.proxy.url, self.token)
        self.far = self.person.session()
        self.converge()
        self.far.close()

    def impose(self):
        super().impose()
        self.far = self.person.session()

    def while_faulty(self):
        asked = self.proxy.count_requests("/api/")
        wait_until(
            lambda: self.proxy.count_requests("/api/") > max(asked, 1),
            f"{self.name}: it does not try again",
            60,
            PAUSE,
        )


class Delays(Scenario):
    def fault(self):
        return Delay(0.2)


class Throttles(Scenario):
    def fault(self):
        return Throttle(10_000)


class Duplicates(Scenario):
    fault = Duplicate

    def while_faulty(self):
        fault = self.proxy.fault
        self.proxy.cut_all()  # so that all connections are doubled, the old ones too
        self.converge()
        assert fault.duplicated_bytes > 0, "nothing was sent twice"


class HoldsBackStreams(Scenario):
    """A buffering proxy: the replica polls instead, and returns to the stream when it gets through."""

    fault = HoldBackStreams
    polls = r"/pull\?.*wait="

    def while_faulty(self):
        self.proxy.cut_all()
        self.converge()
        wait_until(lambda: self.proxy.count_requests(self.polls), f"{self.name}: it does not poll", 30, PAUSE)
        wait_until(lambda: self.connection() == "live", f"{self.name}: polling is not live", 30, PAUSE)

    def after_healing(self):
        wait_until(self.proxy.open_streams, f"{self.name}: it does not return to the stream", 60, PAUSE)
        polls = self.proxy.count_requests(self.polls)
        self.converge()
        self.edit_both_sides()
        self.converge()
        assert self.proxy.count_requests(self.polls) == polls, "it polls although the stream works"


def restart(hub, all_of):
    """The hub goes away in the middle of the edits, saying so, and comes back."""
    hub.stop()
    all_of("edit_offline")
    hub.start()


def main():
    options = parse_arguments(__doc__, ("--only", "", "one of the faults"))
    kinds = {
        "cuts": CutsMidFrame,
        "goes-silent": GoesSilent,
        "answers-nothing": AnswersNothing,
        "delays": Delays,
        "throttles": Throttles,
        "duplicates": Duplicates,
        "holds-back": HoldsBackStreams,
    }
    if options.only:
        kinds = {options.only: kinds[options.only]}
    ledger = Ledger()
    with World(options.memsync, options.memsync_hub) as world:
        hub = world.hub().start()
        near = world.person("near").login(hub, hub.token)
        scenarios = [kind(world, hub, near, ledger, name) for name, kind in kinds.items()]
        started = time.monotonic()

        def all_of(step):
            with concurrent.futures.ThreadPoolExecutor(len(scenarios)) as pool:
                futures = {pool.submit(getattr(each, step)): each for each in scenarios}
                for future in concurrent.futures.as_completed(futures):
                    future.result()
            print(f"{time.monotonic() - started:6.1f} s: {step}", flush=True)

        all_of("start")
        all_of("suffer")
        restart(hub, all_of)
        all_of("heal")
        hub.kill()
        all_of("edit_offline")
        hub.start()
        all_of("converge")
        for scenario in scenarios:
            print(f"{scenario.name}: converged after {', '.join(scenario.log)} s")
            scenario.near.kill()
            scenario.far.kill()
        print(check_everything(hub, [near, *(each.person for each in scenarios)], ledger))


if __name__ == "__main__":
    sys.exit(main())
