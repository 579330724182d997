#include "cli/host.h"

#include <doctest/doctest.h>

#include "cli/json_edit.h"
#include "cli/toml_edit.h"
#include "tests/unit/temporary_folder.h"

using namespace memsync;
using namespace memsync::cli;

namespace {

const base::Json k_entry = {{"command", "/bin/memsync"}, {"args", {"mcp"}}};

std::string set(const std::string& text) {
  const auto result = set_json_member(text, "mcpServers", "memsync", k_entry);
  return result ? *result : "refused: " + result.error().message;
}

base::Json parsed(const std::string& text) { return base::Json::parse(strip_comments(text)); }

} // namespace

TEST_CASE("an empty or missing file becomes one with the server") {
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("{}"), std::string("{ }\n")}) {
    const std::string after = set(text);
    CHECK(parsed(after)["mcpServers"]["memsync"] == k_entry);
    CHECK(set(after) == after);
  }
}

TEST_CASE("everything else in the file stays byte for byte, comments and trailing commas included") {
  const std::string before = R"({
    // my editor
    "theme": "dark", /* really */
    "mcpServers": {
        "other": {"command": "x", "args": ["{", "//no comment"]},
    },
    "last": [1, 2,]
}
)";
  const std::string after = set(before);
  CHECK(after == R"({
    // my editor
    "theme": "dark", /* really */
    "mcpServers": {
        "other": {"command": "x", "args": ["{", "//no comment"]},
        "memsync": {
            "args": [
                "mcp"
            ],
            "command": "/bin/memsync"
        },
    },
    "last": [1, 2,]
}
)");
  CHECK(set(after) == after);
}

TEST_CASE("a missing section is added after the last member, in the file's indentation") {
  const std::string after = set("{\n\t\"a\": 1\n}\n");
  CHECK(after.starts_with("{\n\t\"a\": 1,\n\t\"mcpServers\": {"));
  CHECK(parsed(after)["a"] == 1);
  CHECK(parsed(after)["mcpServers"]["memsync"] == k_entry);
  CHECK(parsed(set(R"({"a":1})"))["mcpServers"]["memsync"] == k_entry);
  CHECK(parsed(set(R"({"mcpServers":{}})"))["mcpServers"]["memsync"] == k_entry);
  CHECK(parsed(set("{\n  // nothing yet\n}"))["mcpServers"]["memsync"] == k_entry);
}

TEST_CASE("a comment behind an entry stays with it, with and without a comma before it") {
  CHECK(set("{\n  \"a\": 1, // about a\n}\n").starts_with("{\n  \"a\": 1, // about a\n  \"mcpServers\": {"));
  CHECK(set("{\n  \"a\": 1 // about a\n}\n").starts_with("{\n  \"a\": 1, // about a\n  \"mcpServers\": {"));
  CHECK(set("{\n  \"a\": 1 /* about\n a */ // and more\n  // below\n}\n")
            .starts_with("{\n  \"a\": 1, /* about\n a */ // and more\n  \"mcpServers\": {"));
  CHECK(set("{\"a\": 1, /* last */}").starts_with("{\"a\": 1, /* last */\n"));
}

TEST_CASE("a byte order mark and the kind of line ends stay") {
  const std::string mark = "\xEF\xBB\xBF";
  for (const std::string& text : {std::string(), std::string("{}"), std::string("{\n  \"a\": 1 // a\n}\n"),
                                  std::string("{\"mcpServers\": {\"x\": 1}}")}) {
    const std::string after = set(mark + text);
    CHECK_MESSAGE(after == mark + set(text), text);
    CHECK(set(after) == after);
  }
  CHECK(set(mark + mark + "{}").starts_with("refused"));

  const std::string before = "{\r\n  \"a\": 1, // about a\r\n  \"mcpServers\": {\r\n  }\r\n}\r\n";
  std::string after = set(before);
  CHECK(after.starts_with("{\r\n  \"a\": 1, // about a\r\n  \"mcpServers\": {\r\n    \"memsync\": {\r\n"));
  CHECK(set(after) == after);
  CHECK(parsed(after)["mcpServers"]["memsync"] == k_entry);
  for (std::size_t at = after.find('\n'); at != std::string::npos; at = after.find('\n', at + 1))
    CHECK(after[at - 1] == '\r');
  CHECK(set("{\r\n  \"a\": 1 // about a\r\n}")
            .starts_with("{\r\n  \"a\": 1, // about a\r\n  \"mcpServers\": {\r\n"));
}

