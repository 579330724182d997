"""The program memsync-hub from the outside: its commands, exit codes, files and signals."""

import json
import shutil
import signal
import ssl
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from hub_process import Background, Hub, create_memory, random_id, run, run_json


class Commands(unittest.TestCase):
    def setUp(self):
        self.hub = Hub()
        self.addCleanup(self.hub.__exit__)
        self.data = ("--data", self.hub.data)

    def test_init_makes_owner_team_and_token_once(self):
        self.assertEqual(20, len(self.hub.user))
        self.assertEqual(20, len(self.hub.workspace))
        self.assertTrue(self.hub.token.startswith("mst_"))
        self.assertEqual(0o700, stat.S_IMODE(Path(self.hub.data).stat().st_mode))
        again = run("init", *self.data, "--owner-email", "a@b.example", "--owner-name", "A", "--team", "T")
        self.assertEqual(1, again.returncode)
        self.assertIn("memsync-hub:", again.stderr)

    def test_usage_errors_exit_with_2_and_name_the_option(self):
        for arguments in (
            [],
            ["nonsense"],
            ["init"],
            ["init", *self.data],
            ["serve"],
            ["serve", *self.data, "--nonsense"],
            ["invite", *self.data, "--workspace", "Team", "--email", "a@b.example", "--role", "king"],
            ["user", *self.data],
            ["serve", *self.data, "--tls-cert", "x"],
        ):
            with self.subTest(arguments):
                finished = run(*arguments)
                self.assertEqual(2, finished.returncode)
                self.assertEqual("", finished.stdout)
                self.assertTrue(finished.stderr)
        self.assertEqual(0, run("--help").returncode)
        self.assertEqual(0, run("serve", "--help").returncode)

    def test_failures_exit_with_1_and_say_what_to_do(self):
        for arguments, hint in (
            (["serve", "--data", self.hub.data + "/none"], "memsync-hub init"),
            (["serve", *self.data, "--listen", "nonsense"], "HOST:PORT"),
            (["serve", *self.data, "--tls-cert", "/none", "--tls-key", "/none"], "--tls-cert /none"),
            (["invite", *self.data, "--workspace", "Nowhere", "--email", "a@b.example"], ""),
            (["token", "revoke", *self.data, "--id", "x"], "token list"),
            (["token", "create", *self.data, "--email", "owner@example.org", "--expires", "someday"], "90d"),
            (["backup", *self.data, "--to", "/none/x"], ""),
        ):
            with self.subTest(arguments):
                finished = run(*arguments)
                self.assertEqual(1, finished.returncode)
                self.assertTrue(finished.stderr.startswith("memsync-hub: "), finished.stderr)
                self.assertIn(hint, finished.stderr)
        finished = run("user", "list", "--data", "/none", "--json")
        self.assertEqual("not_found", json.loads(finished.stderr)["code"])

    def test_options_come_from_the_environment_too(self):
        finished = run("user", "list", "--json", environment={"MEMSYNC_HUB_DATA": self.hub.data})
        self.assertEqual("owner@example.org", json.loads(finished.stdout)["users"][0]["email"])

    def test_invite_gives_token_link_and_expiry(self):
        arguments = ["invite", *self.data, "--workspace", self.hub.workspace, "--email", "new@example.org"]
        invited = run_json(*arguments, "--public-url", "https://hub.example/")
        self.assertEqual({"token", "url", "expires_at"}, set(invited))
        self.assertEqual(f"https://hub.example/invite/{invited['token']}", invited["url"])
        self.assertIn("memsync join --hub", run(*arguments).stdout)

    def test_people_tokens_and_workspaces_are_managed(self):
        made = run_json("user", "add", *self.data, "--email", "b@example.org", "--name", "Bo")
        self.assertTrue(made["token"].startswith("mst_"))
        self.assertEqual(2, len(run_json("user", "list", *self.data)["users"]))
        self.assertIn("b@example.org", run("user", "list", *self.data).stdout)
        run_json("user", "password", *self.data, "--email", "b@example.org", stdin="correct horse battery\n")
        short = run("user", "password", *self.data, "--email", "b@example.org", stdin="short\n")
        self.assertEqual(1, short.returncode)

        token = run_json("token", "create", *self.data, "--email", "b@example.org", "--expires", "90d")
        listed = run_json("token", "list", *self.data, "--email", "b@example.org")["tokens"]
        states = {row["id"]: row["state"] for row in listed}
        self.assertIn("valid until", states[token["id"]])
        run_json("token", "revoke", *self.data, "--id", token["id"])

        team = run_json("workspace", "create", *self.data, "--owner-email", "b@example.org", "--name", "Bees")
        names = [row["name"] for row in run_json("workspace", "list", *self.data)["workspaces"]]
        self.assertIn("Bees", names)
        members = run_json("workspace", "members", *self.data, "--workspace", team["workspace"])["members"]
        self.assertEqual(["owner"], [member["role"] for member in members])

    def test_backup_is_a_whole_hub_and_check_finds_it_sound(self):
        copy = Path(self.hub.folder.name) / "copy"
        copy.mkdir()
        run_json("backup", *self.data, "--to", str(copy / "hub.db"))
        self.assertTrue(run_json("check", "--data", str(copy))["ok"])
        self.assertIn("sound", run("check", *self.data).stdout)

    def test_compact_drops_what_every_replica_has_read(self):
        self.hub.start()
        self.hub.push(self.hub.token, random_id(26), [create_memory(n, "x") for n in (1, 2, 3)])
        self.assertEqual({"entries": 0, "nodes": 0}, run_json("compact", *self.data))
        self.assertEqual(3, run_json("compact", *self.data, "--log-days", "0")["entries"])
        self.assertTrue(run_json("check", *self.data)["ok"])
        epoch = self.hub.call("GET", "/api/v1/me", self.hub.token)[1]["epoch"]
        path = f"/api/v1/workspaces/{self.hub.workspace}/pull?after={epoch}.1"
        status, problem = self.hub.call("GET", path, self.hub.token)
        self.assertEqual((410, "resync"), (status, problem["code"]))

    def test_restore_needs_a_folder_that_nobody_serves_and_a_sound_backup(self):
        file = str(Path(self.hub.folder.name) / "backup.db")
        run_json("backup", *self.data, "--to", file)
        self.hub.start()
        refused = run("restore", *self.data, "--from", file)
        self.assertEqual(1, refused.returncode)
        self.assertIn("stop it first", refused.stderr)
        self.hub.stop()
        restored = run_json("restore", *self.data, "--from", file)
        self.assertEqual(([], []), (restored["missing"], restored["returned"]))
        self.assertTrue((Path(restored["kept"]) / "hub.db").exists())
        elsewhere = str(Path(self.hub.folder.name) / "elsewhere")
        fresh = run_json("restore", "--data", elsewhere, "--from", file)
        self.assertEqual(("", False), (fresh["kept"], fresh["compared"]))
        self.assertNotEqual(restored["epoch"], fresh["epoch"])
        self.assertTrue(run_json("check", "--data", elsewhere)["ok"])

    def test_a_restore_ends_the_sign_ins_of_the_backup_and_names_the_passwords_that_are_back(self):
        email = ("--email", "owner@example.org")
        run_json("user", "password", *self.data, *email, stdin="correct horse battery\n")
        self.hub.start()
        login = {"email": email[1], "password": "correct horse battery"}
        signed_in = self.hub.call("POST", "/api/v1/auth/login", body=login)[1]
        self.assertEqual(200, self.hub.call("GET", "/api/v1/me", signed_in["access_token"])[0])
        file = str(Path(self.hub.folder.name) / "backup.db")
        run_json("backup", *self.data, "--to", file)
        changed = run_json("user", "password", *self.data, *email, stdin="another horse battery\n")
        self.assertEqual(1, changed["sessions_ended"])
        self.hub.stop()
        restored = run_json("restore", *self.data, "--from", file)
        self.assertEqual(1, restored["sessions_ended"])
        self.assertIn("the earlier one again", restored["changed"][0])
        self.hub.start()
        self.assertEqual(401, self.hub.call("GET", "/api/v1/me", signed_in["access_token"])[0])
        refresh = {"refresh_token": signed_in["refresh_token"]}
        self.assertEqual(401, self.hub.call("POST", "/api/v1/auth/refresh", body=refresh)[0])
        self.assertEqual(200, self.hub.call("POST", "/api/v1/auth/login", body=login)[0])

    def test_a_restore_that_was_killed_halfway_is_done_again_without_the_files_of_the_hub_before(self):
        file = str(Path(self.hub.folder.name) / "backup.db")
        run_json("backup", *self.data, "--to", file)
        run_json("user", "add", *self.data, "--email", "late@example.org", "--name", "Late")
        data = Path(self.hub.data)
        self.assertTrue((data / "hub.db-wal").stat().st_size)
        killed = data / "before-restore-1"
        killed.mkdir()
        (data / "hub.db").rename(killed / "hub.db")
        owner = ("--owner-email", "a@b.example", "--owner-name", "A")
        for command in (["serve"], ["init", *owner, "--team", "T"]):
            refused = run(*command, *self.data)
            self.assertEqual(1, refused.returncode)
            self.assertIn("a restore is interrupted", refused.stderr)
        restored = run_json("restore", *self.data, "--from", file)
        self.assertEqual(killed, Path(restored["kept"]))
        self.assertTrue(run_json("check", *self.data)["ok"])
        self.assertEqual(1, len(run_json("user", "list", *self.data)["users"]))
        self.assertEqual(2, len(run_json("user", "list", "--data", str(killed))["users"]))


