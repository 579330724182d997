"""A TCP proxy between a replica and its hub that does what bad networks and bad proxies do.

    proxy = world.add(FaultProxy(hub.port))
    proxy.impose(Throttle(20_000))
    proxy.heal()

A fault is asked about every piece of bytes that passes, on connections new and old. Its pauses belong to the
fault; nobody waits for them.
"""

import contextlib
import random
import re
import socket
import struct
import threading

PIECE_BYTES = 16 << 10
HELD_BYTES = 4 << 20  # what a proxy keeps back of one answer before it lets go
CONNECT_SECONDS = 10


class Cut(Exception):
    """The connection is reset now. `passed` still gets through before."""

    def __init__(self, passed=b""):
        super().__init__("cut")
        self.passed = passed


class Fault:
    """No fault: passes everything on. Hooks return what to pass on of a piece, or raise Cut."""

    def opened(self, link):
        """A connection was accepted."""

    def to_hub(self, link, piece):
        return piece

    def to_client(self, link, piece):
        return piece


class CutMidFrame(Fault):
    """Resets every connection after a random number of bytes, so mostly in the middle of something.

    The next connection may have twice as many, up to `most`: whatever is sent gets through in the end.
    """

    def __init__(self, least, most, seed):
        self.allowance = least
        self.most = most
        self.dice = random.Random(seed)
        self.cuts = 0

    def _pass(self, link, piece):
        if link.allowance is None:
            link.allowance = self.dice.randint(1, self.allowance)
        if len(piece) < link.allowance:
            link.allowance -= len(piece)
            return piece
        self.cuts += 1
        self.allowance = min(2 * self.allowance, self.most)
        raise Cut(piece[: link.allowance])

    to_hub = to_client = _pass


class Silence(Fault):
    """Half-open: connections are accepted and stay, and no byte passes. What was swallowed is lost, so such
    a connection stays silent also when the fault has passed."""

    def opened(self, link):
        link.is_dead = True

    def to_hub(self, link, piece):
        link.is_dead = True
        return piece

    to_client = to_hub


class Delay(Fault):
    def __init__(self, seconds):
        self.seconds = seconds

    def to_hub(self, link, piece):
        link.pause(self.seconds)
        return piece

    to_client = to_hub


class Throttle(Fault):
    """So many bytes a second in each direction of each connection."""

    def __init__(self, bytes_per_second):
        self.bytes_per_second = bytes_per_second

    def to_hub(self, link, piece):
        link.pause(len(piece) / self.bytes_per_second)
        return piece

    to_client = to_hub


class Duplicate(Fault):
    """What the client sends reaches the hub twice, over a second connection whose answers go nowhere: a
    client that repeats everything because it never heard that the first time worked."""

    def __init__(self):
        self.duplicated_bytes = 0

    def opened(self, link):
        link.open_shadow()

    def to_hub(self, link, piece):
        self.duplicated_bytes += link.send_to_shadow(piece)
        return piece


class HoldBackStreams(Fault):
    """A buffering reverse proxy: an event stream is passed on when it has ended, other answers at once."""

    def to_client(self, link, piece):
        if not link.is_stream or len(link.held) > HELD_BYTES:
            return piece
        link.held += piece
        return b""


class FaultProxy:
    """Listens on a port of its own, or on the one named, where another was before it was killed. `requests`
    has the first line of every HTTP request that came."""

    def __init__(self, hub_port, port=0):
        self.hub_port = hub_port
        self.fault = Fault()
        self.requests = []
        self._lock = threading.Lock()
        self._links = set()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept_all, daemon=True)
        self._thread.start()

    def impose(self, fault):
        self.fault = fault
        return fault

    def heal(self):
        self.fault = Fault()

    def cut_all(self):
        """Resets every connection there is."""
        for link in self.links():
            link.reset()

    def links(self):
        with self._lock:
            return list(self._links)

    def open_streams(self):
        """How many event streams are open and get through."""
        return sum(link.is_stream and not link.is_dead and not link.held for link in self.links())

    def count_requests(self, pattern):
        return sum(re.search(pattern, line) is not None for line in list(self.requests))

    def kill(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.cut_all()

    def _accept_all(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            link = Link(self, client)
            with self._lock:
                self._links.add(link)
            link.start()

    def _forget(self, link):
        with self._lock:
            self._links.discard(link)


class Link:
    """One connection of a client, with the one to the hub that belongs to it."""

    def __init__(self, proxy, client):
        self.proxy = proxy
        self.client = client
        self.hub = None
        self.shadow = None
        self.is_stream = False
        self.is_dead = False  # open, but nothing gets through any more
        self.held = b""
        self.allowance = None
        self._ended = threading.Event()
        self._helpers = []

    def start(self):
        threading.Thread(target=self._run, daemon=True).start()

    def _start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._helpers.append(thread)
        thread.start()

    def _join(self):
        for thread in self._helpers:
            thread.join()

    def pause(self, seconds):
        self._ended.wait(seconds)

    def open_shadow(self):
        with contextlib.suppress(OSError):
            self.shadow = socket.create_connection(("127.0.0.1", self.proxy.hub_port), CONNECT_SECONDS)
            self.shadow.settimeout(None)
            self._start(self._drain_shadow, self.shadow)

    def send_to_shadow(self, piece):
        if self.shadow is None:
            return 0
        try:
            self.shadow.sendall(piece)
            return len(piece)
        except OSError:
            return 0

    def reset(self):
        """Ends it without a goodbye: both ends see a connection reset.

        The sockets are closed by the link's own thread, once nobody uses them: a number that is free again
        may be the next connection's, and a thread that still reads from it would steal what is sent there.
        """
        for end in self._ends():
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._shut_down()

    def _shut_down(self):
        self._ended.set()
        for end in self._ends():
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _ends(self):
        return [end for end in (self.client, self.hub, self.shadow) if end is not None]

    def _run(self):
        try:
            self.proxy.fault.opened(self)
            self.hub = socket.create_connection(("127.0.0.1", self.proxy.hub_port), CONNECT_SECONDS)
            self.hub.settimeout(None)
            for end in (self.client, self.hub):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._start(self._pump, self.hub, self.client, "to_client")
            self._pump(self.client, self.hub, "to_hub")
        except OSError:
            pass  # the hub is not there
        finally:
            self._shut_down()
            self._join()
            for end in self._ends():
                end.close()
            self.proxy._forget(self)

    def _pump(self, source, sink, direction):
        """Passes bytes on until one side ends; then both end, unless the client is to believe it is alive."""
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE_BYTES):
                if direction == "to_hub":
                    self._note_requests(piece)
                try:
                    passed = getattr(self.proxy.fault, direction)(self, piece)
                except Cut as cut:
                    sink.sendall(cut.passed)
                    return self.reset()
                if self.is_dead:
                    continue
                if direction == "to_client" and passed and self.held:
                    passed, self.held = self.held + passed, b""
                sink.sendall(passed)
            if direction == "to_client" and self.held:
                sink.sendall(self.held)
        if not (self.is_dead and direction == "to_client"):
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _note_requests(self, piece):
        line = re.match(rb"(?:GET|POST|PATCH|PUT|DELETE) \S+", piece)
        if line:
            text = line.group().decode()
            self.is_stream = "/sync/stream?" in text
            self.proxy.requests.append(text)

    @staticmethod
    def _drain_shadow(shadow):
        with contextlib.suppress(OSError):
            while shadow.recv(PIECE_BYTES):
                pass
