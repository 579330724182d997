#!/usr/bin/env python3
"""A hub is backed up while people write, lost, and restored: its clients refill it and nothing is lost."""

import sqlite3
import sys
import threading

from lib.memories import created_titles, read_replica, settle
from lib.world import World, email_of, parse_arguments

BACKUPS = 3


def refuse(hub, hint, *options):
    """The command must fail with a message that has the hint; nothing of the hub may change."""
    try:
        hub.command("restore", *options)
    except RuntimeError as error:
        assert hint in str(error), error
    else:
        raise AssertionError(f"restore {options} was not refused")


class Writing(threading.Thread):
    """Remembers one memory after the other until told to stop."""

    def __init__(self, session, prefix):
        super().__init__(daemon=True)
        self.session, self.prefix = session, prefix
        self.titles, self.failure = [], None
        self.enough = threading.Event()
        self.start()

    def run(self):
        try:
            while not self.enough.is_set():
                title = f"{self.prefix} {len(self.titles)}"
                self.session.call("remember", title=title, content="while it was backed up", document="Load")
                self.titles.append(title)
        except Exception as failure:  # told by finish, on the main thread
            self.failure = failure

    def finish(self):
        self.enough.set()
        self.join()
        if self.failure:
            raise self.failure
        return self.titles


def back_up_under_load(world, hub, session):
    writing = Writing(session, "written during the backup")
    files = []
    for number in range(BACKUPS):
        files.append(world.folder / f"backup-{number}.db")
        hub.command("backup", "--to", str(files[-1]))
    return files, writing.finish()


def refuse_what_is_no_backup(world, hub, person, backup):
    refuse(hub, "there is no backup", "--from", str(world.folder / "none.db"))
    replica = world.folder / "replica.db"
    with sqlite3.connect(person.home / "memory.db") as database:
        database.execute("VACUUM INTO ?", (str(replica),))
    database.close()
    refuse(hub, "is a memsync replica", "--from", str(replica))
    damaged = world.folder / "damaged.db"
    content = bytearray(backup.read_bytes())
    at = content.rindex(b"known to the backup")
    content[at : at + 5] = b"KNOWN"
    damaged.write_bytes(content)
    refuse(hub, "damaged", "--from", str(damaged))
    assert hub.command("check")["ok"]


def run(world):
    hub = world.hub().start()
    ana = world.person("ana").login(hub, hub.token)
    bob = world.person("bob").login(hub, hub.invite("Bob")["token"])
    hub.invite("Dan")
    with ana.session() as at_ana, bob.session() as at_bob:
        for session in (at_ana, at_bob):
            session.call("use_workspace", workspace=hub.team)
        titles = ["before the backup"]
        at_ana.call("remember", title=titles[0], content="known to the backup", document="Plan")
        assert at_ana.call("save_document", document="Plan", wait_seconds=20)["acknowledged"]
        files, during = back_up_under_load(world, hub, at_bob)
        for session, who in ((at_ana, "Ana"), (at_bob, "Bob")):
            for number in range(20):
                titles.append(f"{who} after the backup {number}")
                session.call("remember", title=titles[-1], content="younger than the backup", document="Plan")
        titles += during
        settle([at_ana, at_bob], hub.api(hub.token), hub.team)
        hub.invite("Cleo")
        hub.command("workspace remove-member", "--workspace", hub.team, "--email", email_of("Dan"))

        refuse(hub, "stop it first", "--from", str(files[0]))
        hub.stop()
        titles.append("while there was no hub")
        at_ana.call("remember", title=titles[-1], content="offline", document="Plan")
        refuse_what_is_no_backup(world, hub, ana, files[0])
        restored = hub.command("restore", "--from", str(files[0]))
        assert any("membership of cleo@" in line for line in restored["missing"]), restored
        assert any("membership of dan@" in line for line in restored["returned"]), restored
        assert (hub.data / restored["kept"] / "hub.db").exists(), restored

        hub.start()
        api = hub.api(hub.token)
        assert api.get("/api/v1/me").json["epoch"] == restored["epoch"]
        settle([at_ana, at_bob], api, hub.team)
        log = created_titles(api.whole_log(hub.team))
        missing = [title for title in titles if title not in log]
        assert not missing, f"lost: {missing}"
        assert len(log) == len(set(log)), "something came back twice"
        assert read_replica(at_ana, hub.team) == read_replica(at_bob, hub.team)
    hub.stop()
    assert hub.command("check")["ok"]
    print(f"{len(titles)} memories, {len(during)} of them written during {BACKUPS} backups: all are there")


def main():
    arguments = parse_arguments(__doc__)
    with World(arguments.memsync, arguments.memsync_hub) as world:
        run(world)


if __name__ == "__main__":
    sys.exit(main())