class Serving(unittest.TestCase):
    def test_the_ready_file_has_the_url_while_the_hub_serves(self):
        with Hub() as hub:
            self.assertEqual(hub.url, hub.ready_file.read_text())
            self.assertEqual((200, {"status": "ok"}), hub.call("GET", "/healthz"))
            self.assertEqual((200, {"status": "ready"}), hub.call("GET", "/readyz"))
            self.assertEqual(0, hub.stop())
            self.assertFalse(hub.ready_file.exists())

    def test_both_signals_end_streams_and_process_cleanly(self):
        for with_signal in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(with_signal), Hub() as hub:
                stream = hub.stream(hub.token)
                stream.next("hello")
                ended = Background(lambda: [name for name, _, _ in stream])
                self.assertEqual(0, hub.stop(with_signal))
                self.assertEqual("goaway", ended.result()[-1])

    def test_one_folder_is_served_once(self):
        with Hub() as hub:
            second = run("serve", "--data", hub.data, "--listen", "127.0.0.1:0")
            self.assertEqual(1, second.returncode)
            self.assertIn("another memsync-hub", second.stderr)

    def test_a_taken_port_is_named(self):
        with Hub() as hub, Hub() as other:
            other.stop()
            address = hub.url.removeprefix("http://")
            taken = run("serve", "--data", other.data, "--listen", address)
            self.assertEqual(1, taken.returncode)
            self.assertIn("--listen", taken.stderr)

    def test_invitations_name_the_address_served(self):
        with Hub() as hub:
            invited = hub.invite("new@example.org")
            self.assertTrue(invited["url"].startswith(hub.url + "/invite/"))
            accepted = hub.accept(invited, "Nora")
            self.assertEqual(200, hub.call("GET", "/api/v1/me", accepted["token"])[0])

    def test_the_hub_serves_https_itself(self):
        openssl = shutil.which("openssl")
        if openssl is None:
            self.skipTest("no openssl to make a certificate with")
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = f"{folder}/certificate.pem", f"{folder}/key.pem"
            options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hub"]
            options += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
            subprocess.run([openssl, "req", *options], check=True, capture_output=True)
            with Hub("--tls-cert", certificate, "--tls-key", key) as hub:
                self.assertTrue(hub.url.startswith("https://"))
                hub.tls = ssl.create_default_context(cafile=certificate)
                stream = hub.stream(hub.token)
                self.assertEqual("0", stream.next("hello")["head"])
                many = [create_memory(n, "x" * 150) for n in range(1, 1001)]
                self.assertEqual("1000", hub.push(hub.token, random_id(26), many)[1]["head"])
                seen = 0
                while seen < 1000:
                    seen = int(stream.next("ops")["to"])
                self.assertEqual(0, hub.stop())

    def test_what_was_acknowledged_survives_kill_and_streams_resume(self):
        with Hub() as hub:
            replica = random_id(26)
            stream = hub.stream(hub.token)
            stream.next("hello")
            two = [create_memory(1, "first"), create_memory(2, "second")]
            status, answer = hub.push(hub.token, replica, two)
            self.assertEqual((200, "2"), (status, answer["head"]))
            _, seen, _ = next(event for event in stream if event[0] == "ops")
            self.assertEqual(-signal.SIGKILL, hub.stop(signal.SIGKILL))
            hub.start()
            self.assertEqual(200, hub.push(hub.token, replica, [create_memory(3, "third")])[0])
            ops = hub.stream(hub.token, f"&after={seen}").next("ops")
            self.assertEqual(("3", "3"), (ops["from"], ops["to"]))
            self.assertTrue(run_json("check", "--data", hub.data)["ok"])


