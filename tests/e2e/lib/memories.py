"""Reading whole replicas and whole hubs, and waiting until they agree."""

import time

SETTLE_SECONDS = 120
NODES_PER_READ = 50
LOAD_BATCH = 250  # memories in one call when a store is filled


def load(session, memories, per_document=5000):
    """Writes memories into documents of their own, in big transactions."""
    for start in range(0, len(memories), LOAD_BATCH):
        document = f"Notes {start // per_document}"
        operations = [{"op": "create", **memory} for memory in memories[start : start + LOAD_BATCH]]
        where = {"document": document} if start % per_document else {"title": document}
        session.call("edit_document", seconds=600, operations=operations, **where)


def sequence_of(cursor):
    """The number in "EPOCH.SEQUENCE"."""
    return int(cursor.rpartition(".")[2])


def list_documents(session, **arguments):
    """All documents the arguments of the tool select."""
    documents = []
    while True:
        page = session.call("list_documents", limit=200, **arguments)
        documents += page["documents"]
        if "next_cursor" not in page:
            return documents
        arguments["cursor"] = page["next_cursor"]


def read_nodes(session, ids):
    """Title and content of nodes by the ids given."""
    found = {}
    for start in range(0, len(ids), NODES_PER_READ):
        wanted = ids[start : start + NODES_PER_READ]
        answer = session.call("read_document", nodes=wanted, token_budget=100000)
        if answer["more"] or len(answer["nodes"]) != len(wanted):
            raise AssertionError(f"{len(wanted)} nodes asked for, {len(answer['nodes'])} read")
        for asked, node in zip(wanted, answer["nodes"]):
            found[asked] = (node["title"], node.get("content", ""))
    return found


def read_replica(session, workspace):
    """Everything a replica shows of a workspace: per document its title and its nodes in reading order."""
    state = {}
    for document in list_documents(session, workspace=workspace):
        answer = session.call("read_document", document=document["id"], view="full", token_budget=100000)
        if answer["more"]:
            raise AssertionError(f"'{document['title']}' is too long to be read at once")
        rows = [(n["title"], n.get("content", ""), n.get("parent"), n["sync"]) for n in answer["nodes"]]
        state[document["title"]] = rows
    return state


def created_titles(log):
    """The title of every node that the entries of a log created, in their order."""
    return [
        effect["f"]["title"][1]
        for entry in log
        for effect in entry.get("nodes", ())
        if effect.get("new") and "title" in effect["f"]
    ]


def settle(sessions, api, workspace):
    """Waits until every session's replica has sent everything and has applied the hub's whole log."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        answers = [session.call("sync_changes", workspace=workspace, wait_seconds=20) for session in sessions]
        head = api.head(workspace)
        behind = [a for a in answers if a["pending"] or sequence_of(a["cursor"]) != head]
        if not behind:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"not settled at head {head}: {behind}")
