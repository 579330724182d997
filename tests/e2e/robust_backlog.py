#!/usr/bin/env python3
"""A backlog of days: all that was written without the hub gets there, through kills, in little memory.

One replica writes without a hub, then sends; another one, which knows nothing yet, catches up. Client and hub
are killed in the middle of both. Whoever watches is told how far it is.
"""

import collections
import json
import os
import pty
import re
import subprocess
import sys
import threading
import time

from lib.evidence import check_log
from lib.memories import created_titles, list_documents, load, sequence_of
from lib.process import peak_mib
from lib.waiting import wait_until
from lib.world import World, parse_arguments

CLIENT_LIMIT_MIB = 61  # 64 MB
HUB_LIMIT_MIB = 128
SECONDS = 1200  # for each stage of the longest form
PAUSE = 0.02
TEXT = "What was found out offline, in a sentence or two, with enough words to be like a note. " * 3


class Terminal:
    """A command on a terminal of its own, whose output is kept."""

    def __init__(self, person, *words):
        ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [person.world.memsync, *words], env={**person.env, "TERM": "xterm"}, cwd=person.folder,
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self._ours = ours
        self._output = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        try:
            while piece := os.read(self._ours, 1 << 16):
                self._output += piece
        except OSError:
            pass  # the command has ended

    def text(self):
        return self._output.decode(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._thread.join()


class Memory:
    """The most memory any process of a kind had resident, in MiB."""

    def __init__(self):
        self.most = collections.defaultdict(float)

    def note(self, kind, pid):
        self.most[kind] = max(self.most[kind], peak_mib(pid))


def write_offline(hub, ana, count, memory):
    """Returns how many operations wait afterwards."""
    with ana.session() as session:
        session.call("sync_changes", workspace=hub.team, wait_seconds=20)
    hub.stop()
    with ana.session() as session:
        memories = [{"title": f"Offline note {n}", "content": f"{n}: {TEXT}"} for n in range(count)]
        load(session, memories)
        memory.note("client that writes", session.pid)
        pending = session.call("get_sync_status")["pending"]
    assert pending >= count
    return pending


def send_all(hub, ana, pending, memory):
    """The hub is back; it is killed after a third, the client after two thirds."""
    api = hub.api(hub.token)
    hub.start()
    session = ana.session()
    terminal = ana.world.add(Terminal(ana, "sync", "--wait", "600"))
    wait_until(lambda: api.head(hub.team) > pending / 3, "nothing is sent", SECONDS, PAUSE)
    memory.note("hub", hub.process.pid)
    hub.kill()
    hub.start()
    wait_until(lambda: api.head(hub.team) > 2 * pending / 3, "sending has stopped", SECONDS, PAUSE)
    memory.note("client that sends", session.pid)
    session.kill()
    session = ana.session()
    wait_until(lambda: session.call("get_sync_status")["pending"] == 0, "never sent", SECONDS, PAUSE)
    memory.note("client that sends", session.pid)
    shown = re.findall(r"sent (\d+) of (\d+)", terminal.text())
    assert len(shown) > 1 and any(0 < int(n) < int(m) for n, m in shown), (
        f"`memsync sync` does not tell how far it is: {terminal.text()!r}"
    )
    session.kill()
    terminal.kill()
    print(f"`memsync sync` showed {len(shown)} steps, among them sent {' of '.join(shown[len(shown) // 2])}")


def catch_up(hub, ben, head, memory):
    """Applies page by page; killed in the middle it goes on from there, and so it does when the hub dies."""
    terminal = ben.world.add(Terminal(ben, "watch", "--recent", "0"))
    session = ben.session()
    seen = []

    def look():
        status = session.call("get_sync_status")
        at = (sequence_of(status["cursor"]), status["lag"])
        if not seen or seen[-1] != at:
            seen.append(at)
        return at[0]

    wait_until(lambda: look() > head / 3, "nothing is received", SECONDS, 0.001)
    memory.note("client that receives", session.pid)
    session.kill()
    memory.note("hub", hub.process.pid)
    hub.kill()
    hub.start()
    session = ben.session()
    wait_until(lambda: look() >= head, lambda: f"stopped at {seen[-1]}", SECONDS, 0.001)
    memory.note("client that receives", session.pid)
    memory.note("`memsync watch`", terminal.process.pid)
    cursors = [cursor for cursor, _ in seen]
    assert cursors == sorted(cursors), "the cursor went back"
    assert len(set(cursors)) > 3, f"it was not applied page by page: {seen}"
    assert any(lag > 0 for _, lag in seen), "get_sync_status never told a lag"
    wait_until(lambda: re.search(r"-- .*received (\d+) of \1\b", terminal.text()), terminal.text, 30, PAUSE)
    shown = re.findall(r"received (\d+) of (\d+)", terminal.text())
    session.kill()
    terminal.kill()
    print(f"{len(set(cursors))} cursors seen on the way; `memsync watch` showed {len(shown)} steps")


def check_equal(hub, people, count):
    """0 lost, 0 doubled, and both replicas have the hub's digest."""
    log = hub.api(hub.token).whole_log(hub.team)
    check_log(log)
    titles = collections.Counter(created_titles(log))
    wrong = [n for n in range(count) if titles[f"Offline note {n}"] != 1]
    assert not wrong, f"{len(wrong)} notes are not exactly once in the log, first: {wrong[0]}"
    for person in people:
        with person.session() as session:
            nodes = sum(row["nodes"] for row in list_documents(session, workspace=hub.team))
            assert nodes == count, f"{person.name} shows {nodes} notes"
        findings = json.loads(person.command("doctor", "--json"))["findings"]
        assert any(each["detail"] == '"Team" is what the hub has' for each in findings), findings


def main():
    options = parse_arguments(__doc__, ("--operations", 5000, "how many are written offline"))
    memory = Memory()
    with World(options.memsync, options.memsync_hub) as world:
        hub = world.hub().start()
        ana = world.person("Ana").login(hub, hub.token)
        ben = world.person("Ben").login(hub, hub.invite("Ben")["token"])
        with ben.session() as session:
            session.call("sync_changes", workspace=hub.team, wait_seconds=20)
        started = time.monotonic()

        def stage(name):
            print(f"{time.monotonic() - started:7.1f} s: {name}", flush=True)

        pending = write_offline(hub, ana, options.operations, memory)
        stage(f"{pending} operations written without the hub")
        send_all(hub, ana, pending, memory)
        stage("all sent")
        catch_up(hub, ben, hub.api(hub.token).head(hub.team), memory)
        stage("all received")
        memory.note("hub", hub.process.pid)
        check_equal(hub, (ana, ben), options.operations)
        stage("0 lost, 0 doubled, both replicas equal the hub")
    for kind, most in sorted(memory.most.items()):
        print(f"{kind}: at most {most:.1f} MiB resident")
        limit = HUB_LIMIT_MIB if kind == "hub" else CLIENT_LIMIT_MIB
        assert most < limit, f"{kind} may have {limit} MiB"


if __name__ == "__main__":
    sys.exit(main())
