#!/usr/bin/env python3
"""Every malformed line gets its error, and the next request is answered by the same process."""

import json
import sys

from lib.mcp import LEGACY, MODERN, RpcError, ToolError
from lib.world import World, parse_arguments

PARSE, INVALID, NO_METHOD, PARAMS = -32700, -32600, -32601, -32602
NO_RESOURCE_LEGACY, NO_VERSION = -32002, -32022
LINE_CAP = 4 << 20


def rpc(**members):
    return json.dumps({"jsonrpc": "2.0", **members}).encode()


# What is sent as one line, the code it gets, and the id of the answer (None: no readable id).
UNREADABLE = [
    ("no JSON", b"hello", PARSE, None),
    ("half an object", b'{"jsonrpc":"2.0","id":900', PARSE, None),
    ("invalid UTF-8", b'{"jsonrpc":"2.0","id":900,"method":"\xff\xfe"}', PARSE, None),
    ("an overlong UTF-8 form", b'{"jsonrpc":"2.0","id":900,"method":"\xc0\xaf"}', PARSE, None),
    ("a lone surrogate", b'{"jsonrpc":"2.0","id":900,"method":"\\ud800"}', PARSE, None),
    ("a NUL in a text", b'{"jsonrpc":"2.0","id":900,"method":"a\x00b"}', PARSE, None),
    ("a NUL after the object", rpc(id=900, method="ping") + b"\x00", PARSE, None),
    ("words after the object", rpc(id=900, method="ping") + b" again", PARSE, None),
    ("a doubled key", b'{"jsonrpc":"2.0","id":900,"id":901,"method":"ping"}', PARSE, None),
    ("100,000 nested arrays", b"[" * 100_000 + b"]" * 100_000, PARSE, None),
    ("100,000 nested objects", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, PARSE, None),
    ("a line over the cap", rpc(id=900, method="ping", params={"x": "y" * LINE_CAP}), PARSE, None),
]
NO_REQUEST = [
    ("a text", b'"ping"', INVALID, None),
    ("a number", b"42", INVALID, None),
    ("null", b"null", INVALID, None),
    ("an empty batch", b"[]", INVALID, None),
    ("a batch", b"[" + rpc(id=900, method="ping") + b"]", INVALID, None),
    ("an empty object", b"{}", INVALID, None),
    ("another version of JSON-RPC", b'{"jsonrpc":"1.0","id":900,"method":"ping"}', INVALID, 900),
    ("no version of JSON-RPC", b'{"id":900,"method":"ping"}', INVALID, 900),
    ("no method", rpc(id=900), INVALID, 900),
    ("a method that is a number", rpc(id=900, method=5), INVALID, 900),
    ("an id that is null", rpc(id=None, method="ping"), INVALID, None),
    ("an id that is a fraction", rpc(id=1.5, method="ping"), INVALID, None),
    ("an id that is an object", rpc(id={}, method="ping"), INVALID, None),
    ("an id that is a list", rpc(id=[1], method="ping"), INVALID, None),
    ("params that are a list", rpc(id=900, method="tools/list", params=[1]), PARAMS, 900),
]
UNANSWERED = [
    ("an unknown notification", rpc(method="notifications/nothing")),
    ("a notification with wrong params", rpc(method="notifications/cancelled", params=[1])),
    ("a cancellation of nothing", rpc(method="notifications/cancelled", params={"requestId": 12345})),
    ("a stray response", rpc(id=4711, result={})),
    ("a stray error", rpc(id=4711, error={"code": -1, "message": "no"})),
    ("a blank line", b""),
    ("a line of blanks", b"  \t "),
]
# Requests with a readable envelope: method, params, code in the legacy and in the modern era.
REFUSED = [
    ("an unknown method", "no/such/method", {}, NO_METHOD, NO_METHOD),
    ("an unknown tool", "tools/call", {"name": "no_such_tool", "arguments": {}}, PARAMS, PARAMS),
    ("no tool name", "tools/call", {"arguments": {}}, PARAMS, PARAMS),
    ("a tool name that is a number", "tools/call", {"name": 5}, PARAMS, PARAMS),
    ("tool arguments in a list", "tools/call", {"name": "get_sync_status", "arguments": []}, PARAMS, PARAMS),
    ("an unknown cursor", "tools/list", {"cursor": "nowhere"}, PARAMS, PARAMS),
    ("an unknown prompt", "prompts/get", {"name": "no_such_prompt"}, PARAMS, PARAMS),
    (
        "an unknown resource",
        "resources/read",
        {"uri": "memsync://nowhere/documents/nothing"},
        NO_RESOURCE_LEGACY,
        PARAMS,
    ),
]
# Refused by the tool: the agent reads the text, so it must name the way out.
TOOL_ERRORS = [
    ("an unknown argument", "remember", {"title": "t", "content": "c", "colour": "red"}, ["colour", "tags"]),
    ("a missing argument", "remember", {"title": "t"}, ["content"]),
    ("an argument of a wrong type", "search_memories", {"query": "q", "limit": "many"}, ["limit"]),
    ("an unknown document", "read_document", {"document": "no such document"}, ["no such document"]),
]


