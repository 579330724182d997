"""What was written and what was acknowledged, held against what the hub and every replica have in the end."""

import collections
import threading

from .mcp import SessionEnded
from .memories import created_titles, read_replica, settle


class Ledger:
    """What was sent and what was acknowledged, by title. Any thread."""

    def __init__(self):
        self.sent = set()
        self.acknowledged = set()
        self._lock = threading.Lock()

    def send_burst(self, session, document, round, count):
        """Sends without waiting; returns the titles by request id."""
        titles = {}
        try:
            for n in range(count):
                title = f"{document}, round {round}, memory {n}"
                memory = {"title": title, "content": f"The text of: {title}."}
                id = session.send_call("remember", document=f"{document} {round}", **memory)
                titles[id] = title
        except SessionEnded:
            pass
        with self._lock:
            self.sent.update(titles.values())
        return titles

    def note(self, titles, answers):
        for id, answer in answers.items():
            if id not in titles:
                continue
            result = answer.get("result")
            assert result and not result.get("isError"), f"'{titles[id]}' was refused: {answer}"
            with self._lock:
                self.acknowledged.add(titles[id])

    def remember(self, session, document, title):
        """Writes one memory and waits until it is acknowledged."""
        with self._lock:
            self.sent.add(title)
        answer = session.call("remember", document=document, title=title, content=f"The text of: {title}.")
        with self._lock:
            self.acknowledged.add(title)
        return answer


def check_log(log):
    """Its sequence has no holes, no operation is in it twice, and none was refused."""
    assert [int(entry["seq"]) for entry in log] == list(range(1, len(log) + 1)), "the log has holes"
    operations = [(entry["replica"], entry["n"]) for entry in log]
    assert len(set(operations)) == len(operations), "an operation is in the log twice"
    refused = [entry for entry in log if entry["status"] == "rejected"]
    assert not refused, f"{len(refused)} operations were rejected, first: {refused[0]}"


def check_everything(hub, people, ledger):
    """0 lost and 0 doubled on the hub and on every person's replica, all of which are equal. Returns a line
    that says so."""
    api = hub.api(hub.token)
    sessions = [person.session() for person in people]
    settle(sessions, api, hub.team)
    log = api.whole_log(hub.team)
    check_log(log)
    on_hub = collections.Counter(title for title in created_titles(log) if title in ledger.sent)
    first, *others = (read_replica(session, hub.team) for session in sessions)
    for session in sessions:
        session.kill()
    assert all(other == first for other in others), "the replicas differ"
    shown = collections.Counter(
        row[0] for rows in first.values() for row in rows if row[0] in ledger.sent
    )
    for where, count in (("hub", on_hub), ("replicas", shown)):
        lost = [title for title in ledger.acknowledged if count[title] == 0]
        doubled = [title for title, times in count.items() if times > 1]
        assert not lost, f"{len(lost)} acknowledged memories are missing on the {where}, first: {lost[0]}"
        assert not doubled, f"{len(doubled)} memories are double on the {where}, first: {doubled[0]}"
    assert on_hub == shown, "the replicas show something else than the hub has"
    states = {row[3] for rows in first.values() for row in rows}
    assert states == {"synced"}, f"nodes are {states}"
    return (
        f"{len(ledger.sent)} sent, {len(ledger.acknowledged)} acknowledged, 0 lost, 0 doubled; "
        f"{sum(shown.values())} on the hub and on all {len(people)} replicas"
    )
