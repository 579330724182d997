"""Starts and asks the program memsync-hub; the build folder is in MEMSYNC_BUILD."""

import hashlib
import http.client
import json
import os
import random
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

PROGRAM = str(Path(os.environ.get("MEMSYNC_BUILD", "build")).resolve() / "memsync-hub")
PATIENCE = 20  # seconds until a wait counts as failed


def clean_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("MEMSYNC_")}


def run(*arguments, stdin=None, environment=None):
    """The finished process of `memsync-hub ARGUMENTS`."""
    return subprocess.run(
        [PROGRAM, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**clean_environment(), **(environment or {})},
        check=False,
    )


def run_json(*arguments, stdin=None):
    finished = run(*arguments, "--json", stdin=stdin)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


class Hub:
    """A hub in a folder of its own, with an owner and a team, serving on a free port."""

    def __init__(self, *serve_options):
        self.folder = tempfile.TemporaryDirectory(prefix="memsync-hub-")
        self.data = str(Path(self.folder.name) / "data")
        self.ready_file = Path(self.folder.name) / "ready"
        owner = ("--owner-email", "owner@example.org", "--owner-name", "Olivia")
        made = run_json("init", "--data", self.data, *owner, "--team", "Team")
        self.user, self.workspace, self.token = made["user"], made["workspace"], made["token"]
        self.serve_options = serve_options
        self.process = None
        self.url = None
        self.tls = None  # an ssl.SSLContext when the hub serves HTTPS

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
        self.folder.cleanup()

    def start(self):
        command = [PROGRAM, "serve", "--data", self.data, "--listen", "127.0.0.1:0"]
        command += ["--ready-file", str(self.ready_file), "--json", *self.serve_options]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
        )
        line = self.process.stdout.readline()  # printed after the ready file
        assert line, self.process.stderr.read()
        self.url = json.loads(line)["url"]

    def stop(self, with_signal=signal.SIGTERM):
        """The exit code after the signal."""
        self.process.send_signal(with_signal)
        self.process.communicate(timeout=PATIENCE)
        code = self.process.returncode
        self.process = None
        return code

    def connection(self):
        address = self.url.split("//")[1]
        if self.tls is None:
            return http.client.HTTPConnection(address, timeout=PATIENCE)
        return http.client.HTTPSConnection(address, timeout=PATIENCE, context=self.tls)

    def call(self, method, path, token=None, body=None):
        """(status, decoded body) of one request."""
        connection = self.connection()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, json.loads(text) if text.startswith("{") else text

    def invite(self, email):
        return run_json("invite", "--data", self.data, "--workspace", "Team", "--email", email)

    def accept(self, invited, name):
        """Who joined: user, workspace, token."""
        path = f"/api/v1/invitations/{invited['token']}/accept"
        status, accepted = self.call("POST", path, body={"name": name})
        assert status == 200, accepted
        return accepted

    def push(self, token, replica, operations):
        body = {"proto": 1, "replica": replica, "epoch": "0", "ops": operations}
        return self.call("POST", f"/api/v1/workspaces/{self.workspace}/push", token, body)

    def stream(self, token, query=""):
        return Stream(self, f"/api/v1/sync/stream?view=ops&workspace_id={self.workspace}{query}", token)


class Stream:
    """Server-sent events as (event, id, data) tuples; ends with the stream."""

    def __init__(self, hub, path, token):
        self.connection = hub.connection()
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()

    def __iter__(self):
        fields = {}
        for line in self.response:
            line = line.decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                yield fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"])
                fields = {}

    def next(self, event):
        """The data of the next event of that name."""
        return next(data for name, _, data in self if name == event)

    def close(self):
        self.connection.close()


ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def random_id(length=20):
    return "".join(random.choice(ALPHABET) for _ in range(length))


def create_memory(n, title):
    """A sealed operation: its hash is over the canonical text without n and hash."""
    claims = {
        "kind": "create",
        "target": random_id(),
        "base": "0",
        "fields": {"title": {"set": title}},
        "place": {"parent": None, "key": "a"},
        "hlc": "0",
        "schema": 1,
    }
    text = json.dumps(claims, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {**claims, "n": str(n), "hash": hashlib.sha256(text.encode()).hexdigest()[:32]}


class Background(threading.Thread):
    """A call on a thread of its own; `result` waits for what it returns."""

    def __init__(self, function):
        super().__init__(daemon=True)
        self.function = function
        self.value = None
        self.start()

    def run(self):
        self.value = self.function()

    def result(self):
        self.join(PATIENCE)
        assert not self.is_alive(), "no result in time"
        return self.value
