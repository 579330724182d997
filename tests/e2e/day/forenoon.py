"""Forenoon: a plan is made. Tasks are assigned, talked about, and done."""

from lib.waiting import wait_for
from lib.world import refusal

from .team import DOCUMENT, check, check_equal, edit, told

NOTES, LOGIN, CAKE, NAME = "Write the release notes", "Fix the login page", "Order the cake", "Choose a name"


def plan(team):
    """Ana's agent makes the plan and gives the tasks out."""
    tasks = {NOTES: "Cleo", LOGIN: "dan@example.org", CAKE: "Bob", NAME: None}
    with team.ana.agent("ana-plans") as agent:
        operations = [{"op": "create", "title": title, "ref": title, "type": "task"} for title in tasks]
        operations += [{"op": "assign", "node": title, "user": user} for title, user in tasks.items() if user]
        edit(agent, *operations, title=DOCUMENT)
        agent.call("save_document", document=DOCUMENT)
        stranger = refusal(edit, agent, {"op": "assign", "node": team.find(NAME), "user": "Zoe"})
        check('"Zoe" is no member of Team' in stranger, stranger)
    answer = team.bob.patch(team.find(NAME), assignee="0zzzzzzzzzzzzzzzzzzz")
    check(answer.status == 400 and "no member" in answer.json["detail"], answer)


def find_own_tasks(team):
    """The same list by a tool, by the API and by the shell."""
    with team.cleo.agent("cleo-writes") as agent:
        wait_for("Cleo hears of her task", lambda: told(agent, "assigned"))
        for who in ("me", "Cleo", "cleo@example.org"):
            found = agent.call("search_memories", query="", assignee=who, completed=False)["results"]
            check_equal([row["title"] for row in found], [NOTES], f"the tasks of {who}")
        unknown = refusal(agent.call, "search_memories", query="", assignee="Zoe")
        check("no member" in unknown, unknown)
    team.bob.person.command("sync")
    shown = team.bob.person.json("search", "--assignee", "me", "--open")["results"]
    check_equal([row["title"] for row in shown], [CAKE], "Bob's open tasks")
    check_equal(team.bob.person.json("search", "--assignee", "me", "--done")["results"], [], "what Bob did")
    for member, titles in ((team.ana, []), (team.bob, [CAKE]), (team.cleo, [NOTES]), (team.dan, [LOGIN])):
        rows = member.api.list(member.at("/tasks?limit=1"), "tasks")
        check_equal([row["title"] for row in rows], titles, f"the tasks of {member.name} by the API")
    rows = team.eve.api.list(team.eve.at(f"/tasks?assignee={team.dan.user}&completed=false"), "tasks")
    check_equal([row["title"] for row in rows], [LOGIN], "Dan's tasks as Eve sees them")


def talk(team):
    """Mentions in comments, by the API and by an agent; each marks as read in a way of their own."""
    bob, cleo, eve = team.bob, team.cleo, team.eve
    name = team.find(NAME)
    check(bob.comment(name, "@Cleo and @dan: what about Sparrow?").status == 201, "Bob asks")
    with cleo.agent("cleo-writes") as agent:
        wait_for("Cleo is mentioned", lambda: told(agent, "mentioned"))
        edit(agent, {"op": "comment", "node": name, "text": "Good. Does @Eve like it?"})
        agent.call("save_document", document=DOCUMENT)
        agent.call("team_activity", mark_read=True)
        wait_for("the hub knows what Cleo read", lambda: cleo.unread() == 0)
    (mention,) = eve.notifications()
    check(eve.api.post("/api/v1/notifications/mark-read", {"ids": [mention["id"]]}).json["unread"] == 0, "")


def get_done(team):
    bob = team.bob
    check(bob.patch(team.find(NAME), assignee=team.ana.user).status == 200, "Ana has to choose")
    check(bob.patch(team.find(CAKE), completed=True).status == 200, "the cake is on its way")
    rows = bob.api.list(bob.at("/tasks?completed=false"), "tasks")
    check_equal(rows, [], "Bob has nothing to do")
    with team.ana.agent("ana-plans") as agent:
        wait_for("Ana hears of the cake", lambda: told(agent, "completed"))
        agent.call("team_activity", mark_read=True)
        wait_for("the hub knows what Ana read", lambda: team.ana.unread() == 0)


def run(team):
    plan(team)
    find_own_tasks(team)
    talk(team)
    get_done(team)