TEST_CASE("an older entry is brought up to date and keeps what was added to it") {
  const std::string after =
      set(R"({"mcpServers": {"memsync": {"command": "old", "args": ["mcp"], "env": {"A": "b"}}, "z": {}}})");
  CHECK(parsed(after)["mcpServers"]["memsync"]["command"] == "/bin/memsync");
  CHECK(parsed(after)["mcpServers"]["memsync"]["env"]["A"] == "b");
  CHECK(parsed(after)["mcpServers"].contains("z"));
  CHECK(set(after) == after);
}

TEST_CASE("a file that cannot be understood is refused") {
  for (const std::string text :
       {"{", "[]", "\"x\"", "{\"mcpServers\": []}", "{\"a\" 1}", "{} x", "{ /* \n }", "{\"a\": 1, \"a\": 2}"})
    CHECK_MESSAGE(set(text).starts_with("refused"), text);
}

TEST_CASE("the section of a TOML file is appended once") {
  const std::string before = "model = \"x\"\n\n[mcp_servers.other]\ncommand = \"y\"";
  const auto after = set_toml_server(before, "memsync", "/bin/mem\"sync", {"mcp"});
  REQUIRE(after);
  CHECK(*after == before + "\n\n[mcp_servers.memsync]\ncommand = \"/bin/mem\\\"sync\"\nargs = [\"mcp\"]\n");
  CHECK(*set_toml_server(*after, "memsync", "/bin/mem\"sync", {"mcp"}) == *after);
  CHECK(*set_toml_server("", "memsync", "m", {"mcp"}) == toml_server("memsync", "m", {"mcp"}));
}

TEST_CASE("a TOML file that defines the server in another way is left to the person") {
  for (const std::string text :
       {"[mcp_servers.memsync]\ncommand = \"other\"\n", "mcp_servers = { memsync = {} }\n",
        "[mcp_servers]\nmemsync = { command = \"x\" }\n", "mcp_servers.memsync.command = \"x\"\n",
        "[mcp_servers.\"memsync\"]\ncommand = \"x\"\n"})
    CHECK_MESSAGE(!set_toml_server(text, "memsync", "m", {"mcp"}), text);
}

TEST_CASE("every host's file ends up with its own form of the entry") {
  for (const Host& host : all_hosts()) {
    const auto text = register_server(host, "", "/bin/memsync");
    REQUIRE(text);
    CHECK(text->find("/bin/memsync") != std::string::npos);
    CHECK(*register_server(host, *text, "/bin/memsync") == *text);
    CHECK(find_host(host.name) == &host);
  }
  const auto vscode = register_server(*find_host("vscode"), "", "m");
  CHECK(parsed(*vscode)["servers"]["memsync"]["type"] == "stdio");
  CHECK(find_host("emacs") == nullptr);
}

TEST_CASE("a host counts as installed when the folder of its configuration exists") {
  const tests::TemporaryFolder home;
  const Host& cursor = *find_host("cursor");
  const Host& claude = *find_host("claude-code");
  CHECK_FALSE(is_installed(cursor, home.path()));
  CHECK_FALSE(is_installed(claude, home.path()));
  std::filesystem::create_directories(home.file(".cursor"));
  CHECK(is_installed(cursor, home.path()));
  CHECK_FALSE(is_installed(claude, home.path()));
}
