#include "cli/call.h"

#include "tools/contract.h"

namespace memsync::cli {

using base::Error;
using base::ErrorCode;

namespace {

std::string first_sentence(std::string_view text) {
  const auto end = text.find(". ");
  return std::string(end == std::string_view::npos ? text : text.substr(0, end + 1));
}

Result<Json> parse_arguments(const Context& context, const std::string& text) {
  std::string given = text;
  if (text == "-") {
    given.clear();
    while (const auto line = context.read_line()) given += *line + "\n";
  }
  if (given.empty()) return Json(Json::object());
  auto arguments = base::parse_json(given);
  if (arguments && arguments->is_object()) return arguments;
  return Error{ErrorCode::validation,
               fmt::format("the arguments must be a JSON object, like '{{\"query\": \"redis\"}}'{}",
                           arguments ? "" : ": " + arguments.error().message)};
}

} // namespace

Result<bool> run_call(const Context& context, const CallOptions& options) {
  TRY_ASSIGN(Json arguments, parse_arguments(context, options.arguments));
  TRY_ASSIGN(Workbench* const bench, context.open());
  const mcp::ToolResult result = bench->call(options.tool, std::move(arguments));
  const Json structured = result.structured.is_null() ? Json{{"text", result.text}} : result.structured;
  context.write(structured.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  return !result.is_error;
}

Result<> run_tools(const Context& context) {
  Json list = Json::array();
  std::vector<std::vector<Cell>> rows;
  for (const std::string_view name : tools::tool_names()) {
    TRY_ASSIGN(const tools::Contract contract, tools::load_contract(name));
    list.push_back(
        {{"name", name}, {"description", contract.tool.description}, {"inputSchema", contract.input_schema}});
    rows.push_back({{std::string(name), Style::bold}, {first_sentence(contract.tool.description)}});
  }
  context.show(list, format_table(context.terminal, {{"TOOL"}, {"WHAT IT DOES"}}, rows));
  return {};
}

} // namespace memsync::cli
