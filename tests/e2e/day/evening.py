"""Evening: Dan, angry, spoils the plan and has to leave while he is at work; his words stay. Eve may write
from now on, and changes her mind."""

from lib.hub_api import new_id, operation
from lib.waiting import wait_for
from lib.world import refusal

from .afternoon import CHOSEN
from .noon import RENAMED
from .team import DOCUMENT, check, check_equal


def spoil_and_repair(team):
    """What a person wrote since a time goes back, by the shell."""
    bob, dan = team.bob.person, team.dan
    dan.person.command("sync")
    since = team.moment()
    for title in (RENAMED, CHOSEN):
        change = {"op": "update", "node": team.find(title), "title": f"{title}: never"}
        dan.write("edit_document", operations=[change])
    bob.command("sync")
    reverted = bob.json("revert", "--author", "dan@example.org", "--since", since)
    titles = [each["title"] for each in reverted["operations"]]
    check_equal(titles, [f"{CHOSEN}: never", f"{RENAMED}: never"], "what went back, the newest first")
    check_equal(reverted["skipped"], [], "what was left alone")
    bob.command("sync")
    check(RENAMED in team.nodes() and CHOSEN in team.nodes(), team.nodes())


def is_gone(agent):
    """The team's workspace is not on the machine any more."""
    try:
        agent.call("search_memories", query="cake")
    except RuntimeError as error:
        return "there is no workspace" in str(error)
    return False


def who_is_here(team):
    rows = team.ana.api.get(team.ana.inside("/api/v1/presence/online")).json["present"]
    return {row["name"] for row in rows}


def remove_dan(team):
    """While his agent runs, with a stream open and a change not sent. Returns what he had been told."""
    dan = team.dan
    with dan.agent("dan-travels") as agent:
        team.settle(agent)
        wait_for("Dan is seen at work", lambda: "Dan" in who_is_here(team))
        notifications = dan.notifications()
        stream = dan.api.stream(team.id)
        check_equal(stream.next()[0], "hello", "the stream's first event")
        team.cut_network()
        agent.call("remember", title="Secret plan", content="Never sent.", document=DOCUMENT)
        team.bob.person.command("team", "remove", "dan@example.org")
        proof = stream.wait_for("revoked")
        check_equal((proof["code"], proof["user"], proof["workspace"]), ("removed", dan.user, team.id), "why")
        check(stream.next() is None, "the stream ends with that")
        stream.close()
        team.restore_network()
        wait_for("Dan's machine deletes its copy", lambda: is_gone(agent))
        wait_for("Dan is not seen any more, though his agent runs", lambda: "Dan" not in who_is_here(team))
    return notifications


def stay_out(team):
    """Every door is closed to Dan; what he had not sent is kept for him."""
    dan = team.dan
    create = operation(1, "create", new_id(), fields={"title": {"set": "Me again"}},
                       place={"parent": None, "key": "a"})  # fmt: skip
    epoch = dan.api.get("/api/v1/me").json["epoch"]
    for answer in (
        dan.api.push(team.id, create),
        dan.api.get(dan.at(f"/pull?after={epoch}.0")),
        dan.api.get(dan.at("/activity")),
        dan.api.get(dan.at("/tasks")),
        dan.comment(team.find(CHOSEN), "Me again"),
        dan.api.get(dan.inside("/api/v1/presence/online")),
        dan.api.post(dan.inside("/api/v1/history/revert"), {"change": "1"}),
    ):
        check(answer.status == 403 and answer.json["code"] == "removed", answer)
    stream = dan.api.stream(team.id)
    check_equal(stream.status, 403, "a new stream")
    stream.close()
    check_equal((dan.notifications(), dan.unread()), ([], 0), "what Dan hears of the team")
    del dan.person.env["MEMSYNC_WORKSPACE"]
    check("Secret plan" in dan.person.command("pending"), "it is set aside")
    (kept,) = dan.person.json("pending", "--export", "aside")
    check_equal(kept["operation"]["fields"]["content"]["text"], "Never sent.", "what is set aside")
    check("No documents" in dan.person.command("show"), "nothing of the team is left on his machine")


def promote_eve(team):
    """Then she takes back what she wrote since a time, by the API."""
    eve = team.eve
    team.ana.person.command("team", "role", "eve@example.org", "member")
    eve.person.command("sync")
    eve.write("remember", title="First words", content="@Ana, thank you.", document="Rules")
    since = team.moment()
    rules = team.find("House rules", "Rules")
    check(eve.patch(rules, content="Be on time.").status == 200, "Eve writes")
    reverted = eve.api.post(eve.inside("/api/v1/history/revert"), {"user": eve.user, "since": since})
    check(reverted.status == 200, reverted)
    steps = [(each["op"], each["field"], each["node"]) for each in reverted.json["operations"]]
    check_equal((steps, reverted.json["skipped"]), ([("update", "content", rules)], []), "what went back")
    check_equal(team.nodes("Rules")["House rules"]["content"], "Be kind.", "the rule")


def run(team):
    spoil_and_repair(team)
    of_dan = remove_dan(team)
    stay_out(team)
    promote_eve(team)
    return of_dan
