#!/usr/bin/env python3
"""Who may not, does not: viewers, other teams, and people whose membership or token has ended."""

import sys
import time

from lib.hub_api import new_id, operation
from lib.mcp import ToolError
from lib.memories import created_titles, settle
from lib.world import World, email_of, parse_arguments

CUT_SECONDS = 1.0
NOBODYS_ID = "0" * 20


def expect_problem(answer, status, code):
    assert answer.status == status, f"{answer} instead of {status}"
    assert answer.headers.get_content_type() == "application/problem+json", answer.headers
    assert answer.json["code"] == code, f"{answer} instead of {code}"
    return answer.json


def refuse_viewer(world, hub, node):
    """Reads and follows, writes nothing: neither over HTTP, nor by a replica that believes it may."""
    joined = hub.invite("Vera", "viewer")
    api = hub.api(joined["token"])
    team = f"/api/v1/workspaces/{hub.team}"
    assert api.get(team).status == 200
    stream = api.stream(hub.team)
    assert stream.status == 200 and stream.wait_for("hello") is not None
    stream.close()
    title = {"title": {"set": "a viewer's title"}}
    for kind, target, members in (
        ("create", new_id(), {"fields": title, "place": {"parent": node, "key": "V"}}),
        ("update", node, {"fields": title}),
        ("complete", node, {}),
        ("delete", node, {}),
        ("comment", new_id(), {"node": node, "text": "a viewer's comment"}),
    ):
        answer = api.push(hub.team, operation(1, kind, target, **members))
        (result,) = answer.json["results"]
        assert (result["status"], result["code"]) == ("rejected", "permission"), f"{kind}: {answer}"
    (result,) = hub.api(hub.token).push(hub.team, operation(1, "complete", node)).json["results"]
    assert result["status"] == "applied", f"the owner could not do it either: {result}"
    answer = api.post(f"/api/v1/teams/{hub.team}/invite", {"email": "x@example.org"})
    assert "member.invite" in expect_problem(answer, 403, "permission")["detail"], answer

    vera = world.person("vera").login(hub, joined["token"])
    with vera.session() as session:
        session.call("sync_changes", workspace=hub.team)
        session.call("use_workspace", workspace=hub.team)
        try:
            session.call("remember", title="a viewer's wish", content="should not be kept")
        except ToolError as refusal:
            assert "viewer" in str(refusal) or "memory.write" in str(refusal), refusal
        else:
            raise AssertionError("a viewer's replica accepted a memory")


def reject_what_was_written_before_a_downgrade(world, hub):
    """Written offline as a member, pushed as a viewer: rejected by the hub, kept by the replica."""
    token = hub.invite("Dora")["token"]
    dora = world.person("dora").login(hub, token)
    with dora.session() as session:
        session.call("sync_changes", workspace=hub.team, wait_seconds=20)
        hub.stop()
        session.call("remember", title="written before the downgrade", content="as a member", document="Dora")
        whom = ["--workspace", hub.team, "--email", email_of("Dora")]
        hub.command("workspace set-role", *whom, "--role", "viewer")
        hub.start()
        session.call("sync_changes", workspace=hub.team, wait_seconds=20)
        pending = session.call("get_pending_operations")
        assert pending["total"] == 0 and pending["rejected"] > 0, pending
    assert "written before the downgrade" not in created_titles(hub.api(hub.token).whole_log(hub.team))


def hide_from_strangers(world, hub, node):
    """Another team's member gets the answer that a workspace which does not exist gets."""
    token = hub.command("user add", "--email", "zoe@example.org", "--name", "Zoe")["token"]
    api = hub.api(token)
    made = api.post("/api/v1/workspaces", {"name": "Other team"})
    assert made.status == 201, made
    epoch = api.get("/api/v1/me").json["epoch"]
    routes = [
        ("GET", "", None),
        ("PATCH", "", {"name": "mine now"}),
        ("DELETE", "", None),
        ("GET", "/members", None),
        ("GET", f"/pull?after={epoch}.0", None),
        ("POST", "/push", {"proto": 1, "replica": new_id(26), "epoch": epoch, "ops": []}),
        ("POST", "/snapshot", {"proto": 1, "replica": new_id(26), "outstanding": []}),
        ("GET", "/activity", None),
        ("POST", "/leave", {}),
    ]
    for method, rest, body in routes:
        answer = api.request(method, f"/api/v1/workspaces/{hub.team}{rest}", body)
        absent = api.request(method, f"/api/v1/workspaces/{NOBODYS_ID}{rest}", body)
        expect_problem(answer, 404, "not_found")
        told = answer.body.replace(hub.team.encode(), NOBODYS_ID.encode())
        assert told == absent.body, f"{method} {rest} tells a stranger that the workspace exists: {answer}"
        nobody = hub.api().request(method, f"/api/v1/workspaces/{hub.team}{rest}", body)
        expect_problem(nobody, 401, "unauthenticated")
    for view in ("ops", "memories"):
        stream = api.stream(hub.team, view)
        assert stream.status == 404, f"a stranger's stream answers {stream.status}"
        stream.close()
    expect_problem(api.get(f"/api/v1/history/nodes/{node}?workspace_id={hub.team}"), 404, "not_found")
    listed = [w["id"] for w in api.get("/api/v1/workspaces").json["workspaces"]]
    assert hub.team not in listed and made.json["id"] in listed, listed

    zoe = world.person("zoe").login(hub, token)
    with zoe.session() as session:
        session.call("sync_changes", wait_seconds=20)
        assert session.call("search_memories", query="secret handshake")["results"] == []


