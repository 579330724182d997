"""Morning: the team comes together. Invitations by mail, roles and what they allow."""

from lib.world import refusal

from .team import Member, check, check_equal

TEAM = [("Ana", "owner"), ("Bob", "admin"), ("Cleo", "member"), ("Dan", "member"), ("Eve", "viewer")]


def come_together(team):
    team.ana = Member(team, "Ana", team.world.person("ana").login(team.hub, team.hub.token))
    team.ana.person.command("team", "invite", "bob@example.org", "--role", "admin")
    team.bob = bob = team.join("Bob", team.read_mail("Bob"))

    # Bob does not want to hear who joins while he invites Cleo, and then does again.
    muted = bob.person.json("news", "--mute", "member_joined")["muted"]
    check_equal(muted, ["member_joined"], "what Bob has muted")
    link = bob.invite("Cleo", "member")
    team.cleo = team.join("Cleo", link)
    used = team.hub.api().get("/api/v1/invitations/" + link.split("/")[-1])
    check(used.status == 404, "an invitation works once")
    check_equal(bob.person.json("news", "--unmute", "member_joined")["muted"], [], "what Bob has muted")

    bob.person.command("team", "invite", "dan@example.org", "--role", "member")
    team.dan = team.join("Dan", team.read_mail("Dan"), team.network.url)
    team.eve = team.join("Eve", bob.invite("Eve", "viewer"))
    for member in team.members:
        rows = member.person.json("team", "members")["members"]
        check_equal([(row["name"], row["role"]) for row in rows], TEAM, f"the team as {member.name} sees it")


def meet_the_limits(team):
    """What a role may not do is refused at the replica and at the hub, naming what is missing."""
    ana, bob, cleo, eve = team.ana, team.bob, team.cleo, team.eve
    ana.write("remember", title="House rules", content="Be kind.", document="Rules")
    rules = team.find("House rules", "Rules")
    eve.person.command("sync")
    check("Be kind." in eve.person.command("show", "Rules"), "Eve reads")

    written = refusal(eve.person.call, "remember", title="Mine", content="I was here")
    check("viewer, which lacks memory.write" in written, written)
    with eve.agent("eve-reads") as agent:
        change = {"op": "update", "node": rules, "title": "No rules"}
        changed = refusal(agent.call, "edit_document", operations=[change])
        check("memory.write" in changed, changed)
        check(agent.call("get_sync_status")["pending"] == 0, "nothing was written")
    for answer in (eve.patch(rules, title="No rules"), eve.comment(rules, "I disagree")):
        check(answer.status == 403 and "memory.write" in answer.json["detail"], answer)

    invited = refusal(cleo.person.command, "team", "invite", "kim@example.org")
    check("member.invite" in invited, invited)
    promoted = refusal(bob.person.command, "team", "role", "cleo@example.org", "owner")
    check("member.change_role" in promoted, promoted)
    check(team.sink.mails.empty(), "nobody else was invited")


def run(team):
    come_together(team)
    meet_the_limits(team)
