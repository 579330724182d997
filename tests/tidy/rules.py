"""The house rules as tables; checks.py applies them.

Paths are relative to the repository and use '/'. A place is a folder ("src/storage") or a file.
"""

import re
from dataclasses import dataclass, field

# --- layers ----------------------------------------------------------------------------------------
# What each layer may include besides itself. The most specific place counts.
# replica, hub and mcp are siblings: they meet only in wire and model.
LAYERS = {
    "src/base": [],
    "src/model": ["base"],
    "src/wire": ["base", "model"],
    "src/storage": ["base", "model", "wire"],
    "src/replica": ["base", "model", "wire", "storage"],
    "src/hub": ["base", "model", "wire", "storage"],
    "src/mcp": ["base", "model", "wire"],
    "src/net": ["base", "model", "wire"],
    "src/net/client": ["base", "model", "wire", "replica"],  # implements replica's HubClient
    "src/net/server": ["base", "model", "wire", "storage", "hub"],  # serves hub's services
    "src/agent": ["base", "model", "wire", "storage", "replica", "mcp"],
    "tools": ["base", "model", "wire", "storage", "replica", "mcp", "agent"],
    "src/cli": ["base", "model", "wire", "storage", "replica", "mcp", "net", "agent", "tools"],
    "src/app": ["base", "model", "wire", "storage", "replica", "hub", "mcp", "net", "agent", "tools", "cli"],
}


# --- libraries with one home -----------------------------------------------------------------------
@dataclass(frozen=True)
class Library:
    header: str  # regular expression on the name between < and >
    homes: list  # the only places that may include it
    instead: str


LIBRARIES = [
    Library(r"httplib\.h", ["src/net/client"], "use net/client"),
    Library(r"curl/.*", ["src/hub/smtp.cpp"], "use hub::Mailer"),
    Library(r"boost/.*", ["src/net/server"], "use net/server"),
    Library(r"sqlite3\.h", ["src/storage"], "use storage::Database and storage::Statement"),
    Library(r"spdlog/.*", ["src/base/log.cpp"], 'use base::log of "base/log.h"'),
    Library(r"sodium.*", ["src/hub", "src/net"], "hash and compare secrets in hub or net"),
    Library(
        r"nlohmann/.*",
        ["src/base", "src/wire", "tools", "src/mcp", "src/agent", "src/cli", "src/app", "src/net/server"],
        "JSON is parsed once at the edge: take a typed value here",
    ),
    Library(r"format|print", [], "g++ 12 has none: use fmt::format of <fmt/format.h>"),
    Library(r"ranges", [], "clang 14 cannot parse g++ 12's views: use a loop or <algorithm>"),
    Library(r"iostream", ["src/app", "src/cli", "tests", "src/base/log.cpp"], "log with base::log"),
]


# --- bans ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Ban:
    pattern: str  # regular expression on one line
    what: str
    instead: str
    places: list = field(default_factory=lambda: ["src", "tools", "tests"])
    exempt: list = field(default_factory=list)
    files: str = r".*\.(h|cpp)"
    # "code": comments and texts are blanked first. "text": everything counts.
    reads: str = "code"


# Where any exception from below becomes an error, each with its reason.
EXCEPTION_EDGES = {
    "src/app": "main and the entries of its threads",
    "src/mcp/dispatcher.cpp": "one request's defect must not end the session",
    "src/net/server": "one request's defect must not end the hub",
    "src/storage": "SQLite's failures are exceptions inside the layer and Results at its functions",
}
DETERMINISTIC = ["src/model", "src/wire", "src/replica", "src/hub", "src/mcp", "src/agent", "tools"]