def expect_cut(streams, cut):
    """Runs `cut`; every stream must end within a second, without showing anything written after."""
    for stream in streams:
        assert stream.next() is not None  # the first event: the stream is registered
    started = time.monotonic()
    cut()
    for stream in streams:
        events = []
        while (event := stream.next(CUT_SECONDS + started - time.monotonic())) is not None:
            events.append(event)
        names = [name if name != "message" else data.get("type") for name, data in events]
        assert not {"ops", "memory_created", "memory_updated"} & set(names), f"shown after the cut: {events}"
        stream.close()
    return time.monotonic() - started


def cut_streams(world, hub, writer):
    """However the right to read ends, the streams end within a second."""
    owner = hub.api(hub.token)
    longest = 0.0
    for name, remove in (
        ("Rita", lambda user: owner.request("DELETE", f"/api/v1/workspaces/{hub.team}/members/{user}")),
        ("Rob", lambda user: hub.command(
            "workspace remove-member", "--workspace", hub.team, "--email", email_of("Rob"))),
    ):  # fmt: skip
        joined = hub.invite(name)
        api = hub.api(joined["token"])
        person = world.person(name.lower()).login(hub, joined["token"])
        with person.session() as session:
            settle([session], owner, hub.team)
            assert session.call("search_memories", query="secret handshake")["results"]

            def cut():
                remove(joined["user"]["id"])
                writer.call("remember", title=f"after {name} left", content="not for their eyes")

            longest = max(longest, expect_cut([api.stream(hub.team), api.stream(hub.team, "memories")], cut))
            proof = expect_problem(api.get(f"/api/v1/workspaces/{hub.team}"), 403, "removed")
            assert proof["workspace"] == hub.team and proof["user"] == joined["user"]["id"], proof
            session.call("sync_changes", wait_seconds=20)
            found = session.call("search_memories", query="secret handshake")["results"]
            assert not found, f"a removed person's replica still shows {found}"

    joined = hub.invite("Tom")
    api = hub.api(joined["token"])
    issued = api.post("/api/v1/tokens", {"name": "browser"})
    assert issued.status == 201, issued
    other = hub.api(issued.json["token"])
    revoke = f"/api/v1/tokens/{issued.json['id']}"
    streams = [other.stream(hub.team), other.stream(hub.team, "memories")]
    longest = max(longest, expect_cut(streams, lambda: api.request("DELETE", revoke)))
    expect_problem(other.get("/api/v1/me"), 401, "unauthenticated")
    assert api.get("/api/v1/me").status == 200
    return longest


def main():
    options = parse_arguments(__doc__)
    with World(options.memsync, options.memsync_hub) as world:
        hub = world.hub().start()
        ana = world.person("ana").login(hub, hub.token)
        with ana.session() as writer:
            writer.call("use_workspace", workspace=hub.team)
            writer.call("remember", title="the secret handshake", content="two short knocks, one long")
            settle([writer], hub.api(hub.token), hub.team)
            log = hub.api(hub.token).whole_log(hub.team)
            node = next(effect["id"] for entry in log for effect in entry.get("nodes", ()))
            refuse_viewer(world, hub, node)
            hide_from_strangers(world, hub, node)
            seconds = cut_streams(world, hub, writer)
            reject_what_was_written_before_a_downgrade(world, hub)
    print(f"viewers write nothing, strangers see nothing, streams are cut within {seconds * 1000:.0f} ms")


if __name__ == "__main__":
    sys.exit(main())
