"""Other programs that keep copies of one state equal, each driven by a program in peers/.

What a peer does not do is part of the report: a ratio to it means nothing without that.
"""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from lib.world import free_port

FOLDER = Path(__file__).resolve().parent / "peers"
ALL_LACK = [
    "acknowledges before the data is on disk: neither replica nor hub calls fsync when a memory is written",
    "no full-text search: found means readable by its id, for memsync and the floor found by search",
    "no accounts, rights or authors are checked",
]


@dataclass
class PeerKind:
    """A kind of peer; `name` is what the report calls it."""

    name: str
    script: str
    packages: list
    storage: str
    lacks: list
    options: list = field(default_factory=list)

    def versions(self):
        """What is installed of its packages; None when one is missing."""
        found = {}
        for package in self.packages:
            manifest = FOLDER / "node_modules" / package / "package.json"
            if not manifest.exists():
                return None
            found[package] = json.loads(manifest.read_text())["version"]
        return found

    def starts(self, node):
        """Whether the programs can be loaded at all: some need add-ons made for this machine."""
        imports = ";".join(f"await import({json.dumps(package)})" for package in self.packages)
        done = subprocess.run(
            [node, "--input-type=module", "-e", imports], cwd=FOLDER, capture_output=True, check=False
        )
        return done.returncode == 0

    def describe(self, is_installed):
        if not is_installed:
            return {"installed": False}
        return {
            "installed": True,
            "versions": self.versions(),
            "storage": self.storage,
            "does_not": [*self.lacks, *ALL_LACK],
        }


KINDS = [
    PeerKind(
        "pouchdb",
        "pouchdb.mjs",
        ["pouchdb", "express-pouchdb"],
        "LevelDB on every replica and on the hub, written without fsync",
        ["concurrent edits of one document are not merged: one wins, the other is kept as a conflict"],
    ),
    PeerKind(
        "yjs_y_websocket",
        "yjs.mjs",
        ["yjs", "y-websocket", "y-leveldb"],
        "y-leveldb on every replica and on the hub, written without fsync; all in memory besides",
        ["the hub passes updates on before it stores them", "every process holds the whole state in memory"],
        ["y-websocket"],
    ),
    PeerKind(
        "hocuspocus",
        "yjs.mjs",
        ["yjs", "@hocuspocus/server", "@hocuspocus/provider", "@hocuspocus/extension-database", "y-leveldb"],
        "y-leveldb on every replica; on the hub the whole state in SQLite, some 2 s after a change",
        [
            "the hub stores a change seconds after it passed it on",
            "every process holds the whole state in memory",
        ],
        ["hocuspocus"],
    ),
]


class Peers:
    """The peers of one run; `installed` are those that this machine has."""

    def __init__(self, bench):
        self._bench = bench
        self.installed = [
            kind for kind in KINDS if bench.node and kind.versions() is not None and kind.starts(bench.node)
        ]

    def describe(self):
        return {kind.name: kind.describe(kind in self.installed) for kind in KINDS}

    def measure(self, measure_one, *arguments):
        """`measure_one(peer, *arguments)` of each installed peer, by its name."""
        return {kind.name: measure_one(Peer(self._bench, kind), *arguments) for kind in self.installed}


class Peer:
    """One hub of a kind of peer and its replicas."""

    def __init__(self, bench, kind):
        self._bench = bench
        self._kind = kind
        port = free_port()
        self.hub = self._start("hub", port)
        self.hub.process.stdout.readline()
        self.url = f"http://127.0.0.1:{port}"

    def _start(self, role, *more):
        folder = self._bench.world.folder / self._bench.new_name(self._kind.name)
        return self._bench.start_node(FOLDER / self._kind.script, *self._kind.options, role, folder, *more)

    def replica(self, connected=True):
        replica = self._start("replica")
        if connected:
            self.connect(replica)
        return replica

    def connect(self, replica):
        replica.request("connect", {"url": self.url})

    def close(self):
        self.hub.kill()
