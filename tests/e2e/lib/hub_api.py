"""The hub's HTTP API by plain sockets: JSON requests and the event stream."""

import hashlib
import http.client
import json
import secrets
import socket
import time

ANSWER_SECONDS = 30


ID_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(digits=20):
    """A fresh identifier: Crockford base32; replicas' have 26 digits."""
    # The first digit stays small: 26 digits hold two bits more than an identifier has.
    return "0" + "".join(secrets.choice(ID_DIGITS) for _ in range(digits - 1))


def operation(n, kind, target, **members):
    """One operation of a push, with the hash of its canonical text."""
    claims = {"kind": kind, "target": target, "base": "0", "hlc": "0", "schema": 1, **members}
    text = json.dumps(claims, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {"n": str(n), "hash": hashlib.sha256(text.encode()).hexdigest()[:32], **claims}


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Api:
    """Requests as one principal; without a token as nobody."""

    def __init__(self, port, token=None):
        self.port = port
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def request(self, method, path, body=None, **more_headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        headers = {**self.headers, **more_headers}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, body=None):
        return self.request("POST", path, body)

    def patch_node(self, workspace, node, **changes):
        """Whatever version of it is there."""
        path = f"/api/v1/nodes/{node}?workspace_id={workspace}"
        return self.request("PATCH", path, changes, **{"If-Match": "*"})

    def list(self, path, rows):
        """Every row of a paged list whose pages have them under that name."""
        found, cursor, joint = [], "", "&" if "?" in path else "?"
        while True:
            answer = self.get(f"{path}{joint}cursor={cursor}" if cursor else path)
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer}")
            found += answer.json[rows]
            cursor = answer.json.get("next_cursor")
            if not cursor:
                return found

    def push(self, workspace, *operations, replica=None):
        """Pushes operations as a replica of its own, or as the one named."""
        epoch = self.get("/api/v1/me").json["epoch"]
        body = {"proto": 1, "replica": replica or new_id(26), "epoch": epoch, "ops": list(operations)}
        return self.post(f"/api/v1/workspaces/{workspace}/push", body)

    def stream(self, workspace, view="ops", after=None, receive_buffer=None):
        """`receive_buffer`: bytes the kernel may keep of it; by default as many as it likes."""
        query = f"workspace_id={workspace}&view={view}" + (f"&after={after}" if after else "")
        return Stream(self, f"/api/v1/sync/stream?{query}", receive_buffer)

    def _pull(self, workspace, epoch, after, limit):
        answer = self.get(f"/api/v1/workspaces/{workspace}/pull?after={epoch}.{after}&limit={limit}")
        if answer.status != 200:
            raise RuntimeError(f"pull after {after}: {answer}")
        return answer.json

    def head(self, workspace):
        """The last sequence of a workspace's log."""
        epoch = self.get("/api/v1/me").json["epoch"]
        return int(self._pull(workspace, epoch, 0, 1)["head"])

    def whole_log(self, workspace):
        """Every entry of a workspace's log, in order, by paging through pull."""
        epoch = self.get("/api/v1/me").json["epoch"]
        after, entries = 0, []
        while True:
            page = self._pull(workspace, epoch, after, 1000)
            entries += page["entries"]
            after = page["to"]
            if not page["more"]:
                return entries


class Stream:
    """An open event stream. `status` is the answer's; events come one by one from next()."""

    def __init__(self, api, path, receive_buffer=None):
        self._socket = socket.socket()
        self._socket.settimeout(ANSWER_SECONDS)
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.connect(("127.0.0.1", api.port))
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{api.port}", "Accept: text/event-stream"]
        lines += [f"{name}: {value}" for name, value in api.headers.items()]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._response = http.client.HTTPResponse(self._socket, method="GET")
        self._response.begin()
        self.status = self._response.status

    def next(self, seconds=ANSWER_SECONDS):
        """The next event as (name, data); None at the end of the stream; TimeoutError when it is silent."""
        deadline = time.monotonic() + seconds
        name, data = "message", []
        while True:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                line = self._response.readline()
            except (ConnectionError, http.client.IncompleteRead):
                return None
            if not line:
                return None
            line = line.rstrip(b"\r\n").decode()
            if not line and data:
                return name, json.loads("\n".join(data))
            field, _, value = line.partition(":")
            if field == "event":
                name = value.strip()
            elif field == "data":
                data.append(value.removeprefix(" "))

    def wait_for(self, wanted, seconds=ANSWER_SECONDS):
        """The data of the next event named `wanted`, skipping others; None when the stream ends before."""
        deadline = time.monotonic() + seconds
        while True:
            event = self.next(deadline - time.monotonic())
            if event is None or event[0] == wanted:
                return event and event[1]

    def close(self):
        self._response.close()
        self._socket.close()
