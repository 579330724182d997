"""Shows that every rule finds what it is for and leaves the neighbouring legal form alone."""

import checks
import source

# (check, path, text, line of the finding or None)
CASES = [
    (checks.check_layers, "src/model/node.h", '#include "base/id.h"\n#include "model/tree.h"', None),
    (checks.check_layers, "src/model/node.h", '#include "base/id.h"\n#include "wire/codec.h"', 2),
    (checks.check_layers, "src/hub/log.cpp", '#include "replica/store.h"', 1),
    (checks.check_layers, "src/net/client/http.cpp", '#include "replica/hub_client.h"', None),
    (checks.check_layers, "src/net/client/http.cpp", '#include "hub/log.h"', 1),
    (checks.check_layers, "src/net/server/routes.cpp", '#include "hub/log.h"', None),
    (checks.check_layers, "src/app/main.cpp", '#include "tools/remember.h"', None),
    (checks.check_layers, "src/model/node.cpp", '#include "node.h"', 1),
    (checks.check_layers, "src/model/node.cpp", '// #include "hub/log.h"', None),
    (checks.check_libraries, "src/replica/store.cpp", "#include <sqlite3.h>", 1),
    (checks.check_libraries, "src/storage/database.cpp", "#include <sqlite3.h>", None),
    (checks.check_libraries, "src/hub/log.cpp", "#include <boost/asio.hpp>", 1),
    (checks.check_libraries, "src/replica/store.h", "#include <nlohmann/json.hpp>", 1),
    (checks.check_libraries, "tests/unit/base/a_test.cpp", "#include <ranges>", 1),
    (checks.check_libraries, "tests/unit/storage/a_test.cpp", "#include <sqlite3.h>", None),
    (checks.check_libraries, "src/base/log.cpp", "#include <fmt/format.h>", None),
    (checks.check_bans, "src/hub/a.cpp", "auto s = std::format(x);", 1),
    (checks.check_bans, "src/hub/a.cpp", "auto s = fmt::format(x);", None),
    (checks.check_bans, "src/hub/a.cpp", "for (int i : v | std::views::all) {}", 1),
    (checks.check_bans, "src/hub/a.cpp", "\nstd::cout << 1;", 2),
    (checks.check_bans, "src/app/main.cpp", "std::cout << 1;", None),
    (checks.check_bans, "src/hub/a.cpp", "// never std::cout", None),
    (checks.check_bans, "src/hub/a.cpp", "int i = rand();", 1),
    (checks.check_bans, "src/hub/a.cpp", "int i = operand(); grand(1); base.rand(2);", None),
    (checks.check_bans, "tests/unit/hub/a_test.cpp", "std::this_thread::sleep_for(1ms);", 1),
    (checks.check_bans, "src/hub/a.cpp", "std::chrono::steady_clock::now();", 1),
    (checks.check_bans, "src/base/clock.cpp", "std::chrono::steady_clock::now();", None),
    (checks.check_bans, "src/app/a.cpp", 'system("ls");', 1),
    (checks.check_bans, "src/app/a.cpp", "std::system_error e; file_system(x);", None),
    (checks.check_bans, "src/app/a.cpp", "strtok(s, d);", 1),
    (checks.check_bans, "src/app/a.h", "using namespace std;", 1),
    (checks.check_bans, "src/app/a.cpp", "using namespace std::chrono_literals;", None),
    (checks.check_bans, "src/app/a.cpp", "assert(false);", 1),
    (checks.check_bans, "src/app/a.cpp", "assert(false_positives == 0);", None),
    (checks.check_bans, "src/hub/a.cpp", "} catch (...) {", 1),
    (checks.check_bans, "src/app/a.cpp", "} catch (...) {", None),
    (checks.check_bans, "src/hub/a.cpp", "auto* p = new Node(1);", 1),
    (checks.check_bans, "src/hub/a.cpp", "return std::unique_ptr<Node>(new Node(1));", None),
    (checks.check_bans, "src/hub/a.cpp", "int new_node = renew (1);", None),
    (checks.check_bans, "src/hub/a.cpp", "delete node;", 1),
    (checks.check_bans, "src/hub/a.cpp", "delete[] nodes;", 1),
    (checks.check_bans, "src/hub/a.cpp", "bool deleted = delete_node(delete_);", None),
    (checks.check_bans, "src/hub/a.cpp", "Node(const Node&) = delete;", None),
    (checks.check_bans, "src/hub/a.cpp", "Node(const Node&) =delete; int x = 1;", None),
    (checks.check_bans, "src/hub/a.cpp", "// TODO later", 1),
    (checks.check_bans, "src/hub/a.cpp", 'auto p = "/tmp/x";', 1),
    (checks.check_bans, "src/hub/a.cpp", 'auto p = "/workspaces/x"; auto q = "/home-page";', None),
    (checks.check_bans, "tests/tools/package-lock.json", '"resolved": "x"', 1),
    (checks.check_lengths, "src/hub/a.cpp", "\n" * 501, 1),
    (checks.check_lengths, "src/hub/a.cpp", "//" + "x" * 109, 1),
    (checks.check_lengths, "src/hub/a.cpp", "void f() {\n" + "g();\n" * 58 + "}\n", None),
    (checks.check_lengths, "src/hub/a.cpp", "\nvoid f() {\n" + "g();\n" * 59 + "}\n", 2),
    (checks.check_headers, "src/hub/a.h", "#pragma once\n", None),
    (checks.check_headers, "src/hub/a.h", "int a;\n", 1),
    (checks.check_test_names, "tests/a.cpp", 'TEST_CASE("a") {}\nTEST_CASE("b") {}', None),
    (checks.check_test_names, "tests/a.cpp", 'TEST_CASE("a") {}\nTEST_CASE("a") {}', 2),
    (checks.check_json, "schemas/a.json", '{"a": 1}', None),
    (checks.check_json, "schemas/a.json", '{\n"a": }', 2),
]

