#include <cstdlib>
#include <fstream>
#include <sstream>

#include "agent/display.h"
#include "toolbench.h"
#include "wire/mcp_encode.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

std::vector<tools::Contract> all_contracts() {
  std::vector<tools::Contract> contracts;
  for (const auto name : tools::tool_names()) contracts.push_back(Person::value(tools::load_contract(name)));
  return contracts;
}

std::string read(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

} // namespace

TEST_CASE("names, descriptions and input schemas of all tools cost at most 2,400 tokens") {
  std::size_t characters = 0;
  for (const auto& contract : all_contracts())
    characters +=
        contract.tool.name.size() + contract.tool.description.size() + contract.tool.input_schema.size();
  CHECK_LE(characters / 4, 2'400);
}

TEST_CASE("every description says in its first 300 characters when to use the tool") {
  for (const auto& contract : all_contracts()) {
    INFO(contract.tool.name);
    const std::string start = contract.tool.description.substr(0, 300);
    const bool says_when =
        start.find("Use ") != std::string::npos || start.find("when ") != std::string::npos;
    const bool is_status = start.find("is everything safe") != std::string::npos;
    CHECK((says_when || is_status));
    CHECK_LT(contract.tool.description.size(), 2'048);
  }
}

TEST_CASE("every tool has a title, honest annotations and a hint for tool search") {
  const std::set<std::string> read_only{"search_memories",   "read_document",   "list_documents",
                                        "is_document_dirty", "get_sync_status", "get_pending_operations",
                                        "get_history"};
  for (const auto& contract : all_contracts()) {
    INFO(contract.tool.name);
    CHECK_FALSE(contract.tool.title.empty());
    CHECK_EQ(contract.tool.annotations.read_only, read_only.count(contract.tool.name) == 1);
    CHECK(contract.tool.meta.contains("anthropic/searchHint"));
    CHECK_EQ(contract.tool.meta.contains("anthropic/maxResultSizeChars"),
             contract.tool.name == "read_document");
  }
}

TEST_CASE("the tools that every task needs are always loaded") {
  for (const auto& contract : all_contracts()) {
    const bool is_core = contract.tool.name == "search_memories" || contract.tool.name == "remember" ||
                         contract.tool.name == "save_document";
    CHECK_EQ(contract.tool.meta.value("anthropic/alwaysLoad", false), is_core);
  }
}

TEST_CASE("every alias stands for an argument that exists and hides none") {
  for (const auto& contract : all_contracts()) {
    INFO(contract.tool.name);
    const auto& properties = contract.input_schema["properties"];
    CHECK_EQ(contract.input_schema["additionalProperties"], false);
    for (const auto& [alias, name] : contract.aliases) {
      INFO(alias);
      CHECK(properties.contains(name));
      CHECK_FALSE(properties.contains(alias));
    }
    for (const auto& list : contract.lists) CHECK_EQ(properties[list]["type"], "array");
  }
}

TEST_CASE("tools/list is what the stored copy says") {
  Person anna("Anna");
  const Toolbench bench(anna);
  Json listed = Json::array();
  for (const auto& entry : bench.registry().entries())
    listed.push_back(wire::encode_tool(entry.definition, wire::Revision::v2026_07_28));
  const std::string text = listed.dump(1) + "\n";
  const std::string path = MEMSYNC_SOURCE_DIR "/tests/unit/tools/tools_list.json";
  if (std::getenv("MEMSYNC_UPDATE_SNAPSHOTS") != nullptr) std::ofstream(path) << text;
  // Other programs rely on this list. A deliberate change: run with MEMSYNC_UPDATE_SNAPSHOTS=1 and
  // review the difference.
  CHECK_EQ(text, read(path));
}

TEST_CASE("the tools are the fifteen of the contract, those of every task first") {
  CHECK_EQ(tools::tool_names().size(), 15);
  CHECK_EQ(tools::tool_names().front(), "search_memories");
}
