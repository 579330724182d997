"""Late afternoon: a session of Cleo's agent goes wild. All it wrote from then on is taken back; what it wrote
before, and what others made of it since, stays."""

from lib.world import refusal

from .afternoon import CHOSEN, THOUGHT
from .forenoon import CAKE, LOGIN
from .noon import MERGED, RENAMED
from .team import DOCUMENT, check, check_equal, edit

WILD = "cleo-wild"


def go_wild(team, cleo):
    """Returns from when on."""
    cleo.call("remember", title="Cache sizes", content="64 MiB are enough.", document=DOCUMENT)
    cleo.call("save_document", document=DOCUMENT)
    since = team.moment()
    ids = {title: node["id"] for title, node in team.nodes().items()}
    broken = MERGED.replace("\n\nWhat is fixed", "\n\nIt is all broken.\n\nWhat is fixed")
    edit(
        cleo,
        {"op": "update", "node": ids[RENAMED], "title": "NOTES!!!", "content": broken},
        {"op": "reopen", "node": ids[CAKE]},
        {"op": "update", "node": ids[LOGIN], "title": "Rewrite the login page"},
        {"op": "create", "title": "Rewrite everything", "content": "In one night."},
        {"op": "create", "title": "Delete the tests", "content": "They fail."},
        {"op": "update", "node": ids[THOUGHT], "content": "Forget the names."},
        {"op": "assign", "node": ids[CHOSEN], "user": "Eve"},
        {"op": "relate", "from": ids[LOGIN], "to": ids[CAKE], "type": "DEPENDS_ON"},
        {"op": "comment", "node": ids[CAKE], "text": "No cake. @Bob"},
        document=DOCUMENT,
    )
    cleo.call("save_document", document=DOCUMENT)
    return since


def go_on_with_it(team, ana):
    """Others work with what they find, before anybody notices."""
    nodes = team.nodes()
    thanks = nodes["NOTES!!!"]["content"].replace("thank: Dan", "thank: Dan and Eve")
    check(team.bob.patch(nodes["NOTES!!!"]["id"], content=thanks).status == 200, "Bob adds his thanks")
    check(team.bob.patch(nodes["Rewrite the login page"]["id"], tags=["urgent", "web"]).status == 200, "")
    everything = nodes["Rewrite everything"]["id"]
    check(team.bob.comment(everything, "@Cleo: really?").status == 201, "Bob asks")
    team.settle(ana)
    edit(ana, {"op": "create", "title": "Ask Dan first", "parent": everything}, document=DOCUMENT)
    ana.call("save_document", document=DOCUMENT)


def revert_the_session(team, ana, since):
    for who, missing in ((team.eve, "memory.delete"), (team.dan, "memory.delete")):
        who.person.command("sync")
        refused = refusal(who.person.call, "revert_change", author="Cleo", session=WILD, since=since)
        check(missing in refused, refused)
    reverted = ana.call("revert_change", session=WILD, since=since)
    done = sorted((each["op"], each.get("field", ""), each["title"]) for each in reverted["operations"])
    check_equal(done, DONE, "what went back")
    left = sorted((each["title"], each.get("field", ""), each["reason"]) for each in reverted["skipped"])
    check_equal(left, LEFT, "what was left alone")
    ana.call("save_document", document=DOCUMENT)
    state = {
        title: (node["content"], node["tags"], node.get("completed", False), node["assignee"])
        for title, node in team.nodes().items()
    }
    names = {None: None} | {member.user: member.name for member in team.members}
    found = {title: (*rest, names[assignee]) for title, (*rest, assignee) in state.items()}
    check_equal(found, AFTERWARDS, "the document afterwards")


DONE = [
    ("assign", "assignee", CHOSEN),
    ("complete", "completed", CAKE),
    ("delete", "", "Delete the tests"),
    ("unrelate", "", "Rewrite the login page"),
    ("update", "content", "NOTES!!!"),
    ("update", "content", THOUGHT),
    ("update", "title", "NOTES!!!"),
    ("update", "title", "Rewrite the login page"),
]
LEFT = [
    (CAKE, "comment", "comments are never taken back"),
    (
        "Rewrite everything",
        "",
        "somebody else changed it, or wrote below it, since; delete it if it should go",
    ),
]
AFTERWARDS = {
    DOCUMENT: ("", [], False, None),
    RENAMED: (MERGED.replace("Dan.", "Dan and Eve."), [], False, "Cleo"),
    LOGIN: ("It forgets both.", ["urgent", "web"], True, "Dan"),
    CAKE: ("", [], True, "Bob"),
    CHOSEN: ("A bird.", [], False, "Dan"),
    THOUGHT: ("Cache the names.", [], False, None),
    "Cache sizes": ("64 MiB are enough.", [], False, None),
    "Rewrite everything": ("In one night.", [], False, None),
    "Ask Dan first": ("", [], False, None),
}


def run(team):
    with team.cleo.agent(WILD) as cleo, team.ana.agent("ana-repairs") as ana:
        since = go_wild(team, cleo)
        go_on_with_it(team, ana)
        revert_the_session(team, ana, since)
        team.settle(cleo)
    team.bob.person.command("sync")
    shown = team.bob.person.command("news", "--mark-read")
    check("Cleo mentioned you" in shown and "No cake. @Bob" in shown, shown)
    team.bob.person.command("sync")
    check_equal(team.bob.unread(), 0, "what Bob has not read")
