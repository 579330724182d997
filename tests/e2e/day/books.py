"""What is in the books at the end of the day: every entry of the feed, every line of blame, every
notification. The lists are of this day and complete; everybody must read the same."""

from .afternoon import CHOSEN, THOUGHT
from .forenoon import CAKE, LOGIN, NAME, NOTES
from .late_afternoon import WILD
from .noon import DRAFT, MERGED, RENAMED
from .team import DOCUMENT, check, check_equal

PLANS, WRITES, TRAVELS, REPAIRS = "ana-plans", "cleo-writes", "dan-travels", "ana-repairs"  # sessions
SHELL, API = "shell", "api"

# Oldest first: who, by which session or how, did what to what; what became of it, unless it was applied; and
# more about it, of changes as the replicas tell it.
FEED = [
    ("", "", "workspace_created", "Ana", "", "Team"),
    ("Bob", "", "member_joined", "Bob", "", "admin"),
    ("Cleo", "", "member_joined", "Cleo", "", "member"),
    ("Dan", "", "member_joined", "Dan", "", "member"),
    ("Eve", "", "member_joined", "Eve", "", "viewer"),
    ("Ana", SHELL, "create", "Rules", "", ""),
    ("Ana", SHELL, "create", "House rules", "", ""),
    # forenoon
    ("Ana", PLANS, "create", DOCUMENT, "", ""),
    ("Ana", PLANS, "create", NOTES, "", ""),
    ("Ana", PLANS, "create", LOGIN, "", ""),
    ("Ana", PLANS, "create", CAKE, "", ""),
    ("Ana", PLANS, "create", NAME, "", ""),
    ("Ana", PLANS, "assign", NOTES, "", ""),
    ("Ana", PLANS, "assign", LOGIN, "", ""),
    ("Ana", PLANS, "assign", CAKE, "", ""),
    ("Bob", API, "comment", NAME, "", "@Cleo and @dan: what about Sparrow?"),
    ("Cleo", WRITES, "comment", NAME, "", "Good. Does @Eve like it?"),
    ("Bob", API, "assign", NAME, "", ""),
    ("Bob", API, "complete", CAKE, "", ""),
    # noon
    ("Cleo", WRITES, "update", NOTES, "", "content"),
    ("Cleo", WRITES, "update", LOGIN, "", "tags"),
    ("Dan", SHELL, "update", LOGIN, "", "content"),
    ("Cleo", WRITES, "update", NOTES, "", "content"),
    ("Dan", SHELL, "update", NOTES, "merged", "content"),
    ("Cleo", WRITES, "update", RENAMED, "", "title"),
    ("Dan", SHELL, "update", RENAMED, "superseded", "title"),
    ("Cleo", WRITES, "update", LOGIN, "", "content"),
    ("Dan", SHELL, "update", LOGIN, "conflict", "content"),
    ("Cleo", WRITES, "resolve", LOGIN, "", ""),
    # afternoon
    ("Cleo", SHELL, "update", NAME, "", "content"),
    ("Bob", API, "comment", NAME, "", "@Dan, are you there?"),
    ("Bob", API, "assign", NAME, "", ""),
    ("Dan", TRAVELS, "complete", LOGIN, "", ""),
    ("Dan", TRAVELS, "create", THOUGHT, "", ""),
    ("Dan", TRAVELS, "comment", NAME, "", "@Ana, I like Sparrow."),
    ("Dan", TRAVELS, "create", "Travel", "", ""),
    ("Dan", TRAVELS, "create", "Tunnel", "", ""),
    ("Dan", TRAVELS, "update", CHOSEN, "", "title"),
    # late afternoon
    ("Cleo", WILD, "create", "Cache sizes", "", ""),
    ("Cleo", WILD, "update", "NOTES!!!", "", "content, title"),
    ("Cleo", WILD, "reopen", CAKE, "", ""),
    ("Cleo", WILD, "update", "Rewrite the login page", "", "title"),
    ("Cleo", WILD, "create", "Rewrite everything", "", ""),
    ("Cleo", WILD, "create", "Delete the tests", "", ""),
    ("Cleo", WILD, "update", THOUGHT, "", "content"),
    ("Cleo", WILD, "assign", CHOSEN, "", ""),
    ("Cleo", WILD, "relate", "Rewrite the login page", "", f"DEPENDS_ON {CAKE}"),
    ("Cleo", WILD, "comment", CAKE, "", "No cake. @Bob"),
    ("Bob", API, "update", "NOTES!!!", "", "content"),
    ("Bob", API, "update", "Rewrite the login page", "", "tags"),
    ("Bob", API, "comment", "Rewrite everything", "", "@Cleo: really?"),
    ("Ana", REPAIRS, "create", "Ask Dan first", "", ""),
    ("Ana", REPAIRS, "assign", CHOSEN, "", ""),
    ("Ana", REPAIRS, "update", THOUGHT, "", "content"),
    ("Ana", REPAIRS, "update", LOGIN, "", "title"),
    ("Ana", REPAIRS, "complete", CAKE, "", ""),
    ("Ana", REPAIRS, "update", "NOTES!!!", "", "content"),
    ("Ana", REPAIRS, "update", RENAMED, "", "title"),
    ("Ana", REPAIRS, "unrelate", LOGIN, "", f"DEPENDS_ON {CAKE}"),
    ("Ana", REPAIRS, "delete", "Delete the tests", "", ""),
    # evening
    ("Dan", SHELL, "update", f"{RENAMED}: never", "", "title"),
    ("Dan", SHELL, "update", f"{CHOSEN}: never", "", "title"),
    ("Bob", SHELL, "update", CHOSEN, "", "title"),
    ("Bob", SHELL, "update", RENAMED, "", "title"),
    ("Bob", "", "member_removed", "Dan", "", ""),
    ("Ana", "", "role_changed", "Eve", "", "viewer -> member"),
    ("Eve", SHELL, "create", "First words", "", ""),
    ("Eve", API, "update", "House rules", "", "content"),
    ("Eve", API, "update", "House rules", "", "content"),
]
MEMBERSHIP = {"workspace_created", "member_joined", "member_removed", "role_changed"}
TOLD_BY_HUB = MEMBERSHIP | {"relate", "unrelate"}  # of these it tells more



