"""A team at work: everybody has a stream open while changes come at a steady pace. How long from a change to
its arrival at everybody, what of it is lost, and how soon a member's presence shows.

The members are driven from here, over HTTP, so that nothing but the hub is measured. What arrives is only
noted with its time, and taken apart afterwards. A change counts from the moment its push is sent, which is
before its commit.
"""

import asyncio
import contextlib
import gc
import hashlib
import json
import re
import time

from corpus import Corpus
from harness import latencies, number
from lib.hub_api import new_id, operation

CHANGES_PER_SECOND = 20
PRESENCE_PERIOD_SECONDS = 20  # of each member, as replicas do it; each time at another place
ARRIVAL_SECONDS = 10  # what is not there so long after the last change is lost
NOTHING_HASH = hashlib.sha256(b"").hexdigest()[:32]
CHUNK_SIZE_LINE = re.compile(rb"\r\n[0-9a-fA-F]+\r\n")
PLACE = re.compile(rb'"client":"(place [0-9]+)"')


class Stream(asyncio.Protocol):
    """An open event stream."""

    def __init__(self, request):
        self.request = request
        self.is_open = asyncio.get_running_loop().create_future()
        self.has_ended = False
        self.pieces = []  # (when it came, bytes), until they are taken apart
        self.arrivals = {}  # id of a change, or place -> when it came first
        self.repeated = 0
        self._rest = b""
        self._is_head_over = False

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data):
        self.pieces.append((time.perf_counter(), data))
        if not self.is_open.done():
            self.is_open.set_result(data)

    def connection_lost(self, _):
        self.has_ended = True
        if not self.is_open.done():
            self.is_open.set_exception(ConnectionError("the stream was refused"))

    def take_apart(self, read_event):
        """Notes when each thing that `read_event(event)` finds in an event came first."""
        pieces, self.pieces = self.pieces, []
        for at, data in pieces:
            self._rest += data
            if not self._is_head_over and b"\r\n\r\n" in self._rest:
                self._rest = b"\r\n" + self._rest.split(b"\r\n\r\n", 1)[1]
                self._is_head_over = True
            # No event holds CR LF, so what looks like the size of a chunk is one.
            self._rest = CHUNK_SIZE_LINE.sub(b"", self._rest)
            *events, self._rest = self._rest.split(b"\n\n")
            for event in events if self._is_head_over else ():
                ids, places = read_event(event)
                self.repeated += sum(id in self.arrivals for id in ids)
                for found in (*ids, *places):
                    self.arrivals.setdefault(found, at)


class Requests:
    """A member's connection for everything but the stream; one request after the other."""

    def __init__(self, port, headers):
        self.port = port
        self.headers = headers
        self._turn = asyncio.Lock()

    async def connect(self):
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def post(self, path, body):
        """When it was sent."""
        text = json.dumps(body).encode()
        async with self._turn:
            head = f"POST {path} HTTP/1.1\r\n{self.headers}Content-Length: {len(text)}\r\n\r\n"
            sent = time.perf_counter()
            self._writer.write(head.encode() + text)
            answer = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
            size = int(re.search(r"content-length: (\d+)", answer)[1])
            answer_text = await self._reader.readexactly(size)
        assert " 200 " in answer.splitlines()[0], (answer, answer_text)
        return sent

    def close(self):
        self._writer.close()


class MemsyncMember:
    def __init__(self, hub, token, epoch):
        self.port = hub.port
        self.headers = f"Host: hub\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        self.stream_path = f"/api/v1/sync/stream?view=ops&workspace_id={hub.team}"
        self.push_path = f"/api/v1/workspaces/{hub.team}/push"
        self.team, self.epoch, self.replica, self.pushed = hub.team, epoch, new_id(26), 0

    def change(self, memory):
        """Its id, and the push that makes it."""
        self.pushed += 1
        fields = {
            "title": {"set": memory["title"]},
            "content": {"text": memory["content"], "base_text_hash": NOTHING_HASH},
        }
        made = operation(
            self.pushed, "create", new_id(), fields=fields, place={"parent": None, "key": "V"}
        )
        return made["target"], {"proto": 1, "replica": self.replica, "epoch": self.epoch, "ops": [made]}

    def presence(self, place):
        session = {"session": "s", "workspace": self.team, "kind": "agent", "state": "active"}
        return {"reporter": "desk", "sessions": [{**session, "client": place}]}

    @staticmethod
    def read_event(event):
        if b"event: presence" in event:
            return (), [place.decode() for place in PLACE.findall(event)]
        if b"event: ops" not in event:
            return (), ()
        data = json.loads(event.split(b"data: ", 1)[1])
        return [entry["target"] for entry in data["entries"]], ()


class FloorMember:
    stream_path, push_path, headers = "/stream?after=0", "/push", "Host: hub\r\n"

    def __init__(self, url):
        self.port = int(url.rsplit(":", 1)[1])

    def change(self, memory):
        id = new_id()
        return id, [{"id": id, **memory}]

    def presence(self, _):
        """The floor has none."""

    @staticmethod
    def read_event(event):
        return [row["id"] for row in json.loads(event.split(b"data: ", 1)[1])], ()


