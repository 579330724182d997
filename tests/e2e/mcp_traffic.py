#!/usr/bin/env python3
"""Many calls at once, cancelled calls and repeated calls on a real `memsync mcp`, in both protocol eras."""

import collections
import json
import os
import random
import select
import signal
import sys
import unittest

from lib.mcp import LEGACY, MODERN
from lib.world import World, parse_arguments

ARGUMENTS = None
PARALLEL = 64
CANCELLED = 1_000
PENDING = 3_000
BATCH = 200
# What a thousand more cancelled calls may add to a process that has served a thousand before.
MORE_KIB = 16 << 10
# The three connections of the threads that read are opened when they are first needed: database, its
# write-ahead log and the lock file each.
MORE_FILES = 9


class Reader:
    """Keeps every message of a session in the order of its arrival."""

    def __init__(self, session):
        self.session = session
        self.messages = []

    def take(self):
        self.messages.append(self.session.read_message())
        return self.messages[-1]

    def drain(self):
        """What has arrived, without waiting."""
        while select.select([self.session.process.stdout.fileno()], [], [], 0)[0]:
            self.take()

    def until_answer(self, request_id):
        while "method" in (message := self.take()) or message.get("id") != request_id:
            pass
        return message

    def until_all(self, request_ids):
        missing = set(request_ids) - {m.get("id") for m in self.messages if "method" not in m}
        while missing:
            missing.discard(self.take().get("id"))

    def answers(self):
        """Answers by request id, each id with all of its answers."""
        found = collections.defaultdict(list)
        for message in self.messages:
            if "method" not in message:
                found[message["id"]].append(message)
        return found

    def notifications(self, method):
        return [message["params"] for message in self.messages if message.get("method") == method]


def structured(answer):
    assert "result" in answer and not answer["result"].get("isError"), answer
    return answer["result"]["structuredContent"]


class Case(unittest.TestCase):
    def setUp(self):
        self.world = World(ARGUMENTS.memsync, ARGUMENTS.memsync_hub)
        self.addCleanup(self.world.__exit__, None)
        self.hub = self.world.hub().start()
        self.ana = self.person("ana", self.hub.token)

    def person(self, name, token):
        person = self.world.person(name).login(self.hub, token)
        person.env["MEMSYNC_WORKSPACE"] = self.hub.team
        return person

    def pause_hub(self):
        """The hub takes connections and answers nothing, as over a network that hangs."""
        os.killpg(self.hub.process.pid, signal.SIGSTOP)
        self.addCleanup(self.resume_hub)

    def resume_hub(self):
        if self.hub.process:
            os.killpg(self.hub.process.pid, signal.SIGCONT)

    def start_sync(self, session, seconds=50, token=None):
        params = {"name": "sync_changes", "arguments": {"wait_seconds": seconds}}
        if token:
            params["_meta"] = {"progressToken": token}
        return session.send("tools/call", params)


class Parallel(Case):
    def test_parallel_reads_beside_a_long_sync_are_each_answered_once_and_with_their_own_answer(self):
        for era in (LEGACY, MODERN):
            with self.subTest(era), self.person(f"reader-{era}", self.hub.token).session(era) as session:
                self.read_beside_a_sync(session)

    def read_beside_a_sync(self, session):
        ids = []
        for n in range(PARALLEL):
            memory = {"title": f"Finding quux{n}", "content": f"content {n}", "document": f"Doc {n % 4}"}
            ids.append(session.call("remember", **memory)["id"])
        self.pause_hub()
        sync = self.start_sync(session)
        reader, wanted = Reader(session), {}
        for n in range(PARALLEL):
            tool, arguments, expected = [
                ("search_memories", {"query": f"quux{n}"}, f"quux{n}"),
                ("read_document", {"nodes": [ids[n]]}, f"content {n}"),
                ("is_document_dirty", {"document": f"Doc {n % 4}"}, f"Doc {n % 4}"),
                ("list_documents", {"query": f"Doc {n % 4}"}, f"Doc {n % 4}"),
            ][n % 4]
            wanted[session.send_call(tool, **arguments)] = expected
        reader.until_all(wanted)
        self.assertNotIn(sync, reader.answers(), "the sync did not wait for the hub")
        self.resume_hub()
        reader.until_answer(sync)
        answers = reader.answers()
        self.assertEqual({id: len(found) for id, found in answers.items()}, dict.fromkeys([*wanted, sync], 1))
        for request_id, expected in wanted.items():
            self.assertIn(expected, json.dumps(structured(answers[request_id][0])))
        self.assertTrue(structured(answers[sync][0])["settled"])

    def test_a_sync_of_many_changes_reports_its_progress(self):
        with self.ana.session() as session:
            self.pause_hub()
            for start in range(0, PENDING, BATCH):
                operations = [{"op": "create", "title": f"Note {n}"} for n in range(start, start + BATCH)]
                session.call("edit_document", title="Many", operations=operations)
            reader = Reader(session)
            sync = self.start_sync(session, token="tell me")
            self.resume_hub()
            answer = reader.until_answer(sync)
            told = reader.notifications("notifications/progress")
            reader.until_answer(session.send("ping"))
            late = reader.notifications("notifications/progress")[len(told) :]
            self.assertFalse(late, "progress after the answer")
        self.assertTrue(structured(answer)["settled"], answer)
        done = [each["progress"] for each in told]
        self.assertTrue(done, "a sync of thousands of changes told no progress")
        self.assertEqual(done, sorted(set(done)), "progress must increase")
        self.assertEqual({each["progressToken"] for each in told}, {"tell me"})