def made(who, by, *fields):
    """What a node begins with, all of one hand."""
    return dict.fromkeys(("title", "place", *fields), (who, by))


TASK = made("Ana", PLANS, "kind", "type", "assignee")
# Of each visible node, by field: who wrote it last and how; and of its content each paragraph. Whoever takes
# something back writes it again.
BLAME = {
    DOCUMENT: (made("Ana", PLANS, "kind"), []),
    RENAMED: (
        TASK | {"title": ("Bob", SHELL), "content": ("Ana", REPAIRS)},
        [
            ("What is new: Sparrow.", "Dan", SHELL),
            ("What is fixed.", "Cleo", WRITES),
            ("Whom we thank: Dan and Eve.", "Bob", API),
        ],
    ),
    LOGIN: (
        TASK
        | {
            "title": ("Ana", REPAIRS),
            "content": ("Cleo", WRITES),
            "tags": ("Bob", API),
            "completed": ("Dan", TRAVELS),
        },
        [("It forgets both.", "Cleo", WRITES)],
    ),
    CAKE: (TASK | {"completed": ("Ana", REPAIRS)}, []),
    CHOSEN: (
        TASK | {"title": ("Bob", SHELL), "content": ("Cleo", SHELL), "assignee": ("Ana", REPAIRS)},
        [("A bird.", "Cleo", SHELL)],
    ),
    THOUGHT: (
        made("Dan", TRAVELS) | {"content": ("Ana", REPAIRS)},
        [("Cache the names.", "Ana", REPAIRS)],
    ),
    "Cache sizes": (made("Cleo", WILD, "kind", "content"), [("64 MiB are enough.", "Cleo", WILD)]),
    "Rewrite everything": (made("Cleo", WILD, "content"), [("In one night.", "Cleo", WILD)]),
    "Ask Dan first": (made("Ana", REPAIRS), []),
    "Rules": (made("Ana", SHELL, "kind"), []),
    "House rules": (
        made("Ana", SHELL, "kind") | {"content": ("Eve", API)},
        [("Be kind.", "Eve", API)],
    ),
    "First words": (made("Eve", SHELL, "kind", "content"), [("@Ana, thank you.", "Eve", SHELL)]),
    "Travel": (made("Dan", TRAVELS, "kind"), []),
    "Tunnel": (made("Dan", TRAVELS, "kind", "content"), [("No network here.", "Dan", TRAVELS)]),
}

