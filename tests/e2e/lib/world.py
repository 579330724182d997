"""A temporary folder with hubs and people in it; everything started in it ends with it."""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from .hub_api import Api
from .mcp import LEGACY, Session

COMMAND_SECONDS = 60


def parse_arguments(description, *options):
    """The two programs, then the options of the script: (name, default, help) each."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("memsync", type=Path)
    parser.add_argument("memsync_hub", type=Path)
    for name, default, text in options:
        if isinstance(default, bool):
            parser.add_argument(name, action="store_true", help=text)
        else:
            parser.add_argument(name, type=type(default), default=default, help=f"{text} (default {default})")
    arguments = parser.parse_args()
    for program in (arguments.memsync, arguments.memsync_hub):
        if not os.access(program, os.X_OK):
            parser.error(f"{program} is not a program: build it first")
    return arguments


def run_command(command, env, cwd, text_in=""):
    """Runs a program to its end and returns its stdout; RuntimeError with its stderr when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        env=env,
        cwd=cwd,
        input=text_in,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command} exited with {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout


def refusal(run, *words, **options):
    """The error of a command that must fail."""
    try:
        run(*words, **options)
    except RuntimeError as error:
        return str(error)
    raise AssertionError(f"{words} succeeded")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class World:
    """`with World(memsync, memsync_hub) as world:`. MEMSYNC_TEST_KEEP=1 keeps the folder of a failed test."""

    def __init__(self, memsync, memsync_hub):
        self.memsync = Path(memsync).resolve()
        self.memsync_hub = Path(memsync_hub).resolve()
        self.folder = Path(tempfile.mkdtemp(prefix="memsync-"))
        self._ending = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, kind, *unused):
        self._ending.close()
        if kind is None or not os.environ.get("MEMSYNC_TEST_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, thing):
        """Has `thing.kill()` called at the end."""
        self._ending.callback(thing.kill)
        return thing

    def environment(self, **variables):
        """What an agent host may give at least; nothing of this machine's own configuration."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8", **variables}

    def hub(self, name="hub"):
        return self.add(Hub(self, self.folder / name))

    def person(self, name):
        return Person(self, name)


class Hub:
    """A hub's data folder, and its serving process while there is one."""

    def __init__(self, world, data):
        self.world = world
        self.data = data
        self.env = {}  # more of the environment, such as the mail server
        self.process = None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        made = self.command(
            "init", "--owner-email", "ana@example.org", "--owner-name", "Ana", "--team", "Team"
        )
        self.owner, self.team, self.token = made["user"], made["workspace"], made["token"]

    def command(self, name, *options, text_in=""):
        """Runs `memsync-hub NAME...` and returns its JSON; nothing for commands that print nothing."""
        words = name.split()
        out = run_command(
            [self.world.memsync_hub, *words, "--data", self.data, "--json", *options],
            self.world.environment(**self.env),
            self.world.folder,
            text_in,
        )
        return json.loads(out) if out.strip() else None

    def start(self):
        """Serves on the hub's port; returns once connections are accepted."""
        ready = self.data.with_suffix(".ready")
        log = open(self.data.with_suffix(".log"), "ab")
        self.process = subprocess.Popen(
            # A test that is itself killed must not leave a hub behind.
            ["setpriv", "--pdeathsig", "KILL", str(self.world.memsync_hub), "serve", "--json",
             "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}", "--ready-file", str(ready)],
            env=self.world.environment(**self.env),
            cwd=self.world.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )  # fmt: skip
        log.close()
        announced = self.process.stdout.readline()
        if not announced:
            log_text = self.data.with_suffix(".log").read_text()
            raise RuntimeError(f"the hub ended with {self.process.wait()}: {log_text}")
        self.url = ready.read_text().strip()
        return self

    def stop(self):
        """Asks it to end, as a service manager does, and waits."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(COMMAND_SECONDS)
        self.process.stdout.close()
        self.process = None

    def kill(self):
        """kill -9; harmless when it does not run."""
        if self.process is None:
            return
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def api(self, token=None):
        return Api(self.port, token)

    def invite(self, name, role="member", workspace=None):
        """A new person in a workspace (the team by default): the hub's answer with user and token."""
        made = self.command(
            "invite", "--workspace", workspace or self.team, "--email", email_of(name), "--role", role
        )
        return self.api().post(f"/api/v1/invitations/{made['token']}/accept", {"name": name}).json


def email_of(name):
    return f"{name.lower()}@example.org"


class Person:
    """One MEMSYNC_HOME and what its owner does with `memsync`."""

    def __init__(self, world, name):
        self.world = world
        self.name = name
        self.home = world.folder / f"home-{name}"
        # The project is found from the working directory; this one is in none.
        self.folder = world.folder / f"folder-{name}"
        self.folder.mkdir()
        self.env = world.environment(MEMSYNC_HOME=str(self.home))

    def command(self, *words, text_in=""):
        return run_command([self.world.memsync, *words], self.env, self.folder, text_in)

    def json(self, *words, text_in=""):
        """What a command prints for programs."""
        return json.loads(self.command(*words, "--json", text_in=text_in))

    def call(self, tool, **arguments):
        """A tool by a command of its own: the structured result."""
        return json.loads(self.command("call", tool, json.dumps(arguments)))

    def login(self, hub, token):
        return self.login_at(hub.url, token)

    def login_at(self, url, token):
        """Through a proxy, say."""
        self.command("login", "--hub", url, "--token", "-", text_in=token + "\n")
        return self

    def configure(self, hub, token):
        """Like login, by environment variables alone: the first session meets the hub for the first time."""
        self.env |= {"MEMSYNC_HUB_URL": hub.url, "MEMSYNC_TOKEN": token}
        return self

    def session(self, era=LEGACY, greets=True, options=()):
        """A `memsync mcp` process of this person; its log goes to a file beside the home."""
        with open(self.world.folder / f"{self.name}.log", "ab") as log:
            command = [str(self.world.memsync), "mcp", *options]
            return self.world.add(Session(command, self.env, self.folder, era, log, greets))
