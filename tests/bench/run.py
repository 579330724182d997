#!/usr/bin/env python3
"""Runs the measurements and prints one JSON document: every number beside a peer's or a floor's.

The floor (floor.mjs) is the least program that does the same job as durably. The official memory server is
asked for what it can do. Ratios are ours divided by theirs. Progress goes to stderr.
"""

import importlib
import json
import sys

import harness
from lib.world import World, parse_arguments

MEASUREMENTS = ["startup", "propagation", "reconnect", "first_sync", "local_calls"]


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
        report["peers"] = {"floor": bench.node is not None, "official_server": bench.has_official_server}
        for name in chosen:
            bench.say(name)
            report["results"][name] = importlib.import_module(name).measure(bench)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    sys.exit(main())
