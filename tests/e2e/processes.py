"""Several `memsync mcp` processes of one store: who talks to the hub, how they end, what they share."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
import unittest

from lib.evidence import check_log
from lib.mcp import MODERN, Session, SessionEnded
from lib.memories import created_titles
from lib.process import has_connection, holds_lock, is_running, state
from lib.world import World, parse_arguments

ARGUMENTS = None
PATIENCE = 60  # only a hang takes longer


class Case(unittest.TestCase):
    def setUp(self):
        self.world = World(ARGUMENTS.memsync, ARGUMENTS.memsync_hub)
        self.addCleanup(self.world.__exit__, None)
        self.hub = self.world.hub().start()
        self.ana = self.world.person("Ana")
        self.ben = self.world.person("Ben")
        self.ana.login(self.hub, self.hub.token)
        self.ben.login(self.hub, self.hub.invite("Ben")["token"])

    def wait_until(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)

    def wait_for_memory(self, session, word):
        def found():
            answer = session.call("search_memories", query=word)
            return answer["results"] and not answer["relaxed"]

        self.wait_until(found, f"'{word}' did not arrive")

    def wait_until_live(self, session):
        self.wait_until(lambda: session.call("get_sync_status")["connection"] == "live", "not live")


class Ending(Case):
    def test_the_end_of_input_is_answered_and_ends_with_0(self):
        session = self.ana.session()
        asked = session.send_call("remember", title="Last", content="written before the end of input")
        session.process.stdin.close()
        self.assertTrue(session.wait_call(asked)["created"])
        self.assertEqual(session.process.wait(PATIENCE), 0)

    def test_every_stop_signal_ends_the_process_in_an_orderly_way(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            session = self.ana.session()
            self.wait_until_live(session)
            session.process.send_signal(number)
            self.assertEqual(session.process.wait(PATIENCE), 0, number)

    def test_it_ends_with_its_parent_even_if_somebody_keeps_its_input_open(self):
        read_end, write_end = os.pipe()
        parent = subprocess.Popen(
            ["sh", "-c", '"$0" mcp <&%d & echo $!; wait' % read_end, str(self.world.memsync)],
            env=self.ana.env, cwd=self.ana.folder, stdout=subprocess.PIPE, pass_fds=[read_end],
        )  # fmt: skip
        child = int(parent.stdout.readline())
        os.write(write_end, b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
        parent.stdout.readline()  # it answers, so it knows its parent
        parent.kill()
        parent.wait()
        self.wait_until(lambda: not is_running(child), "the orphan still runs")
        for descriptor in (read_end, write_end):
            os.close(descriptor)
        parent.stdout.close()

    def test_a_wait_for_the_hub_ends_with_the_input(self):
        session = self.ana.session()
        self.wait_until_live(session)
        self.hub.stop()
        session.call("remember", title="Late", content="x", document="Late")
        asked = session.send_call("save_document", document="Late", wait_seconds=50)
        session.process.stdin.close()
        self.assertFalse(session.wait_call(asked)["acknowledged"])
        self.assertEqual(session.process.wait(PATIENCE), 0)


class Sharing(Case):
    def test_processes_of_one_store_see_each_other_s_writes_at_once(self):
        first, second = self.ana.session(), self.ana.session(MODERN)
        first.call("remember", title="Mine", content="pangolin")
        self.wait_for_memory(second, "pangolin")

    def test_what_any_process_writes_reaches_the_team_through_the_one_that_leads(self):
        sessions = [self.ana.session() for _ in range(3)]
        other = self.ben.session()
        for number, session in enumerate(sessions):
            session.call("remember", title=f"From {number}", content=f"tapir{number}")
        for number in range(3):
            self.wait_for_memory(other, f"tapir{number}")
        answer = sessions[2].call("sync_changes", wait_seconds=20)
        self.assertEqual((answer["pending"], answer["connection"]), (0, "live"))

    def test_another_process_takes_over_when_the_leader_is_killed(self):
        first = self.ana.session()
        self.wait_until_live(first)
        second = self.ana.session()
        other = self.ben.session()
        first.kill()
        second.call("remember", title="After", content="written after the leader's death: ibex")
        self.wait_for_memory(other, "ibex")

    def test_a_stopped_leader_is_superseded_and_steps_down_when_it_goes_on(self):
        first = self.ana.session()
        self.wait_until_live(first)
        second = self.ana.session()
        other = self.ben.session()
        self.wait_until_live(second)
        first.process.send_signal(signal.SIGSTOP)
        second.call("remember", title="Meanwhile", content="written while the leader is stopped: gnu")
        self.wait_for_memory(other, "gnu")
        first.process.send_signal(signal.SIGCONT)
        first.call("remember", title="Again", content="written by the former leader: yak")
        self.wait_for_memory(other, "yak")
        other.call("remember", title="Back", content="written by the teammate: emu")
        for session in (first, second):
            self.wait_for_memory(session, "emu")

    def alter(self, person, *statements):
        with contextlib.closing(sqlite3.connect(person.home / "memory.db")) as store, store:
            for statement in statements:
                store.execute(statement)

    def test_who_leads_a_store_that_a_newer_version_upgrades_reads_on_and_writes_nothing(self):
        session = self.ana.session()
        self.wait_until_live(session)
        session.call("remember", title="Before", content="written before the upgrade: okapi")
        self.alter(self.ana, "PRAGMA user_version = 1000")
        memory = {"title": "After", "content": "written after the upgrade: quagga"}
        refused = session.request("tools/call", {"name": "remember", "arguments": memory})
        self.assertTrue(refused["isError"])
        self.assertIn("restart this agent", refused["content"][0]["text"])
        self.ben.session().call("remember", title="News", content="for who cannot write it down: numbat")
        self.wait_until(lambda: session.call("get_sync_status")["connection"] == "offline", "it leads on")
        self.wait_for_memory(session, "okapi")
        self.assertEqual([], session.call("search_memories", query="quagga numbat")["results"])

    def test_an_older_index_is_brought_up_to_date_also_without_a_hub(self):
        carl = self.world.person("Carl")
        carl.call("remember", title="設定", content="東京のRedis接続")
        self.alter(carl, "UPDATE prose SET context = ''", "PRAGMA user_version = 10")
        self.wait_for_memory(carl.session(), "接続")

    def test_a_command_waits_through_the_process_that_leads(self):
        session = self.ana.session()
        self.wait_until_live(session)
        self.ana.command("call", "remember", '{"title": "Shell", "content": "from the command line: lynx"}')
        self.ana.command("sync")
        other = self.ben.session()
        self.wait_for_memory(other, "lynx")

    def test_a_login_is_noticed_by_a_process_that_runs_already(self):
        carl = self.world.person("Carl")
        session = carl.session()
        self.assertEqual(session.call("get_sync_status")["connection"], "no_hub")
        carl.login(self.hub, self.hub.invite("Carl")["token"])
        self.wait_until_live(session)

    def test_subscribers_hear_of_a_teammate_s_change(self):
        session = self.ana.session()
        self.wait_until_live(session)
        session.request("resources/subscribe", {"uri": "memsync://status"})
        self.ben.session().call("remember", title="News", content="heard by subscribers")
        session.wait_notification(lambda message: message["method"] == "notifications/resources/updated")


class Leading(Case):
    """One process of a store talks to the hub; which one, nobody else has to know."""

    def connected(self, sessions):
        """Those of the processes that have a connection with the hub."""
        return [session for session in sessions if has_connection(session.pid, self.hub.port)]

    def wait_for_leader(self, sessions):
        def only_one():
            found = self.connected(sessions)
            return found if len(found) == 1 else None

        self.wait_until(only_one, "not exactly one process is connected")
        return self.connected(sessions)[0]

    def start(self, count):
        sessions = [self.ana.session() for _ in range(count)]
        for session in sessions:
            self.wait_until_live(session)
        leader = self.wait_for_leader(sessions)
        return leader, [session for session in sessions if session is not leader]

    def stop_between_transactions(self, session):
        """SIGSTOP at a moment when it does not hold the writer lock: what nobody can take from a process."""
        while True:
            session.process.send_signal(signal.SIGSTOP)
            self.wait_until(lambda: state(session.pid) == "T", "it does not stop")
            if not holds_lock(session.pid, self.ana.home / "memory.db.lock"):
                return
            session.process.send_signal(signal.SIGCONT)

    def test_exactly_one_of_many_processes_is_connected_also_after_each_death(self):
        leader, others = self.start(5)
        while others:
            leader.kill()
            leader = self.wait_for_leader(others)
            others.remove(leader)
            leader.call("remember", title=f"With {len(others)} others", content="written by the new leader")
        self.wait_for_memory(self.ben.session(), "leader")

    def test_a_save_in_one_process_waits_until_the_leading_one_has_sent_it(self):
        _, others = self.start(3)
        for number, session in enumerate(others):
            session.call("remember", title=f"Saved {number}", content="okapi", document="Saved")
            answer = session.call("save_document", document="Saved", wait_seconds=50)
            self.assertTrue(answer["acknowledged"], answer)
            self.assertEqual(answer["pending"], 0)

    def test_a_save_that_waits_is_acknowledged_by_the_process_that_takes_over(self):
        leader, (other, _) = self.start(3)
        leader.process.send_signal(signal.SIGSTOP)
        other.call("remember", title="Waiting", content="bongo", document="Waiting")
        asked = other.send_call("save_document", document="Waiting", wait_seconds=50)
        leader.kill()
        self.assertTrue(other.wait_call(asked)["acknowledged"])

    def test_a_stopped_leader_that_goes_on_sends_nothing_and_leaves_the_hub_to_its_successor(self):
        leader, others = self.start(3)
        # It is stopped with work in hand: changes of its own and of its neighbours, sent or half sent.
        asked = [s.send_call("remember", title=f"kudu {i} {n}", content="in hand", document=f"In hand {i}")
                 for i, s in enumerate((leader, *others)) for n in range(30)]  # fmt: skip
        self.stop_between_transactions(leader)
        self.wait_until(lambda: self.connected(others), "nobody takes over from a stopped process")
        self.assertTrue(others[0].call("sync_changes", wait_seconds=50)["settled"])
        leader.process.send_signal(signal.SIGCONT)
        self.assertIsNot(self.wait_for_leader([leader, *others]), leader)
        for at, id in enumerate(asked):
            (leader, *others)[at // 30].wait_call(id)
        self.assertTrue(leader.call("sync_changes", wait_seconds=50)["settled"])
        log = self.hub.api(self.hub.token).whole_log(self.hub.team)
        check_log(log)
        titles = [title for title in created_titles(log) if title.startswith("kudu")]
        self.assertEqual(sorted(titles), sorted(f"kudu {i} {n}" for i in range(3) for n in range(30)))

    def test_subscribers_of_a_process_that_does_not_lead_hear_of_neighbours_and_of_teammates(self):
        leader, (other, _) = self.start(3)
        other.request("resources/subscribe", {"uri": "memsync://status"})
        # Different ones: the same memory again is none that anybody hears of.
        for title, writer in (("News at home", leader), ("News of Ben", self.ben.session())):
            writer.call("remember", title=title, content=f"{title}, heard by a process that does not lead")
            other.wait_notification(lambda message: message["method"] == "notifications/resources/updated")


class Starting(Case):
    def test_nothing_is_on_stdout_but_protocol_lines(self):
        session = Session(
            [str(self.world.memsync), "mcp"], {**self.ana.env, "MEMSYNC_LOG": "debug"}, self.ana.folder
        )
        self.world.add(session)
        session.call("sync_changes")
        self.assertEqual(session.anonymous_errors, [])
        session.process.stdin.close()
        with self.assertRaises(SessionEnded):
            while True:
                session.read_message()

    def test_a_project_file_chooses_no_hub(self):
        (self.ana.folder / "config.json").write_text('{"hub": "http://127.0.0.1:1", "token": "x"}')
        session = self.ana.session()
        self.wait_until_live(session)


class FreshHome(Case):
    """Configured by environment variables alone: the first call meets the hub."""

    def setUp(self):
        super().setUp()
        self.ana.call("remember", title="Of the team", content="there before Eva")
        self.ana.command("sync")
        self.eva = self.world.person("Eva").configure(self.hub, self.hub.invite("Eva")["token"])

    def test_the_first_calls_of_an_agent_are_about_its_team(self):
        session = self.eva.session()
        asked = [
            session.send_call("list_documents"),
            session.send_call("remember", title="First words", content="written before anything was fetched"),
        ]
        found, written = (session.wait_call(id) for id in asked)
        self.assertEqual([row["nodes"] for row in found["documents"]], [1])
        self.assertEqual(written["document"]["workspace"], "Team")

    def test_the_first_command_is_about_the_workspace_of_the_environment(self):
        self.eva.env["MEMSYNC_WORKSPACE"] = self.hub.team
        written = self.eva.call("remember", title="One shot", content="by a process of its own")
        self.assertEqual(written["document"]["workspace"], "Team")
        self.assertTrue(self.eva.json("sync")["settled"])

    def test_without_a_hub_in_reach_work_begins_all_the_same(self):
        self.hub.stop()
        written = self.eva.session().call("remember", title="Alone", content="the hub is not there")
        self.assertEqual(written["document"]["workspace"], "local")
        self.eva.env["MEMSYNC_WORKSPACE"] = self.hub.team
        memory = {"title": "For the team", "content": "which this machine never heard of"}
        refused = self.eva.session().request("tools/call", {"name": "remember", "arguments": memory})
        self.assertTrue(refused["isError"])
        self.assertIn("its hub was never reached", refused["content"][0]["text"])


if __name__ == "__main__":
    ARGUMENTS = parse_arguments(__doc__)
    sys.argv[1:] = []
    unittest.main(verbosity=1)
