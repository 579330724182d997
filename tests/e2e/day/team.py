"""Five people of one team, each at a machine of their own, and what they can do there."""

import datetime
import time

from lib.fault_proxy import FaultProxy
from lib.memories import settle
from lib.waiting import wait_for
from lib.world import email_of

DOCUMENT = "Release 1.0"


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def check_equal(found, expected, what):
    """The failure has what differs of lists, else the whole of both."""
    if found == expected:
        return
    lines = [f"{what} is not as expected"]
    if isinstance(found, list) and isinstance(expected, list):
        lines += [f"  too much: {row}" for row in found if row not in expected]
        lines += [f"  missing:  {row}" for row in expected if row not in found]
    if len(lines) == 1:
        lines += [f"  found:    {found}", f"  expected: {expected}"]
    raise AssertionError("\n".join(lines))


class Member:
    """Somebody who has signed in: a machine with the commands, agents on it, and the API."""

    def __init__(self, team, name, person):
        self.team = team
        self.name = name
        self.person = person
        self.person.env["MEMSYNC_WORKSPACE"] = team.id
        self.token = person.json("token", "create", "working day")["token"]
        self.api = team.hub.api(self.token)
        self.user = self.api.get("/api/v1/me").json["id"]

    def agent(self, session):
        """A `memsync mcp` process whose host says that this is its session."""
        self.person.env["CLAUDE_CODE_SESSION_ID"] = session
        try:
            return self.person.session()
        finally:
            del self.person.env["CLAUDE_CODE_SESSION_ID"]

    # --- by the shell

    def write(self, tool, **arguments):
        """One call of a tool, sent at once."""
        result = self.person.call(tool, **arguments)
        self.person.command("sync")
        return result

    # --- by the API

    def at(self, path):
        """A path below the team's workspace."""
        return f"/api/v1/workspaces/{self.team.id}{path}"

    def inside(self, path):
        """A path that names the workspace in its query."""
        return f"{path}?workspace_id={self.team.id}"

    def patch(self, node, **changes):
        return self.api.patch_node(self.team.id, node, **changes)

    def comment(self, node, text):
        return self.api.post(self.inside(f"/api/v1/nodes/{node}/comments"), {"text": text})

    def invite(self, name, role):
        """The link that the invited person gets."""
        body = {"email": email_of(name), "role": role}
        answer = self.api.post(f"/api/v1/teams/{self.team.id}/invite", body)
        check(answer.status == 201, answer)
        return self.team.read_mail(name)

    def notifications(self):
        """All there are, newest first, by pages."""
        return self.api.list("/api/v1/notifications?limit=3", "notifications")

    def history(self, path, rows, query=""):
        """All rows of a list of the history, by pages."""
        return self.api.list(self.inside(f"/api/v1/history/{path}") + f"&limit=3{query}", rows)

    def unread(self):
        return self.api.get("/api/v1/notifications/unread-count").json["unread"]

    def feed(self):
        """All that happened, newest first, by pages."""
        return self.api.list(self.at("/activity?limit=7"), "activity")


class Team:
    """The hub and who is in the team. Two things stand between them and the hub: a sink that keeps the mail,
    and the proxy through which Dan's machine reaches it."""

    def __init__(self, world, sink):
        self.world = world
        self.sink = sink
        self.hub = world.hub()
        self.hub.env = {
            "MEMSYNC_HUB_SMTP_URL": f"smtp://127.0.0.1:{sink.port}",
            "MEMSYNC_HUB_SMTP_FROM": "hub@example.com",
            "MEMSYNC_HUB_SMTP_TLS": "none",
        }
        self.hub.start()
        self.id = self.hub.team
        self.network = world.add(FaultProxy(self.hub.port))
        self.ana = self.bob = self.cleo = self.dan = self.eve = None  # as they join

    @property
    def members(self):
        return [each for each in (self.ana, self.bob, self.cleo, self.dan, self.eve) if each]

    def read_mail(self, name):
        """The link in the invitation that somebody got."""
        recipients, message, _ = self.sink.next_mail()
        check_equal(recipients, [email_of(name)], "who got the invitation")
        return next(word for word in message.get_content().split() if "/invite/" in word)

    def join(self, name, link, hub_url=None):
        """With the link, or with its token at another address of the same hub."""
        person = self.world.person(name.lower())
        where = ["--invite", link] if hub_url is None else ["--hub", hub_url, "--invite", link.split("/")[-1]]
        person.command("join", *where, "--name", name)
        return Member(self, name, person)

    def cut_network(self):
        self.network.kill()

    def restore_network(self):
        self.network = self.world.add(FaultProxy(self.hub.port, self.network.port))

    def nodes(self, document=DOCUMENT):
        """The nodes of a document as the hub has them, by title."""
        documents = self.ana.api.list(self.ana.at("/documents"), "documents")
        id = next(row["id"] for row in documents if row["title"] == document)
        rows = self.ana.api.list(self.ana.inside(f"/api/v1/documents/{id}"), "nodes")
        return {row["title"]: row for row in rows}

    def find(self, title, document=DOCUMENT):
        """The whole id of a node."""
        return self.nodes(document)[title]["id"]

    def settle(self, *sessions):
        """Waits until these agents have sent everything and have all that the hub has."""
        settle(sessions, self.ana.api, self.id)

    def moment(self):
        """A time later than all that the hub received and earlier than all it will, for `since`."""
        newest = datetime.datetime.fromisoformat(self.ana.feed()[0]["at"].replace("Z", "+00:00"))
        moment = newest + datetime.timedelta(milliseconds=1)
        wait_for("the clock goes on", lambda: time.time() > moment.timestamp())
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def edit(agent, *operations, **more):
    return agent.call("edit_document", operations=list(operations), **more)


def told(agent, kind):
    """Unread notifications of that kind, as an agent is shown them."""
    shown = agent.call("team_activity", unread=True)["notifications"]
    return [each for each in shown if each["kind"] == kind]
