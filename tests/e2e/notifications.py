#!/usr/bin/env python3
"""Whose change is overwritten hears of it at their agent, with both values: live, and after being offline."""

import sys

from lib.waiting import wait_for
from lib.world import World, parse_arguments, refusal


class Member:
    """A person of the team, with a token for the hub's API."""

    def __init__(self, world, hub, name, token):
        self.hub = hub
        self.token = token
        self.person = world.person(name).login(hub, token)
        self.person.env["MEMSYNC_WORKSPACE"] = hub.team

    def agent(self):
        return self.person.session()

    def unread_on_hub(self):
        return self.hub.api(self.token).get("/api/v1/notifications/unread-count").json["unread"]


def told(agent, kind):
    """Unread notifications of that kind, as the agent is shown them."""
    shown = agent.call("team_activity", unread=True)
    return [each for each in shown["notifications"] if each["kind"] == kind]


def retitle(agent, node, title):
    agent.call("edit_document", operations=[{"op": "update", "node": node, "title": title}])


def title_at(agent, node):
    return agent.call("read_document", nodes=[node])["nodes"][0]["title"]


def is_sent(agent):
    return agent.call("get_sync_status")["pending"] == 0


def check_overwritten(hub, node, agents):
    """Both write the same title while the hub is away. Returns whose stands not: (loser, what stands)."""
    hub.stop()
    for name, agent in agents.items():
        retitle(agent, node, f"{name}'s title")
    hub.start()
    for agent in agents.values():
        wait_for("what was written offline is sent", lambda agent=agent: is_sent(agent))
    wait_for("the replicas agree", lambda: len({title_at(each, node) for each in agents.values()}) == 1)
    stands = title_at(next(iter(agents.values())), node)
    (loser,) = [name for name in agents if f"{name}'s title" != stands]
    notice = wait_for("the loser is told", lambda: told(agents[loser], "overwritten"))[0]
    assert (notice["field"], notice["yours"], notice["now"]) == ("title", f"{loser}'s title", stands), notice
    assert notice["yours"] in notice["text"] and notice["now"] in notice["text"], notice
    for name, agent in agents.items():
        assert name == loser or not told(agent, "overwritten"), "whose title stands has lost nothing"
    return loser


def live(hub, ana, bob):
    with ana.agent() as at_ana, bob.agent() as at_bob:
        agents = {"Ana": at_ana, "Bob": at_bob}
        node = at_ana.call("remember", title="First", content="x", document="Notes")["id"]
        at_ana.call("save_document", document="Notes")
        wait_for("Bob has it", lambda: at_bob.call("search_memories", query="First")["results"])
        loser = check_overwritten(hub, node, agents)
        assert agents[loser].call("get_sync_status")["unread"] >= 1
        agents[loser].call("team_activity", mark_read=True)
        assert agents[loser].call("get_sync_status")["unread"] == 0
        member = ana if loser == "Ana" else bob
        wait_for("the hub hears what was read", lambda: member.unread_on_hub() == 0)
    return node


def after_being_offline(hub, ana, bob, node):
    with bob.agent() as at_bob:
        retitle(at_bob, node, "Bob was here")
        at_bob.call("save_document", document="Notes")
    with ana.agent() as at_ana:
        wait_for("Ana has it", lambda: title_at(at_ana, node) == "Bob was here")
        comment = {"op": "comment", "node": node, "text": "what does @Bob say?"}
        at_ana.call("edit_document", operations=[comment])
        at_ana.call("save_document", document="Notes")
    with bob.agent() as at_bob:
        notice = wait_for("what happened meanwhile is told", lambda: told(at_bob, "mentioned"))[0]
        assert notice["by"] == "Ana" and "@Bob" in notice["text"], notice
        hub.stop()
        at_bob.call("team_activity", mark_read=True)
        assert at_bob.call("get_sync_status")["unread"] == 0, "a mark made offline counts at once"
        hub.start()
        wait_for("it reaches the hub later", lambda: bob.unread_on_hub() == 0)
    shown = bob.person.command("news")
    assert "Ana mentioned you" in shown, shown
    assert "nothing unread" in bob.person.command("status")


def muted(hub, ana, bob, node):
    """By command on one machine; another kind is heard of as before."""
    shown = bob.person.json("news", "--mute", "mentioned", "--mute", "member_joined")
    assert shown["muted"] == ["mentioned", "member_joined"], shown
    ana.person.call("edit_document", operations=[{"op": "comment", "node": node, "text": "@bob, again"}])
    ana.person.call("edit_document", operations=[{"op": "assign", "node": node, "user": "Bob"}])
    ana.person.command("sync")
    with bob.agent() as at_bob:
        wait_for("Bob is told of his task", lambda: told(at_bob, "assigned"))
        assert not told(at_bob, "mentioned"), "he did not want to hear of mentions"
    shown = bob.person.json("news", "--unmute", "mentioned", "--mute", "conflict")
    assert shown["muted"] == ["conflict", "member_joined"], shown
    assert "no, muted" in bob.person.command("news", "--kinds")
    assert bob.person.json("news", "--kinds") == shown
    wrong = refusal(bob.person.command, "news", "--mute", "rumours")
    assert "member_joined" in wrong, wrong
    hub.stop()
    assert "cannot connect" in refusal(bob.person.command, "news", "--mute", "merged")
    hub.start()


def run(world):
    hub = world.hub().start()
    ana = Member(world, hub, "ana", hub.token)
    bob = Member(world, hub, "bob", hub.invite("Bob")["token"])
    node = live(hub, ana, bob)
    after_being_offline(hub, ana, bob, node)
    muted(hub, ana, bob, node)
    print("both values at the losing author's agent; a mention after being offline; marks and choices kept")


def main():
    arguments = parse_arguments(__doc__)
    with World(arguments.memsync, arguments.memsync_hub) as world:
        run(world)


if __name__ == "__main__":
    sys.exit(main())