# Code, and the (name, first line, last line) of its functions.
FUNCTIONS = [
    ("int f(Limits l = {}) {\n}\n", [("f", 1, 2)]),
    ("namespace a {\nstruct B : C {\n  int f() const { return 1; }\n};\n}", [("f", 3, 3)]),
    ("A::A(int x)\n    : b_{x}, c_(2) {\n  d();\n}\nint g() { return 1; }", [("A::A", 2, 4), ("g", 5, 5)]),
    ("A::A() : b_{1} {}\nvoid g() {}", [("A::A", 1, 1), ("g", 2, 2)]),
    ("template <class T>\nauto f(T t) -> decltype(t) {\n  if (t) {\n  }\n}", [("f", 2, 5)]),
    ("#define X(a) \\\n  do { \\\n    a\nvoid f() {\n}", [("f", 4, 5)]),
    ("const Row k_rows[] = {\n    {1, f(2)},\n    {3, f(4)}};", []),
    ("enum class E { a, b };\nvoid f() {\n  auto g = [](int x) {\n    return x;\n  };\n}", [("f", 2, 6)]),
]

# Code, and the (name, line) of what its unnamed namespaces hold.
UNNAMED = [
    ("int k_a = 1;\nnamespace {\nconst int k_b = 1, k_c{2};\n} // namespace\nconst int k_d = 1;", [
        ("k_b", 3), ("k_c", 3)]),
    ("namespace {\nstruct A;\nstruct B {\n  int c = 1;\n};\n} // namespace", [("B", 3)]),
    ("namespace {\nint f(const A& a, int b) {\n  return g(b);\n}\n} // namespace", [("f(const A&, int)", 2)]),
]

BLANKED = [
    ('a("x // y"); // z', 'a("      ");     '),
    ('R"q(a")b)q"; c', '           ; c'),
    ("int n = 1'000'000; char c = '\\''; d", "int n = 1'000'000; char c = '  '; d"),
    ("a /* b\nc */ d", "a     \n     d"),
]


def run():
    failures = []
    for check, path, text, expected in CASES:
        found = [finding.line for finding in check(checks.Tree([checks.File(path, text)]))]
        if found != ([] if expected is None else [expected]):
            case = f"{check.__name__} on {path} {text[:60]!r}"
            failures.append(f"{case}: expected line {expected}, found {found}")
    for code, expected in FUNCTIONS:
        found = source.find_functions(source.blank_comments_and_texts(code))
        if found != expected:
            failures.append(f"functions of {code!r}: expected {expected}, found {found}")
    for code, expected in UNNAMED:
        found = source.find_unnamed(code.split("\n"))
        if found != expected:
            failures.append(f"unnamed in {code!r}: expected {expected}, found {found}")
    for text, expected in BLANKED:
        found = source.blank_comments_and_texts(text)
        if found != expected:
            failures.append(f"blanking {text!r}: expected {expected!r}, found {found!r}")
    cases = len(CASES) + len(FUNCTIONS) + len(UNNAMED) + len(BLANKED)
    print("\n".join([*failures, f"{cases} cases, {len(failures)} failures"]))
    return 1 if failures else 0
