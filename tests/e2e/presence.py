#!/usr/bin/env python3
"""Who is here: agents see each other, with client and document, also after the hub came back."""

import json
import subprocess
import sys

from lib.waiting import wait_for
from lib.world import World, parse_arguments


def person(world, hub, name, token):
    someone = world.person(name).login(hub, token)
    someone.env["MEMSYNC_WORKSPACE"] = hub.team
    return someone


def seen(agent, name, **wanted):
    """The row of that person in what the agent is shown, once it has these values."""
    rows = agent.call("team_activity")["present"]
    assert rows == [] or all({"name", "kind", "state", "seen"} <= row.keys() for row in rows), rows
    return next((row for row in rows if row["name"] == name and wanted.items() <= row.items()), None)


def list_present(hub):
    return hub.api(hub.token).get(f"/api/v1/presence/online?workspace_id={hub.team}").json["present"]


def check_commands(world, hub, ana):
    """What people see: through the process that syncs, without one, and from the hub itself."""
    shown = ana.command("status")
    assert "Bob" in shown and "Plans" in shown and "active" in shown, shown
    alone = person(world, hub, "ana-on-another-machine", hub.token)
    shown = alone.command("status")
    assert "Bob" in shown, shown
    members = json.loads(alone.command("team", "members", "--json"))["members"]
    states = {each["name"]: {session["state"] for session in each["present"]} for each in members}
    assert states["Bob"] == {"active"}, members
    assert "active, " in alone.command("team", "members")
    watch = subprocess.Popen(
        [str(world.memsync), "watch"], env=alone.env, cwd=alone.folder, stdout=subprocess.DEVNULL
    )
    try:
        wait_for(
            "the one who watches is seen at a command line",
            lambda: any(each["kind"] == "command_line" for each in list_present(hub)),
        )
    finally:
        watch.kill()
        watch.wait()


def run(world):
    hub = world.hub().start()
    ana = person(world, hub, "ana", hub.token)
    bob = person(world, hub, "bob", hub.invite("Bob")["token"])
    with ana.session() as at_ana:
        with bob.session() as at_bob:
            at_bob.call("remember", title="A plan", content="x", document="Plans")
            at_bob.call("read_document", document="Plans")
            row = wait_for("Ana sees where Bob is", lambda: seen(at_ana, "Bob", document="Plans"))
            assert (row["kind"], row["state"]) == ("agent", "active"), row
            assert row["client"], row
            names = {each["name"] for each in at_bob.call("get_sync_status")["present"]}
            assert "Bob" in names, names
            hub.stop()
            wait_for("nobody is shown without the hub", lambda: not at_ana.call("team_activity")["present"])
            hub.start()
            wait_for("both are back with the hub", lambda: seen(at_ana, "Bob"))
            assert any(each["name"] == "Bob" for each in list_present(hub)), list_present(hub)
            check_commands(world, hub, ana)
        with bob.session() as again:
            again.call("team_activity")
            wait_for("Bob is here once, as another session", lambda: seen(at_ana, "Bob"))
    print("agents see each other, with client and document; the hub was away in between")


def main():
    arguments = parse_arguments(__doc__)
    with World(arguments.memsync, arguments.memsync_hub) as world:
        run(world)


if __name__ == "__main__":
    sys.exit(main())
