"""Noon: Cleo's agent and Dan write the same notes at the same time. Nearly everything merges by itself; what
does not waits until Cleo settles it.

Dan's changes are made first and sent last, each time: what the hub has to merge never depends on who is
faster.
"""

from lib.waiting import wait_for

from .forenoon import LOGIN, NOTES
from .team import DOCUMENT, check_equal, edit, told

RENAMED = "Notes of the release"
DRAFT = "What is new.\n\nWhat is fixed.\n\nWhom we thank."
MERGED = "What is new: Sparrow.\n\nWhat is fixed.\n\nWhom we thank: Dan."


def cross(team, cleo, node, dans, cleos, **more):
    """Both change a node that both have as it is now; the node as both have it afterwards."""
    dan = team.dan.person
    team.settle(cleo)
    dan.command("sync")
    dan.call("edit_document", operations=[{"op": "update", "node": node, **dans}], **more)
    edit(cleo, {"op": "update", "node": node, **cleos})
    cleo.call("save_document", document=DOCUMENT)
    dan.command("sync")
    team.settle(cleo)
    at_cleo = cleo.call("read_document", nodes=[node])["nodes"][0]
    at_dan = dan.call("read_document", nodes=[node])["nodes"][0]
    for field in ("title", "content", "tags", "sync"):
        check_equal(at_dan.get(field), at_cleo.get(field), f"the {field} at Dan's, and at Cleo's")
    return at_cleo


def merge(team, cleo):
    notes = team.find(NOTES)
    edit(cleo, {"op": "update", "node": notes, "content": DRAFT})
    fields = cross(team, cleo, team.find(LOGIN), {"content": "It forgets the name."}, {"tags": ["web"]})
    check_equal((fields["content"], fields["tags"]), ("It forgets the name.", ["web"]), "each one's field")
    dans = DRAFT.replace("is new", "is new: Sparrow")
    cleos = DRAFT.replace("we thank", "we thank: Dan")
    text = cross(team, cleo, notes, {"content": dans}, {"content": cleos})
    check_equal(text["content"], MERGED, "the text of both")
    # The later title stands; whose title was replaced is told, with both.
    title = cross(team, cleo, notes, {"title": "Notes for everybody"}, {"title": RENAMED})
    check_equal(title["title"], RENAMED, "the title")


def settle_a_conflict(team, cleo):
    login = team.find(LOGIN)
    dans, cleos = "It forgets the name, on Mondays.", "It forgets the password."
    found = cross(team, cleo, login, {"content": dans}, {"content": cleos}, strategy="manual")
    check_equal((found["content"], found["sync"]), (cleos, "conflict"), "what stands while nobody decided")
    wait_for("Cleo hears of the conflict", lambda: told(cleo, "conflict"))
    (conflict,) = cleo.call("resolve_conflict")["conflicts"]
    sides = [conflict[name] for name in ("base", "local", "local_author", "server", "server_author")]
    check_equal(sides, ["It forgets the name.", dans, "Dan", cleos, "Cleo"], "the sides")
    (listed,) = team.dan.person.json("conflicts")["conflicts"]
    check_equal(listed["id"], conflict["id"], "the conflict at Dan's")
    cleo.call("resolve_conflict", conflict=conflict["id"], resolution="custom", value="It forgets both.")
    cleo.call("save_document", document=DOCUMENT)
    team.dan.person.command("sync")
    check_equal(team.dan.person.json("conflicts")["conflicts"], [], "open conflicts at Dan's")
    (settled,) = team.dan.person.call("read_document", nodes=[login])["nodes"]
    check_equal((settled["content"], settled["sync"]), ("It forgets both.", "synced"), "what was decided")


def run(team):
    with team.cleo.agent("cleo-writes") as cleo:
        merge(team, cleo)
        settle_a_conflict(team, cleo)