class Cancelled(Case):
    def storm(self, session, dice):
        """Cancels calls of every kind at random moments; returns how many were answered all the same."""
        reader, cancelled, kept, waiting = Reader(session), set(), set(), []

        def cancel(request_id):
            session.write_message({"jsonrpc": "2.0", "method": "notifications/cancelled",
                                   "params": {"requestId": request_id}})  # fmt: skip
            cancelled.add(request_id)

        for n in range(CANCELLED):
            kind = dice.randrange(4)
            if kind == 0:
                request = self.start_sync(session)
            elif kind == 1:
                request = session.send_call("search_memories", query=f"word{n}")
            elif kind == 2:
                request = session.send_call("is_document_dirty")
            else:
                request = session.send_call("remember", title=f"Note {n}", content="x")
            # When it is cancelled: after so many further calls.
            waiting.append((n + dice.choice((0, 0, 1, 3, 20)), request))
            due = [each for each in waiting if each[0] <= n]
            waiting = [each for each in waiting if each[0] > n]
            for _, request_id in due:
                cancel(request_id)
            if n % 10 == 0:
                kept.add(session.send_call("is_document_dirty"))
            if dice.random() < 0.3:
                reader.drain()
        for _, request_id in waiting:
            cancel(request_id)
        barrier = session.send("tools/list")
        reader.until_answer(barrier)
        before = len(reader.messages)
        reader.until_all(kept)
        # Everything that ran beside it has ended when calls of both kinds are answered again.
        last = session.send_call("remember", title="Last", content="y")
        reader.until_all([last, session.send_call("is_document_dirty")])
        late = [m for m in reader.messages[before:] if m.get("id") in cancelled]
        self.assertFalse(late, "a cancelled call was answered late")
        answers = reader.answers()
        self.assertTrue(all(len(found) == 1 for found in answers.values()), "an answer came twice")
        self.assertLessEqual(kept, set(answers), "a call that was not cancelled was lost")
        return len(cancelled & set(answers))

    def test_a_thousand_cancelled_calls_are_never_answered_late_and_leave_nothing_behind(self):
        seed = int(os.environ.get("MEMSYNC_TEST_SEED", "20261128"))
        dice = random.Random(seed)
        for era in (LEGACY, MODERN):
            person = self.person(f"c-{era}", self.hub.token)
            with self.subTest(era=era, seed=seed), person.session(era) as session:
                session.call("sync_changes")
                self.pause_hub()
                self.storm(session, dice)
                files, threads, kib = self.measure(session)
                early = self.storm(session, dice)
                self.assertLess(early, CANCELLED, "nothing was cancelled in time")
                more_files, more_threads, more_kib = self.measure(session)
                self.resume_hub()
                self.assertLessEqual(more_files, files + MORE_FILES + 2, "descriptors leak")
                self.assertLessEqual(more_threads, threads + 2, "threads leak")
                self.assertLess(more_kib, kib + MORE_KIB, "memory leaks")
                self.assertTrue(session.call("sync_changes", wait_seconds=50)["settled"])

    def measure(self, session):
        process = f"/proc/{session.pid}"
        return len(os.listdir(f"{process}/fd")), len(os.listdir(f"{process}/task")), session.resident_kib()


class Repeated(Case):
    def test_a_call_repeated_after_the_process_was_killed_is_answered_as_it_was_and_written_once(self):
        call = {
            "name": "edit_document",
            "arguments": {"title": "Plan", "operations": [{"op": "create", "title": "Only once"}]},
            "_meta": {"claudecode/toolUseId": "toolu_01"},
        }
        first = self.ana.session()
        made = first.request("tools/call", call)["structuredContent"]
        first.kill()
        with self.ana.session() as second:
            again = second.request("tools/call", call)["structuredContent"]
            self.assertEqual(again["created"], made["created"])
            self.assertEqual(len(second.call("read_document", document="Plan")["nodes"]), 1)

    def test_a_call_killed_at_any_moment_is_carried_out_once_when_it_is_repeated(self):
        dice = random.Random(20261128)
        for n in range(20):
            call = {
                "name": "edit_document",
                "arguments": {"title": f"Plan {n}", "operations": [{"op": "create", "title": "Only once"}]},
                "_meta": {"claudecode/toolUseId": f"toolu_{n}"},
            }
            session = self.ana.session()
            session.send("tools/call", call)
            # From at once to after the answer.
            select.select([session.process.stdout.fileno()], [], [], dice.random() * 0.02)
            session.kill()
            with self.ana.session() as later:
                later.request("tools/call", call)
                self.assertEqual(len(later.call("read_document", document=f"Plan {n}")["nodes"]), 1)


def main():
    global ARGUMENTS
    ARGUMENTS = parse_arguments(__doc__)
    unittest.main(argv=[sys.argv[0]], verbosity=2)


if __name__ == "__main__":
    main()
