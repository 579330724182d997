"""One MCP server process spoken to over stdio, in either era of the protocol.

Single-threaded: a wait reads until the answer it is for has come, and keeps what else arrives.
"""

import json
import os
import select
import signal
import subprocess
import time

LEGACY = "2025-11-25"
MODERN = "2026-07-28"
ANSWER_SECONDS = 60  # only a hang takes longer
CLIENT = {"name": "memsync-e2e", "version": "1"}


class RpcError(Exception):
    """A JSON-RPC error answer."""

    def __init__(self, error):
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code = error.get("code")
        self.data = error.get("data")


class ToolError(RuntimeError):
    """A tool result with isError; the text is what the agent reads."""


class SessionEnded(Exception):
    """The process closed its stdout, or could not be written to."""


class Session:
    def __init__(self, command, env, cwd, era=LEGACY, log=subprocess.DEVNULL, greets=True):
        """Starts `command` in a process group of its own and, if it `greets`, waits for the first answer."""
        self.era = era
        self.process = subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            bufsize=0,
            start_new_session=True,
        )
        self.notifications = []
        self.anonymous_errors = []  # error answers to what had no readable id
        self._answers = {}
        self._partial = b""
        self._next_id = 0
        self.hello = None
        if greets:
            try:
                self.greet()
            except BaseException:
                self.kill()
                raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.kill()

    @property
    def pid(self):
        return self.process.pid

    def greet(self, version=LEGACY):
        """What a host begins with: server/discover in the modern era, else initialize."""
        if self.era == MODERN:
            self.hello = self.request("server/discover")
            return
        self.hello = self.request(
            "initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": CLIENT}
        )
        self.write_message({"jsonrpc": "2.0", "method": "notifications/initialized"})

    # --- requests ---

    def send(self, method, params=None):
        """Writes a request and returns its id at once; wait() takes the answer."""
        self._next_id += 1
        params = dict(params or {})
        if self.era == MODERN:
            prefix = "io.modelcontextprotocol/"
            params["_meta"] = {
                **params.get("_meta", {}),
                prefix + "protocolVersion": MODERN,
                prefix + "clientCapabilities": {},
                prefix + "clientInfo": CLIENT,
            }
        self.write_message({"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": params})
        return self._next_id

    def wait(self, request_id, seconds=ANSWER_SECONDS):
        """The result of a request that was sent; raises RpcError for an error answer."""
        deadline = time.monotonic() + seconds
        while request_id not in self._answers:
            self._sort(self.read_message(deadline - time.monotonic()))
        answer = self._answers.pop(request_id)
        if "error" in answer:
            raise RpcError(answer["error"])
        return answer["result"]

    def request(self, method, params=None, seconds=ANSWER_SECONDS):
        return self.wait(self.send(method, params), seconds)

    def send_call(self, tool, **arguments):
        return self.send("tools/call", {"name": tool, "arguments": arguments})

    def wait_call(self, request_id, seconds=ANSWER_SECONDS):
        """The structured result of a tool call that was sent; raises ToolError when the tool failed."""
        result = self.wait(request_id, seconds)
        if result.get("isError"):
            raise ToolError(" ".join(item.get("text", "") for item in result.get("content", [])))
        return result.get("structuredContent", result)

    def call(self, tool, seconds=ANSWER_SECONDS, **arguments):
        return self.wait_call(self.send_call(tool, **arguments), seconds)

    def wait_notification(self, matches, seconds=ANSWER_SECONDS):
        """The next notification for which `matches(message)` holds, taking it out of `notifications`."""
        deadline = time.monotonic() + seconds
        while True:
            for i, message in enumerate(self.notifications):
                if matches(message):
                    return self.notifications.pop(i)
            self._sort(self.read_message(deadline - time.monotonic()))

    def take_answers(self, seconds):
        """Reads until `seconds` have passed or stdout ends; returns all untaken answers by request id."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self._sort(self.read_message(deadline - time.monotonic()))
        except (TimeoutError, SessionEnded):
            answers, self._answers = self._answers, {}
            return answers

    # --- lines ---

    def write_message(self, message):
        self.write_bytes(json.dumps(message).encode() + b"\n")

    def write_bytes(self, data):
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self.process.stdin.fileno(), view) :]
        except (BrokenPipeError, OSError) as error:
            raise SessionEnded(f"cannot write to the server: {error}") from error

    def read_message(self, seconds=ANSWER_SECONDS):
        """The next line as JSON. TimeoutError after `seconds`, SessionEnded at the end of stdout."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._partial:
            descriptor = self.process.stdout.fileno()
            if not select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError("the server did not answer")
            chunk = os.read(descriptor, 1 << 16)
            if not chunk:
                raise SessionEnded("the server closed its stdout")
            self._partial += chunk
        line, self._partial = self._partial.split(b"\n", 1)
        return json.loads(line)

    def _sort(self, message):
        if "method" in message:
            self.notifications.append(message)
        elif "id" in message:
            self._answers[message["id"]] = message
        else:
            self.anonymous_errors.append(message["error"])

    # --- the process ---

    def resident_kib(self):
        """VmRSS from /proc."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))

    def close(self, seconds=ANSWER_SECONDS):
        """Ends the session as a host does: end of input. Returns the exit code."""
        self.process.stdin.close()
        try:
            return self.process.wait(seconds)
        finally:
            self.kill()

    def kill_and_drain(self):
        """kill -9, then the answers that were written before: all untaken ones by request id."""
        os.killpg(self.process.pid, signal.SIGKILL)
        answers = self.take_answers(ANSWER_SECONDS)
        self.kill()
        return answers

    def kill(self):
        """kill -9 of the whole group; harmless when it has ended."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if not pipe.closed:
                pipe.close()