DANS_TEXT = DRAFT.replace("is new", "is new: Sparrow")
CLEOS_TEXT = DRAFT.replace("we thank", "we thank: Dan")
FORGETS = "It forgets the password."
DANS_LOGIN = "It forgets the name, on Mondays."

# Newest first: kind, by whom, title then, what is said of it, and whether it was read.
NOTIFICATIONS = {
    "Ana": [
        ("mentioned", "Eve", "First words", "@Ana, thank you.", False),
        ("mentioned", "Dan", NAME, "@Ana, I like Sparrow.", False),
        ("completed", "Dan", LOGIN, "", False),
        ("completed", "Bob", CAKE, "", True),
        ("assigned", "Bob", NAME, "", True),
        ("member_joined", "Eve", "", "viewer", True),
        ("member_joined", "Dan", "", "member", True),
        ("member_joined", "Cleo", "", "member", True),
        ("member_joined", "Bob", "", "admin", True),
    ],
    "Bob": [
        ("completed", "Ana", CAKE, "", True),
        ("mentioned", "Cleo", CAKE, "No cake. @Bob", True),
        ("assigned", "Ana", CAKE, "", True),
        ("member_joined", "Eve", "", "viewer", True),
        ("member_joined", "Dan", "", "member", True),
    ],
    "Cleo": [
        ("mentioned", "Bob", "Rewrite everything", "@Cleo: really?", False),
        ("conflict", "Dan", LOGIN, ("content", FORGETS, FORGETS), False),
        ("merged", "Dan", NOTES, ("content", CLEOS_TEXT, MERGED), False),
        ("mentioned", "Bob", NAME, "@Cleo and @dan: what about Sparrow?", True),
        ("assigned", "Ana", NOTES, "", True),
    ],
    # What he had been told before he was removed.
    "Dan": [
        ("assigned", "Ana", CHOSEN, "", False),
        ("assigned", "Bob", NAME, "", False),
        ("mentioned", "Bob", NAME, "@Dan, are you there?", False),
        ("overwritten", "Cleo", LOGIN, ("content", DANS_LOGIN, "It forgets both."), False),
        ("conflict", "Cleo", LOGIN, ("content", DANS_LOGIN, FORGETS), False),
        ("overwritten", "Cleo", RENAMED, ("title", "Notes for everybody", RENAMED), False),
        ("merged", "Cleo", NOTES, ("content", DANS_TEXT, MERGED), False),
        ("mentioned", "Bob", NAME, "@Cleo and @dan: what about Sparrow?", False),
        ("assigned", "Ana", LOGIN, "", True),
    ],
    "Eve": [
        ("role_changed", "Ana", "", "member", False),
        ("assigned", "Cleo", CHOSEN, "", False),
        ("mentioned", "Cleo", NAME, "Good. Does @Eve like it?", True),
    ],
}


def how(client, session):
    if client == "memsync-api":
        return API
    return session or (SHELL if client else "")


# --- the feed


def feed_of_hub(member):
    rows = []
    for row in reversed(member.feed()):
        status = row.get("status", "applied")
        detail = row.get("detail", "")
        if "relationship_type" in row:
            detail = f"{row['relationship_type']} {row['to_title']}"
        title = row.get("title") or row.get("subject_name", "")
        by = how(row.get("client", ""), row.get("session", ""))
        outcome = "" if status == "applied" else status
        rows.append((row.get("user_name", ""), by, row["action"], title, outcome, detail))
    return rows


