#include "app/client_inspect.h"

#include "agent/display.h"
#include "agent/prompts.h"
#include "agent/resources.h"
#include "app/client_process.h"
#include "app/client_server.h"

namespace memsync::app {

using base::Error;
using base::ErrorCode;
using base::Json;
using cli::Context;
using cli::Result;
using cli::Style;

namespace {

/// Jobs run where they are posted.
class AtOnce final : public mcp::Executor {
 public:
  void post(std::function<void()> job) override { job(); }
};

/// A server that is asked instead of served, in either era.
class Interview {
 public:
  Interview(ClientProcess& process, const cli::Settings& settings)
      : resources_(process.session()),
        prompts_(process.session()),
        server_(describe_server(settings, ChannelUse::none),
                {executor_, executor_, executor_, process.clock(), process.random(), process.tools(),
                 &resources_, &prompts_, [this](const std::string& line) { answer_ = line; }}) {}

  /// `internal` with the server's words when it refuses.
  Result<Json> ask(std::string_view method, Json params) {
    answer_.clear();
    server_.receive(base::dump_json({{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}}));
    TRY_ASSIGN(const Json answer, base::parse_json(answer_));
    if (answer.contains("result")) return answer["result"];
    return Error{ErrorCode::internal, fmt::format("{}: {}", method, base::dump_json(answer["error"]))};
  }
  Result<Json> ask_modern(std::string_view method, Json params = Json::object()) {
    params["_meta"] = {{wire::k_meta_protocol_version, wire::revision_name(wire::Revision::v2026_07_28)},
                       {wire::k_meta_client_capabilities, Json::object()}};
    return ask(method, std::move(params));
  }
  /// Every page of a list.
  Result<Json> list(std::string_view method, const char* member) {
    Json items = Json::array();
    Json params = Json::object();
    for (;;) {
      TRY_ASSIGN(const Json page, ask_modern(method, params));
      items.insert(items.end(), page[member].begin(), page[member].end());
      if (!page.contains("nextCursor")) return items;
      params["cursor"] = page["nextCursor"];
    }
  }

 private:
  AtOnce executor_;
  agent::Resources resources_;
  agent::Prompts prompts_;
  std::string answer_;
  mcp::Server server_;
};

Result<Json> interview(ClientProcess& process, const cli::Settings& settings) {
  Interview interview(process, settings);
  Json seen;
  TRY_ASSIGN(seen["initialize"],
             interview.ask("initialize", {{"protocolVersion", "2025-11-25"},
                                          {"capabilities", Json::object()},
                                          {"clientInfo", {{"name", "inspect"}, {"version", "1"}}}}));
  TRY_ASSIGN(seen["discover"], interview.ask_modern("server/discover"));
  TRY_ASSIGN(seen["tools"], interview.list("tools/list", "tools"));
  TRY_ASSIGN(seen["prompts"], interview.list("prompts/list", "prompts"));
  TRY_ASSIGN(seen["resources"], interview.list("resources/list", "resources"));
  TRY_ASSIGN(seen["resourceTemplates"], interview.list("resources/templates/list", "resourceTemplates"));
  return seen;
}

/// What a tool costs before it is called: hosts show the model these three.
std::size_t tokens_of(const Json& tool) {
  return agent::count_tokens({tool["name"], tool["description"], tool["inputSchema"]});
}

std::string arguments_of(const Json& schema) {
  std::vector<std::string> names;
  const Json required = schema.value("required", Json::array());
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, property] : properties.items()) {
    const bool is_required = std::find(required.begin(), required.end(), name) != required.end();
    names.push_back(is_required ? name : fmt::format("[{}]", name));
  }
  return fmt::format("{}", fmt::join(names, " "));
}

std::string tool_table(const Context& context, const Json& tools) {
  std::vector<std::vector<cli::Cell>> rows;
  std::size_t tokens = 0;
  for (const Json& tool : tools) {
    tokens += tokens_of(tool);
    const bool is_read_only = tool["annotations"].value("readOnlyHint", false);
    rows.push_back({{tool["name"].get<std::string>(), Style::bold},
                    {std::to_string(tokens_of(tool))},
                    {is_read_only ? "reads" : "writes"},
                    {arguments_of(tool["inputSchema"])}});
  }
  return context.in(Style::bold,
                    fmt::format("{} ({} tokens)\n", agent::count_of(tools.size(), "tool"), tokens)) +
         format_table(context.terminal, {{"TOOL"}, {"TOKENS"}, {""}, {"ARGUMENTS"}}, rows) + "\n";
}

std::string list_table(const Context& context, std::string_view heading, const Json& items, const char* key) {
  std::vector<std::vector<cli::Cell>> rows;
  for (const Json& item : items)
    rows.push_back({{item[key].get<std::string>(), Style::bold}, {item.value("description", "")}});
  return context.in(Style::bold, fmt::format("{}\n", heading)) +
         format_table(context.terminal, {{"NAME"}, {"WHAT IT IS"}}, rows) + "\n";
}

std::string describe(const Context& context, const Json& seen) {
  const std::string instructions = seen["discover"]["instructions"];
  std::string text =
      fmt::format("{} {}\nlegacy era: {} and older   capabilities {}\nmodern era: {}   capabilities {}\n\n",
                  context.in(Style::bold, seen["initialize"]["serverInfo"]["name"].get<std::string>()),
                  seen["initialize"]["serverInfo"]["version"].get<std::string>(),
                  seen["initialize"]["protocolVersion"].get<std::string>(),
                  base::dump_json(seen["initialize"]["capabilities"]),
                  fmt::join(seen["discover"]["supportedVersions"].get<std::vector<std::string>>(), ", "),
                  base::dump_json(seen["discover"]["capabilities"]));
  text +=
      context.in(Style::bold, fmt::format("instructions ({} tokens)\n", agent::count_tokens(instructions)));
  text += agent::quote(instructions) + "\n";
  text += tool_table(context, seen["tools"]);
  text += list_table(context, agent::count_of(seen["prompts"].size(), "prompt"), seen["prompts"], "name");
  text +=
      list_table(context, agent::count_of(seen["resources"].size(), "resource"), seen["resources"], "uri");
  text += list_table(context, agent::count_of(seen["resourceTemplates"].size(), "resource template"),
                     seen["resourceTemplates"], "uriTemplate");
  return text;
}

Result<Json> find_item(const Json& seen, const std::string& name) {
  std::vector<std::string> names;
  for (const char* list : {"tools", "prompts", "resourceTemplates"})
    for (const Json& item : seen[list]) {
      names.push_back(item["name"]);
      if (names.back() == name) return item;
    }
  return Error{ErrorCode::not_found, fmt::format("nothing is called \"{}\"; there are: {}", agent::show(name),
                                                 fmt::join(names, ", "))};
}

} // namespace

Result<> run_inspect(const Context& context, const InspectOptions& options) {
  ClientProcess::Options opening;
  opening.settings = context.settings;
  TRY_ASSIGN(const auto process, ClientProcess::open(std::move(opening)));
  TRY_ASSIGN(const Json seen, interview(*process, context.settings));
  if (options.name.empty()) {
    context.show(seen, describe(context, seen));
    return {};
  }
  TRY_ASSIGN(const Json item, find_item(seen, options.name));
  context.show(item, item.dump(2) + "\n");
  return {};
}

} // namespace memsync::app
