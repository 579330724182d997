"""Checks the house rules: python3 tests/tidy [--self-test]. Exits with 1 if anything is found."""

import sys

sys.dont_write_bytecode = True

from pathlib import Path  # noqa: E402

import checks  # noqa: E402
import selftest  # noqa: E402


def main():
    if sys.argv[1:] == ["--self-test"]:
        return selftest.run()
    if sys.argv[1:]:
        print("usage: python3 tests/tidy [--self-test]", file=sys.stderr)
        return 2
    root = Path(__file__).resolve().parents[2]
    tree = checks.Tree.load(root)
    findings = [finding for check in checks.TREE_CHECKS for finding in check(tree)]
    misformatted = checks.check_format(tree, root)
    if misformatted is None:
        print("clang-format-14 is not installed: formatting was not checked")
    findings += misformatted or []
    for finding in sorted(findings):
        print(finding)
    print(f"{len(tree.files)} files, {len(findings)} findings")
    return 1 if findings else 0


sys.exit(main())
