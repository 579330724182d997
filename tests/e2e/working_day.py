#!/usr/bin/env python3
"""A working day of a team of five over real processes: owner, admin, two members and a viewer, with agents,
in the shell and by the API. All that feed, blame and notifications say of it is compared in the end."""

import sys

from day import afternoon, books, evening, forenoon, late_afternoon, morning, noon
from day.team import Team
from lib.smtp_sink import SmtpSink
from lib.world import World, parse_arguments


def run(world, sink):
    team = Team(world, sink)
    for part in (morning, forenoon, noon, afternoon, late_afternoon):
        part.run(team)
    of_dan = evening.run(team)
    books.check_all(team, of_dan)
    told = sum(len(rows) for rows in books.NOTIFICATIONS.values())
    counts = f"{len(books.FEED)} entries, blame of {len(books.BLAME)} nodes, {told} notifications"
    print(f"{counts}: as they happened")


def main():
    arguments = parse_arguments(__doc__)
    with World(arguments.memsync, arguments.memsync_hub) as world, SmtpSink() as sink:
        run(world, sink)


if __name__ == "__main__":
    sys.exit(main())