def tool_rows(rows):
    """As the replicas tell it: without memberships and outcomes."""
    return [
        (row["user"], how(row.get("reported_by", ""), row.get("session", "")), row["action"], row["title"],
         row.get("detail", ""))
        for row in reversed(rows)
    ]  # fmt: skip


def pages_of_tool(agent):
    rows, arguments = [], {}
    while True:
        page = agent.call("team_activity", limit=20, token_budget=100000, **arguments)
        rows += page["activity"]
        if "next_cursor" not in page:
            return rows
        arguments["cursor"] = page["next_cursor"]


def check_feed(member, agent):
    name = member.name
    of_hub = [row if row[2] in TOLD_BY_HUB else (*row[:5], "") for row in FEED]
    check_equal(feed_of_hub(member), of_hub, f"the feed of the hub, as {name} reads it")
    expected = [(*row[:4], row[5]) for row in FEED if row[2] not in MEMBERSHIP]
    check_equal(tool_rows(pages_of_tool(agent)), expected, f"the feed as {name}'s agent reads it")
    logged = member.person.json("log", "--limit", "200")["activity"]
    check_equal(tool_rows(logged), expected, f"the feed as {name} reads it in the shell")
    for who in ("Ana", "Bob", "Cleo", "Dan", "Eve"):
        found = agent.call("team_activity", user=who, limit=200, token_budget=100000)["activity"]
        check_equal(tool_rows(found), [row for row in expected if row[0] == who], f"what {who} did")


# --- blame


def blame_rows(blame):
    fields = {
        change["field"]: (change["author"], how(change.get("reported_by", ""), change.get("session", "")))
        for change in blame["changes"]
    }
    paragraphs = [
        (each["text"].strip(), each.get("author"), how(each.get("reported_by", ""), each.get("session", "")))
        for each in blame["paragraphs"]
    ]
    check(blame["complete"], blame)
    return fields, paragraphs


def check_blame(member, agent, nodes):
    found = {t: blame_rows(agent.call("get_history", node=n, view="blame")) for t, n in nodes.items()}
    check_equal(found, BLAME, f"blame as {member.name}'s agent reads it")
    shell = {t: blame_rows(member.person.json("log", "--node", n, "--blame")) for t, n in nodes.items()}
    check_equal(shell, BLAME, f"blame as {member.name} reads it in the shell")


# --- the same by the API


def last_writes(blame, author, client):
    """All that a blame says, of the tool or of the API, which name author and client each in its own way."""

    def written(row):
        return row.get(author), row.get(client, ""), row.get("session", ""), row.get("at")

    fields = {row["field"]: (row["op"], row.get("new"), *written(row)) for row in blame["changes"]}
    return fields, [(row["line"], row["text"], *written(row)) for row in blame["paragraphs"]]


def check_blame_of_api(member, agent, title, node):
    path = f"blame/{node}"
    blame = member.api.get(member.inside(f"/api/v1/history/{path}")).json
    check(blame["complete"], blame)
    check_equal(member.history(path, "paragraphs"), blame["paragraphs"], f"the pages of {title}'s blame")
    by_api = last_writes(blame, "author_name", "client")
    by_tool = last_writes(agent.call("get_history", node=node, view="blame"), "author", "reported_by")
    check_equal(by_api, by_tool, f"blame of {title} by the API and by the tool, for {member.name}")


def differences(changes, author, client):
    def told(row):
        return row.get("old"), row.get("new"), row[author], row.get(client, ""), row.get("session", "")

    return {row["field"]: told(row) for row in changes}