class Run:
    """What the members did, and what each of their streams got of it."""

    def __init__(self, members):
        self.members = members
        self.sent = {}  # id of a change, or place -> when it was sent
        self.changes, self.lateness = [], []
        self._tasks = []

    async def work(self, memories):
        loop = asyncio.get_running_loop()
        self.streams, self.requests = [], []
        for member in self.members:
            request = f"GET {member.stream_path} HTTP/1.1\r\n{member.headers}\r\n".encode()
            _, stream = await loop.create_connection(lambda r=request: Stream(r), "127.0.0.1", member.port)
            self.streams.append(stream)
            self.requests.append(Requests(member.port, member.headers))
            await self.requests[-1].connect()
            # An answer without a body yet: the floor sends its head with the first event.
            if isinstance(member, MemsyncMember):
                assert b" 200 " in (await stream.is_open).splitlines()[0]
        begun = time.perf_counter() + 0.1
        await asyncio.gather(self.write(memories, begun), self.move(len(memories), begun))
        await asyncio.gather(*self._tasks)
        await self.wait_for_all()
        assert not any(stream.has_ended for stream in self.streams), "a stream ended"
        for each in (*self.requests, *(stream.transport for stream in self.streams)):
            each.close()

    async def write(self, memories, begun):
        for n, memory in enumerate(memories):
            at = n % len(self.members)
            id, push = self.members[at].change(memory)
            self.changes.append(id)
            await self.send(begun + n / CHANGES_PER_SECOND, id, at, self.members[at].push_path, push)

    async def move(self, changes, begun):
        """Presence, for as long as there are changes."""
        pause = PRESENCE_PERIOD_SECONDS / len(self.members)
        for n in range(max(1, int(changes / CHANGES_PER_SECOND / pause))):
            at = n % len(self.members)
            report = self.members[at].presence(f"place {n}")
            if report:
                await self.send(begun + n * pause, f"place {n}", at, "/api/v1/presence/heartbeat", report)

    async def send(self, when, name, at, path, body):
        """At that time, whether or not earlier ones were answered."""
        await asyncio.sleep(when - time.perf_counter())
        self.lateness.append(max(0.0, time.perf_counter() - when))

        async def post():
            self.sent[name] = await self.requests[at].post(path, body)

        self._tasks.append(asyncio.create_task(post()))

    async def wait_for_all(self):
        deadline = time.perf_counter() + ARRIVAL_SECONDS
        while time.perf_counter() < deadline:
            for member, stream in zip(self.members, self.streams):
                stream.take_apart(member.read_event)
            if all(name in stream.arrivals for stream in self.streams for name in self.sent):
                return
            await asyncio.sleep(0.05)

    def samples(self, names):
        """Seconds from sending each of them to its arrival at each stream."""
        return [
            stream.arrivals[name] - self.sent[name]
            for stream in self.streams
            for name in names
            if name in stream.arrivals
        ]

    def lost(self, names):
        return sum(name not in stream.arrivals for stream in self.streams for name in names)

    @property
    def places(self):
        return [name for name in self.sent if name.startswith("place ")]


@contextlib.contextmanager
def no_garbage_collection():
    """Its pauses would be counted as the hub's."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def run(members, memories):
    done = Run(members)
    with no_garbage_collection():
        asyncio.run(done.work(memories))
    return done


def measure_memsync(bench, members, memories):
    hub = bench.world.hub(bench.new_name("hub"))
    hub.env["MEMSYNC_HUB_LIMITS"] = "invitations=1000/1000"  # all join within a minute, from one address
    hub.start()
    epoch = hub.api(hub.token).get("/api/v1/me").json["epoch"]
    tokens = [hub.token, *(hub.invite(f"Member{n}")["token"] for n in range(1, members))]
    done = run([MemsyncMember(hub, token, epoch) for token in tokens], memories)
    hub.kill()
    return done


def measure(bench):
    members = bench.size(50, 4)
    memories = Corpus().memories(CHANGES_PER_SECOND * bench.size(60, 1))
    ours = measure_memsync(bench, members, memories)
    floor = run([FloorMember(bench.floor_hub())] * members, memories) if bench.node else None
    lost = ours.lost(ours.changes)
    repeated = sum(stream.repeated for stream in ours.streams)
    assert lost == 0 and repeated == 0, f"{lost} of the changes were lost, {repeated} came twice"
    name = f"{members} streams, {CHANGES_PER_SECOND} changes a second"
    seen = ours.samples(ours.places)
    return [
        *latencies(
            f"{name}: from a push to its arrival",
            ours.samples(ours.changes),
            percents=(50, 95, 99),
            floor=floor and floor.samples(floor.changes),
        ),
        number(f"{name}: changes", len(ours.changes), "changes"),
        number(f"{name}: lost", lost, "arrivals", floor=floor and floor.lost(floor.changes)),
        *latencies(f"{name}: from a heartbeat to everybody's stream", seen, percents=(50, 95, 100)),
        number(f"{name}: presence that never came", ours.lost(ours.places), "arrivals"),
        *latencies(f"{name}: the driver was late", ours.lateness, floor=floor and floor.lateness),
    ]
