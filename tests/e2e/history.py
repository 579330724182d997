#!/usr/bin/env python3
"""A replica that began with a snapshot completes its history from the hub, and says so when it cannot."""

import sys

from lib.world import World, parse_arguments


def run(world):
    hub = world.hub().start()
    ana = world.person("ana").login(hub, hub.token)
    ana.env["MEMSYNC_WORKSPACE"] = hub.team
    made = ana.call("remember", title="Redis", content="first", document="Notes")
    node = made["id"]
    for text in ("second", "third"):
        ana.call("edit_document", operations=[{"op": "update", "node": node, "content": text}])
    ana.command("sync")
    whole = ana.call("get_history", node=node)
    assert whole["complete"] and len(whole["changes"]) == 3, whole

    bob = world.person("bob").login(hub, hub.invite("Bob")["token"])
    bob.env["MEMSYNC_WORKSPACE"] = hub.team
    hub.stop()
    offline = bob.call("get_history", node=node)
    assert offline["complete"] is False and not offline["changes"], offline
    assert "ask again when it is back" in offline["hint"], offline
    assert "Not complete" in bob.command("log", "--node", node)

    hub.start()
    online = bob.call("get_history", node=node)
    assert online["complete"], online
    told = [(c["op"], c.get("field"), c.get("old"), c.get("new"), c["author"]) for c in online["changes"]]
    mine = [(c["op"], c.get("field"), c.get("old"), c.get("new"), c["author"]) for c in whole["changes"]]
    assert told == mine, (told, mine)

    hub.stop()
    assert bob.call("get_history", node=node)["changes"] == online["changes"], "it was not stored"
    assert "third" in bob.command("log", "--node", node)
    assert bob.call("get_history", node=node, view="blame")["complete"]
    hub.start()
    hub.command("compact", "--log-days", "0")
    hub.stop()
    hub.start()
    cleo = world.person("cleo").login(hub, hub.invite("Cleo")["token"])
    cleo.env["MEMSYNC_WORKSPACE"] = hub.team
    late = cleo.call("get_history", node=node)
    assert late["complete"] and len(late["changes"]) == 3, f"history went with the log: {late}"
    print(f"{len(told)} changes completed from the hub, kept offline, and there after compaction")


def main():
    arguments = parse_arguments(__doc__)
    with World(arguments.memsync, arguments.memsync_hub) as world:
        run(world)


if __name__ == "__main__":
    sys.exit(main())
