#include "cli/plugin.h"

#include <doctest/doctest.h>
#include <map>

#include "tools/contract.h"

using namespace memsync;
using namespace memsync::cli;

namespace {

std::map<std::string, std::string> files(const std::string& program = "/opt/memsync's/memsync") {
  std::map<std::string, std::string> found;
  for (auto& [name, text] : plugin_files(program)) found[name] = text;
  return found;
}

} // namespace

TEST_CASE("the plugin starts its server through its own folder, wherever the host copies it") {
  const auto server = base::Json::parse(files()[".mcp.json"])["mcpServers"]["memsync"];
  CHECK_EQ(server["command"], "sh");
  CHECK_EQ(server["args"], base::Json({"${CLAUDE_PLUGIN_ROOT}/bin/memsync", "mcp"}));
}

TEST_CASE("only the launcher of the plugin names a path, quoted for the shell") {
  for (const auto& [name, text] : files()) {
    INFO(name);
    CHECK_EQ(text.find("/opt/") != std::string::npos, name == "bin/memsync");
  }
  CHECK_NE(files()["bin/memsync"].find("program='/opt/memsync'\\''s/memsync'"), std::string::npos);
}

TEST_CASE("the plugin's hooks call tools that exist, with arguments they know") {
  const auto hooks = base::Json::parse(files()["hooks/hooks.json"])["hooks"];
  const auto prompt = hooks["UserPromptSubmit"][0]["hooks"][0];
  CHECK_EQ(prompt["type"], "mcp_tool");
  CHECK_EQ(prompt["server"], "plugin:memsync:memsync");
  const auto contract = tools::load_contract(prompt["tool"].get<std::string>());
  REQUIRE(contract);
  for (const auto& [name, value] : prompt["input"].items())
    CHECK(contract->input_schema["properties"].contains(name));
  const auto start = hooks["SessionStart"][0]["hooks"][0];
  CHECK_EQ(start["type"], "command");
  CHECK_EQ(start["command"], "sh \"${CLAUDE_PLUGIN_ROOT}/bin/memsync\" digest");
}

TEST_CASE("the plugin's manifest and marketplace name the same plugin") {
  const auto all = files();
  const auto manifest = base::Json::parse(all.at(".claude-plugin/plugin.json"));
  const auto marketplace = base::Json::parse(all.at(".claude-plugin/marketplace.json"));
  CHECK_EQ(manifest["name"], "memsync");
  REQUIRE_EQ(marketplace["plugins"].size(), 1);
  CHECK_EQ(marketplace["plugins"][0]["name"], manifest["name"]);
  CHECK_EQ(marketplace["plugins"][0]["source"], "./");
  CHECK_EQ(marketplace["description"], manifest["description"]);
  CHECK(manifest["author"].contains("name")); // both asked for by `claude plugin validate`
}

TEST_CASE("each slash command has a description and takes what the person writes behind it") {
  for (const char* name : {"catch_up", "resolve_conflicts", "handoff"}) {
    const std::string text = files()[fmt::format("commands/{}.md", name)];
    INFO(name);
    CHECK(text.starts_with("---\ndescription: "));
    CHECK_NE(text.find("$ARGUMENTS"), std::string::npos);
  }
}