BANS = [
    Ban(r"\bstd::(format|vformat|print|println)\b", "g++ 12 has no <format>", "use fmt::format"),
    Ban(r"\b(std::|ranges::)views::", "clang 14 cannot parse g++ 12's views", "use a loop or <algorithm>"),
    Ban(
        r"\bstd::(cout|cerr|clog)\b|\b(std::|fmt::)?(printf|fprintf|puts|putchar)\s*\(|\bfmt::print\b",
        "stdout carries the protocol",
        "use base::log, or return the text to cli",
        places=["src", "tools"],
        exempt=["src/cli", "src/app", "src/base/log.cpp"],
    ),
    Ban(r"\bv?sprintf\s*\(", "writes past the end", "use fmt::format"),
    Ban(r"(?<![\w.>])(std::)?s?rand\s*\(", "rand() is neither random nor repeatable", "use base::Random"),
    Ban(
        r"\bstd::(random_device|mt19937(_64)?|default_random_engine)\b",
        "a random source of its own cannot be replayed",
        "use the base::Random that is passed in",
        places=["src", "tools"],
        exempt=["src/base"],
    ),
    Ban(
        r"\b(system|steady|high_resolution)_clock::now\s*\(|(?<![\w.>])(std::)?time\s*\(\s*(nullptr|0|NULL)",
        "the simulator cannot skew this clock",
        "use the base::Clock that is passed in",
        places=DETERMINISTIC,
        exempt=["src/mcp/stdio.cpp"],  # waits on real pipes
    ),
    Ban(
        r"\bsleep_(for|until)\b|(?<![\w.>:])u?sleep\s*\(",
        "a sleep is no synchronisation",
        "wait for the event itself: a condition variable, a future, a ready file",
        places=["tests", *DETERMINISTIC],
    ),
    Ban(
        r"(?<![\w.>])(std::|::)?(system|popen)\s*\(",
        "runs a shell",
        "use posix_spawn with an argument list",
    ),
    Ban(
        r"(?<![\w.>])(std::)?strtok(_r)?\s*\(",
        "writes to its input",
        "use a loop over std::string_view",
    ),
    Ban(
        r"(?<![\w.>])(std::)?(strcpy|strcat|gets|atoi|atol|atof)\s*\(",
        "checks nothing",
        "use std::string, std::from_chars",
    ),
    Ban(
        r"\busing\s+namespace\b",
        "a header must not open a namespace",
        "use qualified names",
        files=r".*\.h",
    ),
    Ban(
        r"\bassert\s*\(\s*(false|0)\b",
        "says nothing",
        "assert the condition that is violated, or return an error",
    ),
    Ban(
        r"\bcatch\s*\(\s*\.\.\.\s*\)",
        "hides every defect",
        "catch the exception type of the library that is called, or leave it to the edge",
        places=["src", "tools"],
        exempt=EXCEPTION_EDGES,
    ),
    Ban(
        r"(?<!>\()\bnew\s+[A-Za-z_:(]|\bnew\s*\(",
        "raw new",
        "use std::make_unique, or std::unique_ptr<T>(new T) where the constructor is private",
    ),
    Ban(
        r"(?<!=)(?<!= )\bdelete\b\s*(\[\s*\])?\s*[A-Za-z_:(*]",
        "raw delete",
        "use std::unique_ptr or a container",
    ),
    Ban(
        r"\b(TODO|FIXME|XXX|HACK)\b",
        "unfinished work in the tree",
        "finish it, or state the constraint that holds now",
        files=r".*",
        reads="text",
    ),
    Ban(
        r"[\"'(\s=](/work|/home|/tmp|/root|/Users)(/|\b)(?![-\w])",
        "a path of one machine",
        "use a path that is passed in, or std::filesystem::temp_directory_path()",
        places=["src", "tools"],
        reads="text",
    ),
    Ban(
        r"//(registry|deb|files|index|crates|proxy|packages|archive)\.[a-z0-9-]+\.[a-z]+|\"resolved\":",
        "names the host a package came from",
        "give the package's name and version",
        places=[""],
        files=r".*",
        reads="text",
    ),
]
# The rules themselves must name what they ban.
RULE_FILES = ["tests/tidy"]

# --- lengths ---------------------------------------------------------------------------------------
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60
MAX_LINE_CHARACTERS = 110
LINE_LENGTH_FILES = r".*\.(h|cpp|py|mjs)"

# Deliberately long: "path" or "path:function", each with its reason.
LONG_FILES = {
    "tests/unit/hub/stream_test.cpp": "one client serves the tests of every promise of a stream",
}
LONG_FUNCTIONS = {}
