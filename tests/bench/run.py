#!/usr/bin/env python3
"""Runs the measurements and prints one JSON document: every number beside a peer's or a floor's.

The floor (floor.mjs) is the least program that does the same job as durably. The official memory server and
the peers (peer_programs.py) are asked for what they can do; the report says what that is not. Ratios are ours
divided by theirs: times below 1 and rates above 1 are better. Progress goes to stderr.
"""

import importlib
import json
import sys

import harness
from lib.world import World, parse_arguments

MEASUREMENTS = [
    "startup", "propagation", "team", "reconnect", "first_sync", "takeover", "local_calls", "busy",
]  # fmt: skip


def main():
    options = parse_arguments(
        __doc__,
        ("--quick", False, "tiny sizes: shows that everything runs, measures nothing"),
        ("--only", "", "one of " + ", ".join(MEASUREMENTS)),
    )
    chosen = [options.only] if options.only else MEASUREMENTS
    report = {
        "commit": harness.find_commit(),
        "date": harness.now(),
        "machine": harness.describe_machine(),
        "quick": options.quick,
        "results": {},
    }
    with World(options.memsync, options.memsync_hub) as world:
        bench = harness.Bench(world, options.quick)
        report["peers"] = {
            "floor": {"installed": bench.node is not None},
            "official_server": {"installed": bench.has_official_server},
            **bench.peers.describe(),
        }
        for name in chosen:
            bench.say(name)
            report["results"][name] = importlib.import_module(name).measure(bench)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    sys.exit(main())
