#!/usr/bin/env python3
"""Readers that never read: the hub's memory stays bounded, it cuts them, and they go on from their cursor."""

import random
import sys

from lib.memories import load
from lib.process import peak_mib
from lib.waiting import wait_until
from lib.world import World, parse_arguments

CONTENT_BYTES = 1500
# A stream keeps 256 KiB of live events at most, and what is being sent; a good part of both is shared.
ALLOWED_MIB_PER_STREAM = 0.4
SLACK_MIB = 8
CUT_SECONDS = 150  # a stream that takes nothing for a minute is cut
RECEIVE_BUFFER_BYTES = 4096
LETTERS = "abcdefghijklmnopqrstuvwxyz "


def open_streams(api):
    lines = api.get("/metrics").body.decode().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("memsync_streams_open ")))


def write(world, hub, name, count):
    """Fills the team's log through a client; returns how much the hub had resident at most."""
    dice = random.Random(1)
    texts = ("".join(dice.choices(LETTERS, k=CONTENT_BYTES)) for _ in range(count))
    memories = [{"title": f"Note {n}", "content": text} for n, text in enumerate(texts)]
    with world.person(name).login(hub, hub.token).session() as session:
        session.call("sync_changes", workspace=hub.team, wait_seconds=20)
        load(session, memories)
        wait_until(lambda: session.call("sync_changes", wait_seconds=50)["pending"] == 0)
    return peak_mib(hub.process.pid)


def read_to_the_end(stream, after):
    """What a reader that wakes up finds of a stream: contiguous ranges, then its end. The last sequence."""
    while True:
        try:
            event = stream.next()
        except ConnectionError:
            return after
        if event is None:
            return after
        name, data = event
        if name == "ops":
            first, last = int(data["from"]), int(data["to"])
            assert first == after + 1, f"after {after} comes {first}"
            after = last


def go_on(api, workspace, after, head):
    """A new stream from there brings the rest."""
    stream = api.stream(workspace, after=f"{api.get('/api/v1/me').json['epoch']}.{after}")
    while after < head:
        data = stream.wait_for("ops")
        assert int(data["from"]) == after + 1, f"after {after} comes {data['from']}"
        after = int(data["to"])
    stream.close()


def main():
    options = parse_arguments(
        __doc__,
        ("--streams", 20, "how many never read"),
        ("--operations", 8000, "how many are pushed meanwhile"),
    )
    with World(options.memsync, options.memsync_hub) as world:
        alone = world.hub("hub-alone").start()
        without = write(world, alone, "before", options.operations)
        alone.stop()
        hub = world.hub().start()
        api = hub.api(hub.token)
        start = f"{api.get('/api/v1/me').json['epoch']}.0"
        streams = [api.stream(hub.team, "ops", start, RECEIVE_BUFFER_BYTES) for _ in range(options.streams)]
        with_readers = write(world, hub, "writer", options.operations)
        head = api.head(hub.team)
        print(f"hub: at most {without:.1f} MiB without readers, {with_readers:.1f} MiB with {len(streams)}")
        print(f"that do not read; the log has {options.operations * CONTENT_BYTES / 2**20:.0f} MiB of text")
        assert with_readers - without < ALLOWED_MIB_PER_STREAM * len(streams) + SLACK_MIB
        wait_until(lambda: open_streams(api) == 0, lambda: f"{open_streams(api)} are open", CUT_SECONDS, 0.2)
        reached = [read_to_the_end(stream, 0) for stream in streams]
        assert max(reached) < head, "nobody was cut: the log is too short for this test"
        for stream in streams:
            stream.close()
        go_on(api, hub.team, min(reached), head)
    print(f"all {len(streams)} were cut, after {min(reached)} to {max(reached)} of {head}, and can go on")


if __name__ == "__main__":
    sys.exit(main())