class Beside(unittest.TestCase):
    """Commands of the operator act on a serving hub."""

    def setUp(self):
        self.hub = Hub()
        self.addCleanup(self.hub.__exit__)
        self.hub.start()
        self.member = self.hub.accept(self.hub.invite("m@example.org"), "Max")
        self.whom = ("--data", self.hub.data, "--workspace", "Team", "--email", "m@example.org")

    def test_a_removed_members_stream_ends_with_the_proof(self):
        stream = self.hub.stream(self.member["token"])
        stream.next("hello")
        run_json("workspace", "remove-member", *self.whom)
        proof = Background(lambda: [data for name, _, data in stream if name == "revoked"]).result()
        self.assertEqual(self.member["user"]["id"], proof[0]["user"])
        self.assertEqual("removed", proof[0]["code"])
        path = f"/api/v1/workspaces/{self.hub.workspace}"
        status, problem = self.hub.call("GET", path, self.member["token"])
        self.assertEqual((403, "removed"), (status, problem["code"]))

    def test_the_others_hear_of_another_role_and_of_a_removal(self):
        stream = self.hub.stream(self.hub.token)
        stream.next("hello")
        for command in (("set-role", *self.whom, "--role", "viewer"), ("remove-member", *self.whom)):
            run_json("workspace", *command)
            self.assertEqual(self.hub.workspace, stream.next("member")["workspace"])

    def test_a_viewer_cannot_write_from_the_next_push_on(self):
        replica = random_id(26)

        def push(n):
            return self.hub.push(self.member["token"], replica, [create_memory(n, "x")])[1]["results"][0]

        self.assertEqual("applied", push(1)["status"])
        run_json("workspace", "set-role", *self.whom, "--role", "viewer")
        result = push(2)
        self.assertEqual(("rejected", "permission"), (result["status"], result["code"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
