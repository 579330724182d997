"""What the measurements share: sizes, the peers, statistics, and how a number is reported."""

import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from lib.mcp import LEGACY, Session  # noqa: E402
from lib.memories import LOAD_BATCH, load  # noqa: E402, F401
from lib.waiting import wait_until  # noqa: E402
from peer_programs import Peers  # noqa: E402
from lib.world import free_port  # noqa: E402

TOOLS = ROOT / "tests" / "tools" / "node_modules"
OFFICIAL_SERVER = TOOLS / "@modelcontextprotocol" / "server-memory" / "dist" / "index.js"


def find_node():
    """The node installed for the tests, else the machine's if it has SQLite; None without one."""
    for node in (TOOLS / ".bin" / "node", shutil.which("node")):
        if node and Path(node).exists():
            probe = subprocess.run([node, "-e", "require('node:sqlite')"], capture_output=True, check=False)
            if probe.returncode == 0:
                return str(node)
    return None


class Bench:
    """One run. Peers that this machine lacks are left out of the report, never guessed."""

    def __init__(self, world, is_quick):
        self.world = world
        self.is_quick = is_quick
        self.node = find_node()
        self.has_official_server = self.node is not None and OFFICIAL_SERVER.exists()
        self._names = 0
        self.peers = Peers(self)

    def size(self, full, quick):
        return quick if self.is_quick else full

    def say(self, text):
        print(f"-- {text}", file=sys.stderr, flush=True)

    def new_name(self, kind):
        self._names += 1
        return f"{kind}-{self._names}"

    # --- the peers ---

    def start_node(self, *arguments, **variables):
        """A program that speaks JSON lines."""
        env = self.world.environment(NODE_NO_WARNINGS="1", **variables)
        return self.world.add(
            Session([self.node, *map(str, arguments)], env, self.world.folder, era=LEGACY, greets=False)
        )

    def floor_replica(self, url=None):
        """The floor's replica; connected when `url` names its hub."""
        replica = self.start_node(HERE / "floor.mjs", "replica", self.world.folder / self.new_name("floor"))
        if url:
            replica.request("connect", {"url": url})
        return replica

    def floor_hub(self):
        """The base URL of a floor's hub that listens."""
        port = free_port()
        hub = self.start_node(HERE / "floor.mjs", "hub", self.world.folder / self.new_name("floor-hub"), port)
        hub.process.stdout.readline()
        return f"http://127.0.0.1:{port}"

    def official_server(self, file, greets=True):
        """The official memory server on a file of its format."""
        server = self.start_node(OFFICIAL_SERVER, MEMORY_FILE_PATH=str(file))
        if greets:
            server.greet()
        return server

    def official_file(self, memories):
        """A file as the official server writes it."""
        file = self.world.folder / f"{self.new_name('official')}.jsonl"
        lines = (json.dumps({"type": "entity", **entity_of(memory)}) for memory in memories)
        file.write_text("\n".join(lines))
        return file


def entity_of(memory):
    """A memory as the official server holds one."""
    return {"name": memory["title"], "entityType": "memory", "observations": [memory["content"]]}


def load_floor(replica, memories):
    for start in range(0, len(memories), LOAD_BATCH):
        rows = [{"id": f"m{start + n}", **m} for n, m in enumerate(memories[start : start + LOAD_BATCH])]
        replica.request("load", {"rows": rows})
    wait_until(lambda: replica.request("state")["not_indexed"] == 0)


def time_each(count, function):
    """Seconds of each `function(n)`."""
    samples = []
    for n in range(count):
        started = time.perf_counter()
        function(n)
        samples.append(time.perf_counter() - started)
    return samples


def percentile_ms(samples, percent):
    ordered = sorted(samples)
    return 1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def number(name, value, unit, **others):
    """One reported number; each of `others` (a peer's or the floor's) with the ratio of ours to it."""
    reported = {"name": name, "value": round(value, 4), "unit": unit}
    for peer, theirs in others.items():
        if theirs is not None:
            ratio = round(value / theirs, 3) if theirs else None
            reported[peer] = {"value": round(theirs, 4), "ratio": ratio}
    return reported


def latencies(name, ours, percents=(50, 99), **others):
    """The percentiles of a set of samples in seconds, beside those of the peers."""
    return [
        number(
            f"{name} p{percent}",
            percentile_ms(ours, percent),
            "ms",
            **{peer: percentile_ms(theirs, percent) for peer, theirs in others.items() if theirs},
        )
        for percent in percents
    ]


def describe_machine():
    cpu = next(
        (line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "load_at_start": round(os.getloadavg()[0], 2),
    }


def find_commit():
    done = subprocess.run(
        ["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