class Talk:
    """One process; counts what was checked and proves after every line that it still answers."""

    def __init__(self, session):
        self.session = session
        self.lines = 0

    def expect_alive(self, after):
        assert self.session.request("tools/list")["tools"], f"no tools after {after}"
        assert self.session.process.poll() is None, f"ended by {after}"
        self.lines += 1

    def expect_error(self, what, line, code, id, ending=b"\n"):
        self.session.write_bytes(line + ending)
        answer = self.session.read_message()
        assert "error" in answer, f"{what}: {answer}"
        assert answer["error"]["code"] == code, f"{what}: {answer['error']} instead of {code}"
        assert answer.get("id") == id and ("id" in answer) == (id is not None), f"{what}: id of {answer}"
        self.expect_alive(what)

    def expect_silence(self, what, line):
        self.session.write_bytes(line + b"\n")
        self.expect_alive(what)
        assert not self.session.anonymous_errors, f"{what} was answered: {self.session.anonymous_errors}"

    def expect_refusal(self, what, method, params, code):
        try:
            answer = self.session.request(method, params)
        except RpcError as error:
            assert error.code == code, f"{what}: {error} instead of {code}"
        else:
            raise AssertionError(f"{what} was served: {answer}")
        self.expect_alive(what)

    def expect_tool_error(self, what, tool, arguments, words):
        try:
            answer = self.session.call(tool, **arguments)
        except ToolError as error:
            missing = [word for word in words if word not in str(error)]
            assert not missing, f"{what}: the text does not name {missing}: {error}"
        else:
            raise AssertionError(f"{what} was accepted: {answer}")
        self.expect_alive(what)


def talk_both_eras(session):
    talk = Talk(session)
    is_modern = session.era == MODERN
    for what, line, code, id in [*UNREADABLE, *NO_REQUEST]:
        talk.expect_error(what, line, code, id)
    talk.expect_error("a line that ends with CR LF", b"hello", PARSE, None, b"\r\n")
    for what, line in UNANSWERED:
        talk.expect_silence(what, line)
    for what, method, params, legacy, modern in REFUSED:
        talk.expect_refusal(what, method, params, modern if is_modern else legacy)
    for what, tool, arguments, words in TOOL_ERRORS:
        talk.expect_tool_error(what, tool, arguments, words)
    return talk.lines


def talk_modern_meta(session):
    """What only the stateless era can get wrong: the keys every request carries."""
    talk = Talk(session)
    prefix = "io.modelcontextprotocol/"

    def request(**meta):
        params = {"_meta": {prefix + name: value for name, value in meta.items()}}
        return rpc(id=900, method="tools/list", params=params)

    talk.expect_error("an unknown version", request(protocolVersion="2001-01-01", clientCapabilities={}),
                      NO_VERSION, 900)  # fmt: skip
    talk.expect_error("no version", request(clientCapabilities={}), PARAMS, 900)
    talk.expect_error("no capabilities", request(protocolVersion=MODERN), PARAMS, 900)
    talk.expect_error("a batch", b"[" + request(protocolVersion=MODERN, clientCapabilities={}) + b"]",
                      INVALID, None)  # fmt: skip
    return talk.lines


def serve_old_batches(session):
    """Revision 2025-03-26 is the one that has batches."""
    session.greet("2025-03-26")
    session.write_bytes(b"[" + rpc(id=900, method="ping") + b"," + rpc(id=901, method="no/such") + b"]\n")
    answers = {answer["id"]: answer for answer in session.read_message()}
    assert answers[900]["result"] == {} and answers[901]["error"]["code"] == NO_METHOD, answers


def end_in_the_middle(session):
    """The end of input inside a line: what was whole is answered, then a clean exit."""
    session.write_bytes(rpc(id=900, method="ping") + b"\n" + b'{"jsonrpc":"2.0","id":901,')
    session.process.stdin.close()
    assert 900 in session.take_answers(seconds=30), "the whole line was not answered"
    assert session.process.wait(30) == 0, f"exit code {session.process.returncode}"


def main():
    options = parse_arguments(__doc__)
    lines = 0
    with World(options.memsync, options.memsync_hub) as world:
        for era in (LEGACY, MODERN):
            with world.person(f"agent-{era}").session(era) as session:
                lines += talk_both_eras(session)
        with world.person("modern").session(MODERN) as session:
            lines += talk_modern_meta(session)
        with world.person("old").session(greets=False) as session:
            serve_old_batches(session)
        with world.person("ending").session() as session:
            end_in_the_middle(session)
    print(f"{lines} malformed lines answered, the next request served after each")


if __name__ == "__main__":
    sys.exit(main())
