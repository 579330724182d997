"""Applies the tables of rules.py. Every check takes a Tree and returns a list of findings."""

import json
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import rules
import source


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    what: str
    instead: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}: {self.instead}"


class File:
    """One text file: its lines as written, and with comments and texts blanked."""

    def __init__(self, path, text):
        self.path = path
        self.text = text

    @cached_property
    def lines(self):
        return self.text.split("\n")

    @cached_property
    def code(self):
        return source.blank_comments_and_texts(self.text)

    @cached_property
    def code_lines(self):
        return self.code.split("\n")


def list_with_git(root):
    """What git tracks or would track; nothing without git or outside a repository."""
    git = shutil.which("git")
    if git is None:
        return []
    listed = subprocess.run(
        [git, "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=False,
    )
    return [path for path in listed.stdout.decode().split("\0") if path]


def list_folder(root):
    ignored = re.compile(r"(^|/)(build[^/]*|node_modules|\.git|\.cache|__pycache__)/")
    paths = [path.relative_to(root).as_posix() for path in root.rglob("*")]
    return [path for path in paths if not ignored.search(path)]


class Tree:
    """The project's text files."""

    def __init__(self, files):
        self.files = files

    @classmethod
    def load(cls, root):
        paths = list_with_git(root) or list_folder(root)
        files = []
        for path in sorted(set(paths)):
            if (root / path).is_file():  # a deleted file stays listed until the deletion is committed
                content = (root / path).read_bytes()
                if b"\0" not in content:
                    files.append(File(path, content.decode("utf-8", errors="replace")))
        return cls(files)

    def matching(self, pattern, places=("",), exempt=()):
        matches = re.compile(pattern).fullmatch
        for file in self.files:
            if matches(file.path) and is_in(file.path, places) and not is_in(file.path, exempt):
                yield file


def is_in(path, places):
    return any(place in ("", path) or path.startswith(place + "/") for place in places)


CPP = r".*\.(h|cpp)"


def layer_of(path):
    """The most specific row of the layer table that holds `path`; None outside the layers."""
    rows = [layer for layer in rules.LAYERS if path.startswith(layer + "/")]
    return max(rows, key=len, default=None)


def check_layers(tree):
    findings = []
    for file in tree.matching(CPP):
        layer = layer_of(file.path)
        if layer is None:
            continue
        own = layer.removeprefix("src/")
        for number, line in enumerate(file.lines, 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if match is None:
                continue
            included = match.group(1)
            if "/" not in included or included.startswith("."):
                what = f'"{included}" names no layer'
                findings.append(Finding(file.path, number, what, "include by the path below src/"))
            elif not included.startswith(own + "/") and not is_in(included, rules.LAYERS[layer]):
                what = f'{own} must not include "{included}"'
                allowed = ", ".join([own, *rules.LAYERS[layer]])
                findings.append(Finding(file.path, number, what, f"it may include {allowed}"))
    return findings


def check_libraries(tree):
    findings = []
    for file in tree.matching(CPP, ["src", "tools", "tests"]):
        for number, line in enumerate(file.lines, 1):
            match = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
            if match is None:
                continue
            for library in rules.LIBRARIES:
                # Tests may use a library directly, unless the compilers cannot.
                at_home = is_in(file.path, library.homes) or (library.homes and is_in(file.path, ["tests"]))
                if re.fullmatch(library.header, match.group(1)) and not at_home:
                    what = f"<{match.group(1)}> is not for this place"
                    findings.append(Finding(file.path, number, what, library.instead))
    return findings


def check_bans(tree):
    findings = []
    for ban in rules.BANS:
        pattern = re.compile(ban.pattern)
        for file in tree.matching(ban.files, ban.places, [*ban.exempt, *rules.RULE_FILES]):
            lines = file.lines if ban.reads == "text" else file.code_lines
            for number, line in enumerate(lines, 1):
                match = pattern.search(line)
                if match is not None:
                    shown = match.group(0).strip()
                    findings.append(Finding(file.path, number, f"'{shown}': {ban.what}", ban.instead))
    return findings


def check_lengths(tree):
    findings = []
    for file in tree.matching(CPP + r"|.*\.py"):
        lines = len(file.lines) - 1
        if lines > rules.MAX_FILE_LINES and file.path not in rules.LONG_FILES:
            limit = f"at most {rules.MAX_FILE_LINES}; split it by subject"
            findings.append(Finding(file.path, 1, f"{lines} lines", limit))
    for file in tree.matching(rules.LINE_LENGTH_FILES):
        for number, line in enumerate(file.lines, 1):
            if len(line) > rules.MAX_LINE_CHARACTERS:
                limit = f"at most {rules.MAX_LINE_CHARACTERS}"
                findings.append(Finding(file.path, number, f"{len(line)} characters", limit))
    for file in tree.matching(CPP):
        for name, first, last in source.find_functions(file.code):
            lines = last - first + 1
            if lines > rules.MAX_FUNCTION_LINES and f"{file.path}:{name}" not in rules.LONG_FUNCTIONS:
                limit = f"at most {rules.MAX_FUNCTION_LINES}; give its steps names"
                findings.append(Finding(file.path, first, f"'{name}' has {lines} lines", limit))
    return findings


def check_allow_lists(tree):
    """An entry whose file is gone is an exception nobody reviews any more."""
    paths = {file.path for file in tree.files}
    entries = [*rules.LONG_FILES, *(entry.split(":", 1)[0] for entry in rules.LONG_FUNCTIONS)]
    return [
        Finding("tests/tidy/rules.py", 1, f"'{entry}' may be long but does not exist", "remove the entry")
        for entry in entries
        if entry not in paths
    ]


def check_headers(tree):
    return [
        Finding(file.path, 1, "no include guard", "#pragma once")
        for file in tree.matching(r".*\.h")
        if not re.search(r"^#pragma once$", file.text, re.M)
    ]


def check_test_names(tree):
    findings, seen = [], {}
    for file in tree.matching(CPP, ["tests"]):
        for name, line in source.find_test_names(file.text):
            if name in seen:
                what = f"test '{name}' is also in {seen[name]}"
                findings.append(Finding(file.path, line, what, "say in the name what differs"))
            seen.setdefault(name, f"{file.path}:{line}")
    return findings


def library_of(path):
    """The sources that are compiled several at a time: one library's, or one test program's."""
    parts = path.split("/")[:-1]
    depth = 3 if parts[:2] in (["src", "net"], ["tests", "unit"]) else 2
    return "/".join(parts[:depth])


def check_unnamed(tree):
    """Sources are compiled several at a time: names in one library's unnamed namespaces must differ."""
    findings, seen = [], {}
    for file in tree.matching(r"(src|tools|tests/unit)/.*\.cpp"):
        for name, line in source.find_unnamed(file.lines):
            key = (library_of(file.path), name)
            if seen.setdefault(key, file.path) != file.path:
                what = f"'{name}' is also in the unnamed namespace of {seen[key]}"
                findings.append(Finding(file.path, line, what, "say in the name what differs, or share it"))
    return findings


def check_json(tree):
    findings = []
    for file in tree.matching(r".*\.json"):
        try:
            json.loads(file.text)
        except ValueError as error:
            line = getattr(error, "lineno", 1)
            findings.append(Finding(file.path, line, "not JSON", str(error)))
    return findings


TREE_CHECKS = [
    check_layers,
    check_libraries,
    check_bans,
    check_lengths,
    check_allow_lists,
    check_headers,
    check_test_names,
    check_unnamed,
    check_json,
]


def check_format(tree, root):
    """Findings of clang-format-14, or None where it is not installed (other versions format otherwise)."""
    program = shutil.which("clang-format-14")
    if program is None:
        return None
    paths = [file.path for file in tree.matching(CPP)]

    def dry_run(batch):
        command = [program, "--dry-run", "--ferror-limit=1", *batch]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stderr

    batches = [paths[start : start + 20] for start in range(0, len(paths), 20)]
    with ThreadPoolExecutor(max_workers=2) as pool:
        outputs = "".join(pool.map(dry_run, batches))
    findings = {}
    for path, line in re.findall(r"^(.+?):(\d+):\d+: (?:warning|error):", outputs, re.M):
        findings.setdefault(path, Finding(path, int(line), "not formatted", "./setup format"))
    return list(findings.values())
