"""Afternoon: Dan is on a train without a network, works on, and returns."""

from lib.waiting import wait_for

from .forenoon import LOGIN, NAME
from .team import DOCUMENT, check, check_equal, edit, told

CHOSEN = "Choose the name"
THOUGHT = "Train of thought"


def wait_until_connection_is(agent, state):
    wait_for(f"Dan is {state}", lambda: agent.call("get_sync_status")["connection"] == state)


def work_offline(team, dan):
    ids = {title: node["id"] for title, node in team.nodes().items()}
    edit(
        dan,
        {"op": "complete", "node": ids[LOGIN]},
        {"op": "create", "title": THOUGHT, "content": "Cache the names."},
        {"op": "comment", "node": ids[NAME], "text": "@Ana, I like Sparrow."},
        document=DOCUMENT,
    )
    dan.call("remember", title="Tunnel", content="No network here.", document="Travel")
    edit(dan, {"op": "update", "node": ids[NAME], "title": CHOSEN})
    saved = dan.call("save_document", document=DOCUMENT, wait_seconds=0)
    state = (saved["saved"], saved["acknowledged"], saved["pending"], saved["connection"])
    check_equal(state, (True, False, 4, "offline"), "what Dan is told of his work")
    # On his machine everything is there, by shell, too.
    dirty = [each["title"] for each in team.dan.person.json("dirty")["documents"]]
    check_equal(sorted(dirty), [DOCUMENT, "Travel"], "what the hub does not have yet")
    return ids[NAME]


def go_on_without_dan(team, name):
    team.cleo.write("edit_document", operations=[{"op": "update", "node": name, "content": "A bird."}])
    check(team.bob.comment(name, "@Dan, are you there?").status == 201, "Bob asks")
    check(team.bob.patch(name, assignee=team.dan.user).status == 200, "Dan has to choose")


def come_back(team, dan, name):
    head = team.ana.api.head(team.id)
    team.restore_network()
    wait_until_connection_is(dan, "live")
    team.settle(dan)
    check_equal(team.ana.api.head(team.id), head + 6, "the log has Dan's changes, each once")
    check_equal(team.dan.person.json("dirty")["documents"], [], "what the hub does not have")
    node = team.nodes()[CHOSEN]
    state = (node["id"], node["content"], node["assignee"])
    check_equal(state, (name, "A bird.", team.dan.user), "his title with what the others changed")
    check_equal(team.nodes("Travel")["Tunnel"]["content"], "No network here.", "what he wrote")
    mentions = wait_for("Dan hears of it", lambda: told(dan, "mentioned"))
    check("are you there?" in mentions[0]["text"], mentions)
    oldest = team.dan.notifications()[-1]
    team.dan.api.post("/api/v1/notifications/mark-read", {"ids": [oldest["id"]]})


def run(team):
    with team.dan.agent("dan-travels") as dan:
        wait_until_connection_is(dan, "live")
        team.settle(dan)
        team.cut_network()
        wait_until_connection_is(dan, "offline")
        name = work_offline(team, dan)
        go_on_without_dan(team, name)
        come_back(team, dan, name)