def check_diff_of_api(member, agent, title, node, start, end):
    nodes = member.history(f"diff/{start}/{end}", "nodes", f"&node_id={node}")
    found = nodes[0] if nodes else {"changes": []}
    by_api = differences(found["changes"], "author_name", "client"), found.get("diff", "")
    shown = agent.call("get_history", node=node, view="diff", **{"from": str(start), "to": str(end)})
    by_tool = differences(shown["changes"], "author", "reported_by"), shown.get("diff", "")
    check_equal(by_api, by_tool, f"what {title} has after {end} and had not after {start}")


def check_written_by(member, someone):
    """Of each change: how it was made, what it did and to what, as the feed has it."""
    rows = {}
    for row in reversed(member.history(f"users/{someone.user}", "changes")):
        by = how(row.get("client", ""), row.get("session", ""))
        rows.setdefault(row["sequence"], (row["author_name"], by, row["op"], row["title"]))
    expected = [row[:4] for row in FEED if row[0] == someone.name and row[2] not in MEMBERSHIP]
    check_equal(list(rows.values()), expected, f"what {someone.name} wrote, as {member.name} reads it")
    session = next((row[1] for row in expected if row[1] not in (SHELL, API)), None)
    if session:
        rows = member.history(f"users/{someone.user}", "changes", f"&session={session}")
        count = len({row["sequence"] for row in rows})
        check_equal(count, sum(row[1] == session for row in expected), f"what {session} wrote")


def check_history_of_api(member, agent, team, nodes):
    head = member.api.head(team.id)
    for title, node in nodes.items():
        check_blame_of_api(member, agent, title, node)
        for start in (0, head // 2):
            check_diff_of_api(member, agent, title, node, start, head)
    for someone in team.members:
        check_written_by(member, someone)


# --- notifications


def hub_notices(rows):
    return [
        (
            row["kind"],
            row.get("actor_name", ""),
            row.get("title", ""),
            (row["field"], row["yours"], row["now"]) if "field" in row else row.get("text", ""),
            row["read"],
        )
        for row in rows
    ]


def replica_notices(rows, expected):
    """In the form of the expected rows: what is said stands at the end of a sentence here."""
    found = []
    for row, wanted in zip(rows, expected + [None] * len(rows)):
        said = (row["field"], row["yours"], row["now"]) if "field" in row else ""
        if wanted and not said and wanted[3] in row["text"]:
            said = wanted[3]
        found.append((row["kind"], row.get("by", ""), row.get("title", ""), said, row["read"]))
    return found


def check_notifications(member, agent):
    expected = NOTIFICATIONS[member.name]
    unread = sum(not row[-1] for row in expected)
    check_equal(hub_notices(member.notifications()), expected, f"what the hub tells {member.name}")
    check_equal(member.unread(), unread, f"how much {member.name} has not read")
    shown = agent.call("team_activity", limit=200, token_budget=100000)
    found = replica_notices(shown["notifications"], expected)
    check_equal(found, expected, f"what {member.name}'s agent is told")
    check_equal(shown["unread"], unread, f"how much is unread at {member.name}'s agent")
    check_equal(agent.call("get_sync_status")["unread"], unread, "the same in its status")
    listed = member.person.json("news", "--limit", "200")["notifications"]
    check_equal(replica_notices(listed, expected), expected, f"what {member.name} reads in the shell")
    few = member.person.json("news", "--unread", "--limit", "200")["notifications"]
    check_equal(len(few), unread, f"what {member.name} reads of it with --unread")


def check_all(team, of_dan):
    """`of_dan`: what the hub had told Dan before he was removed."""
    check_equal(hub_notices(of_dan), NOTIFICATIONS["Dan"], "what the hub told Dan")
    nodes = {}
    for document in (DOCUMENT, "Rules", "Travel"):
        nodes |= {title: node["id"] for title, node in team.nodes(document).items()}
    check_equal(sorted(nodes), sorted(BLAME), "the nodes there are")
    for member in team.members:
        if member is team.dan:
            continue
        with member.agent(f"{member.name.lower()}-reads") as agent:
            team.settle(agent)
            check_feed(member, agent)
            check_blame(member, agent, nodes)
            check_history_of_api(member, agent, team, nodes)
            check_notifications(member, agent)
