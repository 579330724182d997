#pragma once

#include "schema_validator.h"
#include "tests/unit/agent/team.h"
#include "tools/contract.h"
#include "tools/toolbox.h"

namespace memsync::tests {

using base::Json;

/// Calls tools the way a host does, and holds every answer against the tool's output schema.
class Toolbench {
 public:
  explicit Toolbench(Person& person) { Person::check(tools::add_tools(registry_, *person.session)); }

  /// Starts a call; its answer is in `outcome` once there is one.
  struct Running {
    std::shared_ptr<std::optional<mcp::ToolOutcome>> outcome =
        std::make_shared<std::optional<mcp::ToolOutcome>>();
    bool is_answered() const { return outcome->has_value(); }
  };
  Running start(const std::string& tool, Json arguments, mcp::CallContext context = {}) {
    const auto* entry = registry_.find(tool);
    REQUIRE(entry != nullptr);
    Running running;
    entry->handler({tool, std::move(arguments), std::move(context)},
                   mcp::Responder([outcome = running.outcome](mcp::ToolOutcome answer) {
                     *outcome = std::move(answer);
                   }));
    return running;
  }

  mcp::ToolResult result_of(const Running& running) const {
    REQUIRE(running.is_answered());
    const auto* result = std::get_if<mcp::ToolResult>(&**running.outcome);
    REQUIRE(result != nullptr);
    return *result;
  }

  /// The structured result of a call that must succeed and fit its schema.
  Json finish(const std::string& tool, const Running& running) const {
    const auto result = result_of(running);
    INFO(tool, ": ", result.text);
    REQUIRE_FALSE(result.is_error);
    CHECK_EQ(find_schema_violations(registry_.find(tool)->definition.output_schema, result.structured), "");
    CHECK_FALSE(result.text.empty());
    return result.structured;
  }
  Json call(const std::string& tool, const Json& arguments) { return finish(tool, start(tool, arguments)); }
  mcp::ToolResult answer(const std::string& tool, const Json& arguments) {
    return result_of(start(tool, arguments));
  }

  /// The message of a call that must fail.
  std::string fail(const std::string& tool, const Json& arguments) {
    const auto result = result_of(start(tool, arguments));
    INFO(tool, " ", arguments.dump(), ": ", result.structured.dump());
    REQUIRE(result.is_error);
    return result.text;
  }

  const mcp::ToolRegistry& registry() const { return registry_; }

 private:
  mcp::ToolRegistry registry_;
};

/// True when `text` has every one of the parts.
inline bool has_all(const std::string& text, std::initializer_list<const char*> parts) {
  for (const char* part : parts)
    if (text.find(part) == std::string::npos) return false;
  return true;
}

} // namespace memsync::tests
