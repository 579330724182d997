#!/usr/bin/env python3
"""News of teammates reach a running agent: updated resources, channel, hook, digest; and what the debugging
commands show of the protocol."""

import json
import stat
import subprocess
import sys
import unittest

from lib.mcp import LEGACY, MODERN, RpcError
from lib.world import COMMAND_SECONDS, World, parse_arguments

ARGUMENTS = None


class Case(unittest.TestCase):
    def setUp(self):
        self.world = World(ARGUMENTS.memsync, ARGUMENTS.memsync_hub)
        self.addCleanup(self.world.__exit__, None)
        self.hub = self.world.hub().start()
        self.ana = self.person("Ana", self.hub.token)
        self.ben = self.person("Ben", self.hub.invite("Ben")["token"])
        self.tell("Redis", document="Notes")

    def person(self, name, token):
        person = self.world.person(name).login(self.hub, token)
        person.env["MEMSYNC_WORKSPACE"] = self.hub.team
        return person

    def tell(self, title, **more):
        """Ben writes, and the hub has it."""
        arguments = json.dumps({"title": title, "content": f"about {title}", **more})
        self.ben.command("call", "remember", arguments)
        self.ben.command("sync")

    def run_as(self, person, *words):
        return subprocess.run(
            [str(self.world.memsync), *words],
            env=person.env,
            cwd=person.folder,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )


class Subscribed(Case):
    # One resource under several names: whoever subscribed to a name hears of that name.
    URIS = ["memsync://status", "memsync://Team/activity", "memsync://Team/documents/Notes"]

    def updated(self, session, uri):
        return session.wait_notification(
            lambda m: m["method"] == "notifications/resources/updated" and m["params"]["uri"] == uri
        )

    def test_a_legacy_session_hears_of_what_it_subscribed_to_by_whatever_name(self):
        with self.ana.session(LEGACY) as session:
            session.call("sync_changes")
            for uri in self.URIS:
                session.request("resources/subscribe", {"uri": uri})
            self.tell("Postgres", document="Notes")
            for uri in self.URIS:
                self.updated(session, uri)
            session.request("resources/unsubscribe", {"uri": self.URIS[1]})
            self.tell("Kafka", document="Notes")
            self.updated(session, self.URIS[2])
            session.request("ping")
            told = [m.get("params", {}).get("uri") for m in session.notifications]
            self.assertNotIn(self.URIS[1], told)

    def test_a_modern_client_hears_it_on_its_subscription(self):
        with self.ana.session(MODERN) as session:
            session.call("sync_changes")
            wanted = {"resourceSubscriptions": self.URIS, "resourcesListChanged": True}
            listening = session.send("subscriptions/listen", {"notifications": wanted})
            accepted = session.wait_notification(
                lambda m: m["method"] == "notifications/subscriptions/acknowledged"
            )
            agreed = accepted["params"]["notifications"]
            self.assertTrue(agreed["resourcesListChanged"])
            self.assertEqual(sorted(agreed["resourceSubscriptions"]), sorted(self.URIS))
            self.tell("Postgres", document="Notes")
            for uri in self.URIS:
                meta = self.updated(session, uri)["params"]["_meta"]
                self.assertEqual(meta["io.modelcontextprotocol/subscriptionId"], listening)

    def test_clients_hear_of_new_documents_and_not_of_new_notes_in_old_ones(self):
        with self.ana.session(LEGACY) as session:
            self.assertTrue(session.hello["capabilities"]["resources"]["listChanged"])
            session.call("sync_changes")
            session.request("resources/subscribe", {"uri": self.URIS[2]})
            session.notifications.clear()
            self.tell("Postgres", document="Notes")
            self.updated(session, self.URIS[2])
            changed = "notifications/resources/list_changed"
            self.assertNotIn(changed, [m["method"] for m in session.notifications])
            self.tell("Alpha", document="Another one")
            session.wait_notification(lambda m: m["method"] == changed)


class Pushed(Case):
    def test_a_channel_tells_what_teammates_do_and_refuses_the_modern_era(self):
        self.ana.command("sync")
        with self.ana.session(LEGACY, options=["--channel"]) as session:
            self.assertEqual(session.hello["capabilities"]["experimental"], {"claude/channel": {}})
            self.assertIn("<channel", session.hello["instructions"])
            session.call("sync_changes")
            self.tell("Postgres", document="Notes")
            told = session.wait_notification(
                lambda m: m["method"] == "notifications/claude/channel"
                and 'Ben created "Postgres"' in m["params"]["content"]
            )
            self.assertIn("not instructions", told["params"]["content"])
            self.assertEqual(told["params"]["meta"]["workspace"], "Team")
            self.assertTrue(all(isinstance(value, str) for value in told["params"]["meta"].values()))
        with self.ana.session(MODERN, greets=False, options=["--channel"]) as session:
            with self.assertRaises(RpcError) as refused:
                session.greet()
            self.assertEqual(refused.exception.code, -32601)

    def test_without_the_channel_nothing_experimental_is_offered(self):
        with self.ana.session(LEGACY) as session:
            self.assertNotIn("experimental", session.hello["capabilities"])

    def test_the_digest_tells_each_change_once_and_the_prompt_hook_goes_on_from_there(self):
        first = self.run_as(self.ana, "digest", "--wait", "20")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn('Ben created "Redis"', first.stdout)
        self.assertIn("nothing new since the last digest", self.run_as(self.ana, "digest").stdout)
        self.tell("Postgres", document="Notes")
        self.assertIn("Postgres", self.run_as(self.ana, "digest", "--wait", "20", "--keep").stdout)
        with self.ana.session() as session:
            session.call("sync_changes", wait_seconds=30)
            hooked = session.request(
                "tools/call", {"name": "team_activity", "arguments": {"format": "prompt_hook"}}
            )
            self.assertNotIn("structuredContent", hooked)
            output = json.loads(hooked["content"][0]["text"])["hookSpecificOutput"]
            self.assertEqual(output["hookEventName"], "UserPromptSubmit")
            self.assertIn("Postgres", output["additionalContext"])
            self.assertNotIn("Redis", output["additionalContext"])

    def test_the_digest_works_without_the_hub(self):
        self.ana.command("sync")
        self.hub.stop()
        offline = self.run_as(self.ana, "digest", "--since", "1d")
        self.assertEqual(offline.returncode, 0, offline.stderr)
        self.assertIn("Redis", offline.stdout)
        self.assertEqual(self.run_as(self.ana, "digest", "--since", "sometime").returncode, 1)

    def test_what_a_teammate_did_is_told_once_with_the_next_result(self):
        with self.ana.session() as session:
            session.call("sync_changes")
            self.tell("Postgres", document="Notes")
            results = [session.call("sync_changes", wait_seconds=30)]
            results += [session.call("is_document_dirty") for _ in range(2)]
            told = [line for result in results for line in result.get("news", [])]
            self.assertEqual(["Postgres" in line for line in told], [True], told)


