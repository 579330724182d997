#!/usr/bin/env python3
"""`memsync doctor` on real damage: finds it, says what it would do, and repairs without losing a change."""

import hashlib
import json
import sqlite3
import subprocess
import sys
import unittest

from lib.memories import created_titles
from lib.world import COMMAND_SECONDS, World, parse_arguments, refusal

ARGUMENTS = None


def row_hash(*parts):
    """The guard of a stored row (src/storage/row_hash.h)."""
    text = b"".join(len(part).to_bytes(8, "little") + part for part in (p.encode() for p in parts))
    return hashlib.sha256(text).digest()[:16]


class Doctor(unittest.TestCase):
    def setUp(self):
        self.world = World(ARGUMENTS.memsync, ARGUMENTS.memsync_hub)
        self.addCleanup(self.world.__exit__, None)
        self.hub = self.world.hub().start()
        self.ana = self.world.person("ana").login(self.hub, self.hub.token)
        self.ana.env["MEMSYNC_WORKSPACE"] = self.hub.team
        self.remember("Redis", "needs a keepalive of sixty seconds")
        self.ana.command("sync")

    def remember(self, title, content):
        memory = {"title": title, "content": content, "document": "Notes"}
        self.ana.command("call", "remember", json.dumps(memory))

    def run_doctor(self, *options, text_in=""):
        return subprocess.run(
            [str(self.world.memsync), "doctor", *options],
            env=self.ana.env,
            cwd=self.ana.folder,
            input=text_in,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def examine(self, *options):
        """(exit code, JSON) of the doctor."""
        done = self.run_doctor("--json", *options)
        self.assertTrue(done.stdout, done.stderr)
        return done.returncode, json.loads(done.stdout)

    def damage(self, *statements):
        """Changes the store behind memsync's back, while nobody has it open."""
        with sqlite3.connect(self.ana.home / "memory.db") as database:
            for statement, values in statements:
                self.assertGreater(database.execute(statement, values).rowcount, 0, statement)
        database.close()

    def change_register(self):
        """Another content under a hash that fits: only the hub's digest tells."""
        with sqlite3.connect(self.ana.home / "memory.db") as database:
            row, node, state = database.execute(
                "SELECT row, id, state FROM node WHERE title = 'Redis'"
            ).fetchone()
            changed = json.loads(state)
            changed["stamps"] = [["1", *stamp[1:]] for stamp in changed["stamps"]]
            changed["f"]["content"][1] = "needs nothing"
            text = json.dumps(changed, sort_keys=True, separators=(",", ":"))
            values = (text, row_hash(node, text), row)
            database.execute("UPDATE node SET state = ?, hash = ? WHERE row = ?", values)
        database.close()

    def shown(self):
        return self.ana.command("show", "Notes")

    def test_a_sound_store_is_what_the_hub_has_and_needs_no_repair(self):
        code, report = self.examine()
        self.assertEqual((0, True, []), (code, report["safe"], report["repair"]), report)
        states = [f["state"] for f in report["findings"] if f["check"] == "state"]
        self.assertTrue(states and set(states) == {"ok"}, report)
        self.assertIn("nothing to repair", self.run_doctor("--repair").stdout)

    def test_a_state_that_differs_from_the_hubs_is_fetched_again(self):
        self.change_register()
        code, report = self.examine()
        self.assertEqual((1, False), (code, report["safe"]), report)
        self.assertIn("fetch the confirmed state", " ".join(report["repair"]))
        code, report = self.examine("--repair", "--yes")
        self.assertEqual((0, True, []), (code, report["safe"], report["repair"]), report)
        self.assertIn("Team", report["repaired"]["refetched"])
        self.assertIn("keepalive of sixty", self.shown())

    def test_flipped_bytes_are_repaired_after_asking_and_what_waits_is_sent(self):
        self.hub.stop()
        self.remember("Kafka", "written while the hub was away")
        self.damage(("UPDATE node SET state = replace(state, 'sixty', 'sixti') WHERE title = 'Redis'", ()))
        declined = self.run_doctor("--repair", text_in="n\n")
        self.assertEqual(1, declined.returncode)
        self.assertIn("The repair will:", declined.stdout)
        self.assertIn("Nothing was changed", declined.stdout)
        agreed = self.run_doctor("--repair", text_in="y\n")
        self.assertIn("as soon as the hub can be reached", agreed.stdout)
        self.hub.start()
        self.ana.command("sync")
        code, report = self.examine()
        self.assertEqual((0, True), (code, report["safe"]), report)
        self.assertIn("keepalive of sixty", self.shown())
        self.assertIn("Kafka", created_titles(self.hub.api(self.hub.token).whole_log(self.hub.team)))

    def test_a_broken_index_is_filled_again(self):
        self.damage(("DELETE FROM prose", ()))
        code, report = self.examine()
        self.assertEqual(1, code)
        self.assertEqual(["rebuild the search index"], report["repair"])
        code, report = self.examine("--repair", "--yes")
        self.assertEqual(0, code, report)
        self.assertIn("Redis", self.ana.command("search", "keepalive"))

    def test_an_unreadable_operation_is_set_aside_and_can_be_exported(self):
        self.hub.stop()
        self.remember("Kafka", "written while the hub was away")
        damage = "UPDATE outbox SET operation = replace(operation, 'Kafka', 'Kafk_') WHERE kind = 'create'"
        self.damage((damage, ()))
        self.examine("--repair", "--yes")
        listed = json.loads(self.ana.command("pending", "--json"))
        self.assertEqual(["damaged"], [row["reason"] for row in listed["set_aside"]])
        self.assertIn("set aside", self.ana.command("pending"))
        exported = json.loads(self.ana.command("pending", "--export", "aside"))
        self.assertIn("Kafk_", json.dumps(exported))
        self.ana.command("pending", "--discard", exported[0]["id"])
        self.assertEqual([], json.loads(self.ana.command("pending", "--json"))["set_aside"])

    def test_what_could_not_be_looked_at_is_never_green(self):
        self.drop("touch")
        done = self.run_doctor("--json")
        self.assertNotEqual(0, done.returncode)
        self.assertNotIn('"safe":true', done.stdout)

    def test_a_file_that_sqlite_cannot_read_is_to_be_moved_aside(self):
        self.hub.stop()
        for name in ["memory.db-wal", "memory.db-shm"]:
            (self.ana.home / name).unlink(missing_ok=True)
        file = self.ana.home / "memory.db"
        file.write_bytes(file.read_bytes()[:100] + b"\xff" * 100_000)
        examined = self.run_doctor("--repair")
        self.assertEqual(1, examined.returncode)
        self.assertIn("move memory.db* aside and log in again", examined.stdout)
        self.assertNotIn("nothing to repair", examined.stdout)

    def drop(self, table):
        with sqlite3.connect(self.ana.home / "memory.db") as database:
            database.execute(f"DROP TABLE {table}")
        database.close()


class Removed(unittest.TestCase):
    def test_what_was_unsent_on_removal_is_listed_exported_and_discarded(self):
        world = World(ARGUMENTS.memsync, ARGUMENTS.memsync_hub)
        self.addCleanup(world.__exit__, None)
        hub = world.hub().start()
        bob = world.person("bob").login(hub, hub.invite("Bob")["token"])
        bob.env["MEMSYNC_WORKSPACE"] = hub.team
        hub.stop()
        memory = {"title": "Unsent", "content": "mine", "document": "Notes"}
        bob.command("call", "remember", json.dumps(memory))
        hub.command("workspace remove-member", "--workspace", hub.team, "--email", "bob@example.org")
        hub.start()
        del bob.env["MEMSYNC_WORKSPACE"]
        bob.command("sync")
        listed = json.loads(bob.command("pending", "--json"))["set_aside"]
        self.assertEqual({"removed"}, {row["reason"] for row in listed}, listed)
        self.assertEqual({"Team"}, {row["workspace"] for row in listed})
        titles = [row["operation"].get("fields", {}).get("title", {}).get("set") for row in listed]
        self.assertIn("Unsent", titles)
        self.assertEqual(listed, json.loads(bob.command("pending", "--export", "aside")))
        one = json.loads(bob.command("pending", "--export", listed[0]["id"]))
        self.assertEqual(listed[:1], one)
        status = json.loads(bob.command("status", "--json"))
        self.assertEqual((len(listed), False), (status["set_aside"], status["safe"]), status)
        told = f"{len(listed)} changes set aside: `memsync pending` shows them"
        self.assertIn(told, bob.command("status"))
        examined = bob.command("doctor")
        self.assertIn(told, examined)
        self.assertNotIn("the hub has every change", examined)
        bob.command("pending", "--discard", "aside")
        self.assertEqual([], json.loads(bob.command("pending", "--json"))["set_aside"])
        self.assertIn("Everything written here is on the hub.", bob.command("status"))

    def test_a_revoked_token_is_named_as_what_keeps_changes_here(self):
        world = World(ARGUMENTS.memsync, ARGUMENTS.memsync_hub)
        self.addCleanup(world.__exit__, None)
        hub = world.hub().start()
        bob = world.person("bob").login(hub, hub.invite("Bob")["token"])
        for token in hub.command("token list", "--email", "bob@example.org")["tokens"]:
            hub.command("token revoke", "--id", token["id"])
        memory = {"title": "Unsent", "content": "mine", "document": "Notes"}
        bob.command("call", "remember", json.dumps(memory))
        advice = "the hub refuses this token: `memsync login`"
        refused = refusal(bob.command, "sync")
        self.assertIn(advice, refused)
        self.assertIn("2 changes wait here", refused)
        self.assertIn(advice, bob.command("status"))
        examined = refusal(bob.command, "doctor")
        self.assertIn(advice, examined)
        self.assertNotIn("`memsync sync` sends them now", examined)
        repairing = refusal(bob.command, "doctor", "--repair")
        self.assertNotIn("nothing to repair", repairing)
        self.assertIn("nothing that a repair can mend", repairing)


if __name__ == "__main__":
    ARGUMENTS, rest = parse_arguments(__doc__), []
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
