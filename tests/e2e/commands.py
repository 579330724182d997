"""Every shell command of `memsync` on real programs: what it prints, its exit code, what it leaves behind."""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import sqlite3
import stat
import struct
import subprocess
import sys
import termios
import unittest

from lib.world import COMMAND_SECONDS, World, email_of, parse_arguments

ARGUMENTS = None


class Case(unittest.TestCase):
    def setUp(self):
        self.world = World(ARGUMENTS.memsync, ARGUMENTS.memsync_hub)
        self.addCleanup(self.world.__exit__, None)

    def run_as(self, person, *words, text_in="", **variables):
        return subprocess.run(
            [str(self.world.memsync), *words],
            env={**person.env, **variables},
            cwd=person.folder,
            input=text_in,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def json_as(self, person, *words, **more):
        done = self.run_as(person, *words, "--json", **more)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return json.loads(done.stdout)

    def call(self, person, tool, **arguments):
        done = self.run_as(person, "call", tool, json.dumps(arguments))
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return json.loads(done.stdout)


class WithoutHub(Case):
    def setUp(self):
        super().setUp()
        self.ana = self.world.person("Ana")

    def test_usage_errors_end_with_2_and_help_with_0(self):
        for words in ((), ("nonsense",), ("search",), ("pending", "--limit", "x"), ("call",)):
            self.assertEqual(self.run_as(self.ana, *words).returncode, 2, words)
        self.assertEqual(self.run_as(self.ana, "--help").returncode, 0)
        self.assertEqual(self.run_as(self.ana, "--version").returncode, 0)

    def test_call_prints_the_structured_result_and_tells_tool_errors_by_its_exit_code(self):
        made = self.call(self.ana, "remember", title="Redis", content="needs a keepalive")
        self.assertTrue(made["created"])
        found = self.call(self.ana, "search_memories", query="keepalive")
        self.assertEqual([row["id"] for row in found["results"]], [made["id"]])
        from_stdin = self.run_as(self.ana, "call", "search_memories", "-", text_in='{"query": "keepalive"}')
        self.assertEqual(len(json.loads(from_stdin.stdout)["results"]), 1)
        for words in (("remember", "{}"), ("no_such_tool", "{}")):
            failed = self.run_as(self.ana, "call", *words)
            self.assertEqual(failed.returncode, 1)
            self.assertIn("error", json.loads(failed.stdout))
        self.assertEqual(self.run_as(self.ana, "call", "remember", "[").returncode, 1)

    def test_tools_lists_all_of_them(self):
        self.assertEqual(len(self.json_as(self.ana, "tools")), 15)
        self.assertIn("search_memories", self.run_as(self.ana, "tools").stdout)

    def test_reading_commands_show_what_was_written(self):
        steps = {"title": "Deploy steps", "content": "build, copy, restart"}
        made = self.call(self.ana, "remember", document="Guide", **steps)
        self.assertIn("Deploy steps", self.run_as(self.ana, "search", "copy", "restart").stdout)
        self.assertIn("Nothing found", self.run_as(self.ana, "search", "zebra").stdout)
        self.assertIn("Guide", self.run_as(self.ana, "show").stdout)
        self.assertIn("build, copy, restart", self.run_as(self.ana, "show", "Guide").stdout)
        self.assertIn("build, copy, restart", self.run_as(self.ana, "show", made["id"]).stdout)
        self.assertEqual(self.json_as(self.ana, "show", "Guide")["document"]["title"], "Guide")
        self.assertIn("Deploy steps", self.run_as(self.ana, "log").stdout)
        self.assertIn("Deploy steps", self.run_as(self.ana, "log", "--document", "Guide").stdout)
        missing = self.run_as(self.ana, "show", "no such document")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("no such document", missing.stderr)
        self.assertEqual(self.run_as(self.ana, "log", "--since", "sometime").returncode, 1)

    def test_a_store_without_hub_is_safe_clean_and_says_so(self):
        self.call(self.ana, "remember", title="Alone", content="local only")
        self.assertIn("on this machine only", self.run_as(self.ana, "status").stdout)
        self.assertIn("clean", self.run_as(self.ana, "dirty").stdout)
        self.assertEqual(self.json_as(self.ana, "pending")["total"], 0)
        self.assertEqual(self.run_as(self.ana, "sync").returncode, 0)
        doctor = self.run_as(self.ana, "doctor")
        self.assertEqual(doctor.returncode, 0, doctor.stdout)

    def test_the_doctor_is_not_green_when_the_store_is_damaged_or_open_to_others(self):
        self.call(self.ana, "remember", title="Precious", content="walrus")
        os.chmod(self.ana.home / "memory.db", 0o644)
        exposed = self.run_as(self.ana, "doctor")
        self.assertEqual(exposed.returncode, 1)
        self.assertIn("chmod 600", exposed.stdout)
        os.chmod(self.ana.home / "memory.db", 0o600)
        with contextlib.closing(sqlite3.connect(self.ana.home / "memory.db")) as store, store:
            store.execute("UPDATE node SET state = replace(state, 'walrus', 'wblrus')")
        damaged = self.run_as(self.ana, "doctor", "--json")
        self.assertEqual(damaged.returncode, 1, damaged.stdout)
        self.assertFalse(json.loads(damaged.stdout)["safe"])

    def test_output_that_could_not_be_written_fails_and_says_so(self):
        self.call(self.ana, "remember", title="Alone", content="local only")
        search = json.dumps({"query": "alone"})
        for words in (("call", "search_memories", search), ("status",), ("status", "--json"), ("watch",)):
            with open("/dev/full", "wb") as full:
                done = subprocess.run(
                    [str(self.world.memsync), *words],
                    env=self.ana.env, cwd=self.ana.folder, stdout=full, stderr=subprocess.PIPE, text=True,
                    timeout=COMMAND_SECONDS, check=False,
                )  # fmt: skip
            self.assertEqual(done.returncode, 1, words)
            self.assertIn("No space left on device", done.stderr)

    def test_watch_ends_when_its_reader_has_gone(self):
        self.call(self.ana, "remember", title="Alone", content="local only")
        for recent in ("5", "0"):  # "0": nothing is written that could fail
            watch = subprocess.Popen(
                [str(self.world.memsync), "watch", "--recent", recent],
                env=self.ana.env, cwd=self.ana.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            try:
                watch.stdout.close()
                self.assertEqual(watch.wait(COMMAND_SECONDS), 1)
                self.assertEqual(watch.stderr.read(), b"")
            finally:
                watch.kill()
                watch.wait()
                watch.stderr.close()

    def test_output_into_a_file_has_no_colours(self):
        self.assertNotIn("\x1b", self.run_as(self.ana, "status", TERM="xterm-256color").stdout)


class Registration(Case):
    def setUp(self):
        super().setUp()
        self.ana = self.world.person("Ana")
        self.home = self.world.folder / "user"
        self.home.mkdir()
        self.ana.env["HOME"] = str(self.home)

    def test_init_shows_the_change_and_writes_only_when_told_to(self):
        config = self.home / ".cursor" / "mcp.json"
        config.parent.mkdir()
        config.write_text('{\n  // mine\n  "mcpServers": {"other": {"command": "x"}}\n}\n')
        shown = self.run_as(self.ana, "init", "--dry-run")
        self.assertIn("+", shown.stdout)
        self.assertNotIn("memsync", config.read_text())
        self.assertEqual(self.run_as(self.ana, "init", text_in="n\n").returncode, 0)
        self.assertNotIn("memsync", config.read_text())
        self.assertEqual(self.run_as(self.ana, "init", text_in="y\n").returncode, 0)
        written = config.read_text()
        self.assertIn("// mine", written)
        self.assertIn(str(self.world.memsync), written)
        self.assertIn('"other"', written)
        self.assertNotIn("memsync", (config.parent / "mcp.json.before-memsync").read_text())
        again = self.json_as(self.ana, "init", "--yes")
        self.assertEqual([client["state"] for client in again["clients"]], ["registered_already"])
        self.assertEqual(config.read_text(), written)

    def test_init_registers_every_host_it_is_asked_for(self):
        done = self.json_as(self.ana, "init", "--client", "all", "--yes")
        self.assertEqual({client["state"] for client in done["clients"]}, {"registered"})
        self.assertEqual(len(done["clients"]), 6)
        for client in done["clients"]:
            with open(client["path"], encoding="utf-8") as file:
                self.assertIn(str(self.world.memsync), file.read())

    def test_init_leaves_a_file_alone_that_it_cannot_understand(self):
        config = self.home / ".claude.json"
        config.write_text("{ broken")
        done = self.run_as(self.ana, "init", "--client", "claude-code", "--yes")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Add this yourself", done.stdout)
        self.assertEqual(config.read_text(), "{ broken")
        self.assertEqual(self.run_as(self.ana, "init", "--client", "emacs").returncode, 1)


class OnHub(Case):
    def setUp(self):
        super().setUp()
        self.hub = self.world.hub().start()
        self.ana = self.world.person("Ana")
        self.ben = self.world.person("Ben")

    def join(self, person):
        invitation = self.invite(person.name)
        words = ["--invite", invitation["token"], "--name", person.name, "--hub", self.hub.url]
        done = self.run_as(person, "join", *words)
        self.assertEqual(done.returncode, 0, done.stderr)

    def invite(self, name):
        return self.hub.command("invite", "--workspace", self.hub.team, "--email", email_of(name))


class WithHub(OnHub):
    def test_login_takes_the_token_from_stdin_and_keeps_it_private(self):
        words = ["--hub", self.hub.url, "--token", "-"]
        done = self.run_as(self.ana, "login", *words, text_in=self.hub.token + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Ana", done.stdout)
        self.assertIn("memsync init", done.stdout)
        config = self.ana.home / "config.json"
        self.assertEqual(stat.S_IMODE(config.stat().st_mode), 0o600)
        self.assertEqual(json.loads(config.read_text())["token"], self.hub.token)
        self.assertNotIn(self.hub.token, done.stdout + done.stderr)

    def test_a_wrong_token_changes_nothing(self):
        done = self.run_as(self.ana, "login", "--hub", self.hub.url, "--token", "mst_wrong")
        self.assertEqual(done.returncode, 1)
        self.assertFalse((self.ana.home / "config.json").exists())
        done = self.run_as(self.ana, "login", "--hub", "http://127.0.0.1:1", "--token", "x")
        self.assertEqual(done.returncode, 1)

    def test_what_one_shares_the_other_finds(self):
        memory = {"title": "Before the team", "content": "written alone: dugong"}
        self.call(self.ana, "remember", document="Old notes", **memory)
        login = self.run_as(self.ana, "login", "--hub", self.hub.url, "--token", self.hub.token)
        self.assertIn('memsync share "Old notes" --to "Team"', login.stdout)
        self.join(self.ben)
        self.assertIn("Nothing found", self.run_as(self.ben, "search", "dugong").stdout)
        shared = self.run_as(self.ana, "share", "Old notes", "--to", "Team")
        self.assertEqual(shared.returncode, 0, shared.stderr)
        self.assertEqual(self.json_as(self.ana, "dirty")["pending"], 2)
        # The workspace in use is the team's now, so of the two documents this is the shared one.
        self.assertEqual(self.run_as(self.ana, "save", "Old notes").returncode, 0)
        self.assertEqual(self.json_as(self.ana, "dirty")["pending"], 0)
        self.assertEqual(self.run_as(self.ben, "sync").returncode, 0)
        found = self.json_as(self.ben, "search", "dugong")["results"]
        self.assertEqual([row["workspace"] for row in found], ["Team"])
        status = self.json_as(self.ana, "status")
        self.assertEqual((status["connection"], status["safe"]), ("live", True))

    def test_who_joins_finds_at_once_what_was_there_before(self):
        self.ana.login(self.hub, self.hub.token)
        self.call(self.ana, "remember", title="Already there", content="before Ben came: okapi")
        self.assertEqual(self.run_as(self.ana, "sync").returncode, 0)
        self.join(self.ben)
        found = self.json_as(self.ben, "search", "okapi")
        self.assertEqual([row["title"] for row in found["results"]], ["Already there"])

    def test_the_doctor_finds_nothing_wrong_after_a_first_sync(self):
        self.ana.login(self.hub, self.hub.token)
        self.call(self.ana, "remember", title="Already there", content="before Ben came: okapi")
        self.assertEqual(self.run_as(self.ana, "sync").returncode, 0)
        self.join(self.ben)
        self.assertEqual(self.run_as(self.ben, "sync").returncode, 0)
        doctor = self.run_as(self.ben, "doctor")
        self.assertEqual(doctor.returncode, 0, doctor.stdout)

    def test_a_sync_whose_time_is_over_before_everything_is_sent_fails(self):
        self.ana.login(self.hub, self.hub.token)
        self.call(self.ana, "remember", title="A", content="b")
        self.hub.process.send_signal(signal.SIGSTOP)  # it accepts connections and says nothing
        done = self.run_as(self.ana, "sync", "--wait", "1")
        self.hub.process.send_signal(signal.SIGCONT)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Still working", done.stdout)
        self.assertEqual(self.run_as(self.ana, "sync").returncode, 0)

    def test_a_save_in_a_copy_of_a_store_is_acknowledged_when_the_hub_has_it(self):
        self.ana.login(self.hub, self.hub.token)
        self.join(self.ben)
        self.call(self.ana, "remember", title="Before", content="x", document="Plan")
        self.assertEqual(self.run_as(self.ana, "sync").returncode, 0)
        copy = str(self.ana.home) + "-copy"
        shutil.copytree(self.ana.home, copy)
        for number in range(3):
            self.call(self.ana, "remember", title=f"First {number}", content="x", document="Plan")
            memory = {"title": f"Second {number}", "content": "x", "document": "Plan"}
            done = self.run_as(self.ana, "call", "remember", json.dumps(memory), MEMSYNC_HOME=copy)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.run_as(self.ana, "sync").returncode, 0)
        save = ("call", "save_document", json.dumps({"document": "Plan"}))
        saved = json.loads(self.run_as(self.ana, *save, MEMSYNC_HOME=copy).stdout)
        self.assertEqual((saved["acknowledged"], saved["pending"]), (True, 0))
        self.assertEqual(self.run_as(self.ben, "sync").returncode, 0)
        titles = {node["title"] for node in self.json_as(self.ben, "show", "Plan")["nodes"]}
        self.assertLessEqual({"First 2", "Second 0", "Second 1", "Second 2"}, titles)

    def test_save_acknowledges_and_says_when_the_hub_is_gone(self):
        self.ana.login(self.hub, self.hub.token)
        self.call(self.ana, "remember", title="A", content="b", document="Plan")
        self.assertEqual(self.run_as(self.ana, "save", "Plan").returncode, 0)
        self.hub.stop()
        self.call(self.ana, "remember", title="C", content="d", document="Plan")
        self.assertEqual(self.run_as(self.ana, "save", "Plan").returncode, 1)
        self.assertEqual(self.run_as(self.ana, "sync").returncode, 1)
        self.assertIn("queued", self.run_as(self.ana, "pending").stdout)
        self.assertIn("Plan", self.run_as(self.ana, "dirty").stdout)
        doctor = self.run_as(self.ana, "doctor")
        self.assertEqual(doctor.returncode, 1)
        self.assertIn("BAD", doctor.stdout)

    def test_a_store_belongs_to_one_person_on_one_hub(self):
        self.ana.login(self.hub, self.hub.token)
        ben = self.hub.invite("Ben")
        other = self.run_as(self.ana, "login", "--hub", self.hub.url, "--token", ben["token"])
        self.assertEqual(other.returncode, 1)
        self.assertIn("another MEMSYNC_HOME", other.stderr)
        second = self.world.hub("second").start()
        other = self.run_as(self.ana, "login", "--hub", second.url, "--token", second.token)
        self.assertEqual(other.returncode, 1)
        self.assertIn("another MEMSYNC_HOME", other.stderr)
        self.assertEqual(self.run_as(self.ana, "doctor").returncode, 0)

    def test_an_invitation_works_once_and_the_link_is_enough(self):
        invitation = self.invite("Ben")
        done = self.run_as(self.ben, "join", "--invite", invitation["url"], "--name", "Ben")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Team", done.stdout)
        carl = self.world.person("Carl")
        again = self.run_as(carl, "join", "--invite", invitation["url"], "--name", "Carl")
        self.assertEqual(again.returncode, 1)

    def test_watch_shows_a_change_of_somebody_else_as_it_arrives(self):
        self.ana.login(self.hub, self.hub.token)
        self.join(self.ben)
        watch = subprocess.Popen(
            [str(self.world.memsync), "watch", "--json", "--recent", "0"],
            env=self.ben.env, cwd=self.ben.folder, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            session = self.ana.session()
            session.call("remember", title="Seen live", content="okapi")
            lines = iter(watch.stdout.readline, "")
            titles = (json.loads(line)["title"] for line in lines)
            self.assertIn("Seen live", titles)
            watch.terminate()
            self.assertEqual(watch.wait(COMMAND_SECONDS), 0)
        finally:
            watch.kill()
            watch.wait()
            watch.stdout.close()


class Conflicts(OnHub):
    """Both changed one line without having seen the other's change: Ana's stands, Ben's waits."""

    BEFORE = "# Redis\nkeepalive is 30\nport is 6379\n"

    def setUp(self):
        super().setUp()
        self.ana.login(self.hub, self.hub.token)
        self.join(self.ben)
        memory = {"title": "Redis", "content": self.BEFORE, "document": "Guide"}
        self.node = self.call(self.ana, "remember", **memory)["id"]
        self.sync(self.ana, self.ben)
        for person, seconds in ((self.ana, "60"), (self.ben, "90")):
            self.edit(person, self.BEFORE.replace("30", seconds))
        self.sync(self.ana, self.ben, self.ana)

    def sync(self, *people):
        for person in people:
            self.assertEqual(self.run_as(person, "sync").returncode, 0)

    def edit(self, person, content):
        update = {"op": "update", "node": self.node, "content": content}
        self.call(person, "edit_document", document="Guide", operations=[update])

    def content(self, person):
        return self.call(person, "read_document", nodes=[self.node])["nodes"][0]["content"]

    def conflicts(self, person):
        return self.json_as(person, "conflicts")["conflicts"]

    def test_everybody_sees_the_conflict_with_both_values_and_who_wrote_them(self):
        for person in (self.ana, self.ben):
            (conflict,) = self.conflicts(person)
            self.assertEqual((conflict["local_author"], conflict["server_author"]), ("Ben", "Ana"))
            self.assertIn("is 90", conflict["local"])
            self.assertIn("is 60", conflict["server"])
            self.assertIn("is 30", conflict["base"])
            self.assertTrue(conflict["local_at"] and conflict["server_at"])
            self.assertIn("Redis", self.run_as(person, "conflicts").stdout)
            self.assertEqual(len(self.json_as(person, "pending")["conflicts"]), 1)
            self.assertEqual(len(self.call(person, "sync_changes")["conflicts"]), 1)
            row = self.call(person, "read_document", nodes=[self.node])["nodes"][0]
            self.assertEqual(row["sync"], "conflict")
        self.assertIn("is 60", self.content(self.ben))

    def test_resolve_shows_both_sides_and_settles_nothing_unless_told_how(self):
        shown = self.run_as(self.ana, "resolve")
        self.assertEqual(shown.returncode, 1)
        self.assertIn("[-90-]", shown.stdout)
        self.assertIn("{+60+}", shown.stdout)
        self.assertIn("--keep-local", shown.stderr)
        self.assertEqual(self.run_as(self.ana, "resolve", "--merge", "--edit").returncode, 2)
        self.assertEqual(self.run_as(self.ana, "resolve", "zzzzzzzz", "--merge").returncode, 1)
        self.assertEqual(len(self.conflicts(self.ana)), 1)

    def test_one_settles_it_and_it_is_settled_for_everybody(self):
        (conflict,) = self.conflicts(self.ana)
        settled = self.run_as(self.ana, "resolve", conflict["id"], "--keep-local")
        self.assertEqual(settled.returncode, 0, settled.stderr)
        self.sync(self.ana, self.ben)
        for person in (self.ana, self.ben):
            self.assertIn("is 90", self.content(person))
            self.assertEqual(self.conflicts(person), [])
            self.assertIn("No open conflicts", self.run_as(person, "resolve").stdout)

    def test_log_tells_who_wrote_each_paragraph_and_what_changed_between_two_points(self):
        self.assertEqual(self.run_as(self.ana, "resolve", "--keep-local").returncode, 0)
        self.sync(self.ana, self.ben)
        blame = self.run_as(self.ben, "log", "--node", self.node, "--blame")
        self.assertEqual(blame.returncode, 0, blame.stderr)
        self.assertIn("content", blame.stdout)
        self.assertIn("Redis", blame.stdout)
        diff = self.run_as(self.ben, "log", "--node", self.node, "--diff")
        self.assertEqual(diff.returncode, 0, diff.stderr)
        self.assertIn("keepalive is [-30-]{+90+}", diff.stdout)
        self.assertEqual(self.run_as(self.ben, "log", "--blame").returncode, 1)
        self.assertEqual(self.run_as(self.ben, "log", "--node", self.node, "--from", "1").returncode, 2)

    def test_the_second_of_two_who_settle_it_changes_nothing(self):
        self.assertEqual(self.run_as(self.ana, "resolve", "--value", "Ana decided").returncode, 0)
        self.assertEqual(self.run_as(self.ben, "resolve", "--value", "Ben decided").returncode, 0)
        self.sync(self.ana, self.ben, self.ana)
        for person in (self.ana, self.ben):
            self.assertEqual(self.content(person), "Ana decided")

    def test_an_editor_makes_one_text_of_both_and_a_text_still_marked_is_kept(self):
        unfinished = self.run_as(self.ana, "resolve", "--edit", EDITOR="true")
        self.assertEqual(unfinished.returncode, 1)
        kept = unfinished.stderr.rsplit(" in ", 1)[1].strip()
        with open(kept, encoding="utf-8") as file:
            self.assertIn("<<<<<<< local (Ben", file.read())
        self.assertEqual(stat.S_IMODE(os.stat(kept).st_mode), 0o600)
        os.remove(kept)
        self.assertEqual(self.run_as(self.ana, "resolve", "--edit", EDITOR="false").returncode, 1)
        decided = self.world.folder / "decided.txt"
        decided.write_text(self.BEFORE.replace("30", "75"))
        done = self.run_as(self.ana, "resolve", "--edit", EDITOR=f"cp '{decided}'")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.sync(self.ana, self.ben)
        self.assertEqual(self.content(self.ben), decided.read_text())
        self.assertEqual([each.name for each in self.ana.home.glob("resolve-*")], [])

    def test_a_terminal_is_asked_in_colours_and_within_its_width(self):
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        asked = subprocess.Popen(
            [str(self.world.memsync), "resolve"],
            env={**self.ana.env, "TERM": "xterm"},
            cwd=self.ana.folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        os.write(ours, b"l\n")
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while more := os.read(ours, 65536):
                shown += more
        os.close(ours)
        self.assertEqual(asked.wait(COMMAND_SECONDS), 0)
        text = shown.decode()
        self.assertIn("\x1b[31m90\x1b[0m", text)
        self.assertIn("Settled content", text)
        both = [line for line in re.sub(r"\x1b\[\d+m", "", text).splitlines() if " | " in line]
        self.assertTrue(both)
        self.assertLessEqual(max(len(line) for line in both), 60)
        self.assertIn("is 90", self.content(self.ana))


if __name__ == "__main__":
    ARGUMENTS = parse_arguments(__doc__)
    sys.argv[1:] = []
    unittest.main(verbosity=1)