class Debugging(Case):
    def test_a_trace_has_every_line_of_both_directions_without_secrets_and_only_for_its_owner(self):
        trace = self.world.folder / "trace"
        with self.ana.session(options=["--trace", str(trace)]) as session:
            session.call("search_memories", query=f"why does {self.hub.token} fail")
            session.call("remember", title="A key", content="use sk-abcdefghij0123456789", document="Notes")
            session.write_bytes(b"no json\n")
            session.read_message()
            session.close()
        lines = trace.read_text().splitlines()
        self.assertEqual(stat.S_IMODE(trace.stat().st_mode), 0o600)
        directions = [line.split(" ", 2)[1] for line in lines]
        self.assertEqual(directions.count("-->"), 5)  # initialize, initialized, two calls and no JSON
        self.assertGreaterEqual(directions.count("<--"), 4)
        text = "\n".join(lines)
        self.assertNotIn(self.hub.token, text)
        self.assertNotIn("sk-abcdefghij0123456789", text)
        self.assertIn('"no json"', text)
        unwritable = self.run_as(self.ana, "mcp", "--trace", "/no/such/folder/trace")
        self.assertEqual(unwritable.returncode, 1)
        self.assertIn("cannot write the trace", unwritable.stderr)

    def test_inspect_shows_what_a_client_sees(self):
        self.ana.command("sync")
        seen = json.loads(self.run_as(self.ana, "inspect", "--json").stdout)
        with self.ana.session(MODERN) as session:
            for member, method in (("tools", "tools/list"), ("prompts", "prompts/list"),
                                   ("resources", "resources/list")):  # fmt: skip
                self.assertEqual(seen[member], session.request(method)[member])
            self.assertEqual(seen["discover"]["instructions"], session.hello["instructions"])
        text = self.run_as(self.ana, "inspect").stdout
        for part in ("15 tools", "instructions", "search_memories", "catch_up", "memsync://status"):
            self.assertIn(part, text)
        self.assertIn("inputSchema", self.run_as(self.ana, "inspect", "remember").stdout)
        unknown = self.run_as(self.ana, "inspect", "no_such_tool")
        self.assertEqual(unknown.returncode, 1)
        self.assertIn("search_memories", unknown.stderr)

    def run_program(self, command):
        done = subprocess.run(command, env=self.ana.env, cwd=self.ana.folder, capture_output=True, text=True,
                              timeout=COMMAND_SECONDS, check=True)  # fmt: skip
        return done.stdout

    def test_the_plugin_is_written_whole_and_its_launcher_serves(self):
        folder = self.world.folder / "plugin with space"
        written = self.run_as(self.ana, "init", "--plugin", "--folder", str(folder))
        self.assertEqual(written.returncode, 0, written.stderr)
        self.assertIn("/plugin marketplace add", written.stdout)
        server = json.loads((folder / ".mcp.json").read_text())["mcpServers"]["memsync"]
        words = [word.replace("${CLAUDE_PLUGIN_ROOT}", str(folder)) for word in server["args"]]
        self.assertEqual(words[1:], ["mcp"])
        self.assertIn("memsync", self.run_program([server["command"], words[0], "--version"]))
        hooks = json.loads((folder / "hooks/hooks.json").read_text())["hooks"]
        start = hooks["SessionStart"][0]["hooks"][0]["command"]
        start = start.replace("${CLAUDE_PLUGIN_ROOT}", str(folder))
        self.assertIn("Shared memory", self.run_program(["sh", "-c", start]))
        again = self.run_as(self.ana, "init", "--plugin", "--folder", str(folder), "--json")
        self.assertFalse(json.loads(again.stdout)["written"], "nothing had changed")
        (folder / "commands/handoff.md").write_text("mine")
        asked = self.run_as(self.ana, "init", "--plugin", "--folder", str(folder))
        self.assertEqual(asked.returncode, 1, "a changed file was replaced without asking")
        self.assertEqual((folder / "commands/handoff.md").read_text(), "mine")


def main():
    global ARGUMENTS
    ARGUMENTS = parse_arguments(__doc__)
    unittest.main(argv=[sys.argv[0]], verbosity=2)


if __name__ == "__main__":
    main()
