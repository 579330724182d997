#include "mcp/tool.h"

#include <algorithm>

#include "base/log.h"

namespace memsync::mcp {

namespace {

constexpr std::size_t k_max_tool_name = 128;

bool is_tool_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= k_max_tool_name && std::all_of(name.begin(), name.end(), is_allowed);
}

base::Result<Json> parse_schema(const std::string& tool, std::string_view which, std::string_view text) {
  auto schema = base::parse_json(text);
  if (!schema)
    return base::invalid(fmt::format("tool {}: {} schema: {}", tool, which, schema.error().message));
  if (!schema->is_object())
    return base::invalid(fmt::format("tool {}: {} schema is not an object", tool, which));
  return *std::move(schema);
}

FormAnswer::Action parse_action(const Json& answer) {
  const auto action = answer.find("action");
  if (action == answer.end() || !action->is_string()) return FormAnswer::Action::cancel;
  if (*action == "accept") return FormAnswer::Action::accept;
  if (*action == "decline") return FormAnswer::Action::decline;
  return FormAnswer::Action::cancel;
}

} // namespace

InputRequest form_request(std::string key, std::string message, Json schema) {
  return {std::move(key),
          "elicitation/create",
          {{"mode", "form"}, {"message", std::move(message)}, {"requestedSchema", std::move(schema)}}};
}

std::optional<FormAnswer> find_form_answer(const std::optional<InputReply>& reply, std::string_view key) {
  if (!reply) return std::nullopt;
  const auto found = reply->answers.find(key);
  if (found == reply->answers.end()) return std::nullopt;
  FormAnswer answer;
  if (!found->second.is_object()) return answer;
  answer.action = parse_action(found->second);
  if (answer.action != FormAnswer::Action::accept) return answer;
  if (const auto content = found->second.find("content");
      content != found->second.end() && content->is_object()) {
    answer.content = *content;
  }
  return answer;
}

ToolResult error_result(const base::Error& error) {
  ToolResult result;
  result.structured = {{"error", {{"code", base::error_info(error.code).name}, {"message", error.message}}}};
  result.text = error.message;
  result.is_error = true;
  return result;
}

Responder::~Responder() {
  if (!deliver_) return;
  fail({wire::RpcErrorCode::internal_error, "The call ended without an answer.", nullptr});
}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this == &other) return *this;
  Responder previous(std::move(*this)); // answers the call that is being replaced, if it is open
  deliver_ = std::exchange(other.deliver_, nullptr);
  return *this;
}

void Responder::deliver(ToolOutcome outcome) {
  const auto deliver = std::exchange(deliver_, nullptr);
  if (!deliver) {
    base::log(base::LogLevel::error, "a call was answered twice; the second answer was dropped");
    return;
  }
  deliver(std::move(outcome));
}

base::Result<> ToolRegistry::add(Tool tool) {
  if (!is_tool_name(tool.name)) return base::invalid(fmt::format("bad tool name \"{}\"", tool.name));
  if (find(tool.name) != nullptr) return base::invalid(fmt::format("tool {} exists twice", tool.name));
  if (!tool.handler) return base::invalid(fmt::format("tool {} has no handler", tool.name));
  Entry entry;
  TRY_ASSIGN(entry.definition.input_schema, parse_schema(tool.name, "input", tool.input_schema));
  if (entry.definition.input_schema.value("type", Json()) != "object") {
    return base::invalid(fmt::format("tool {}: input schema is not of type object", tool.name));
  }
  if (!tool.output_schema.empty()) {
    TRY_ASSIGN(entry.definition.output_schema, parse_schema(tool.name, "output", tool.output_schema));
  }
  entry.definition.name = std::move(tool.name);
  entry.definition.title = std::move(tool.title);
  entry.definition.description = std::move(tool.description);
  entry.definition.annotations = tool.annotations;
  entry.definition.meta = std::move(tool.meta);
  entry.pace = tool.pace;
  entry.handler = std::move(tool.handler);
  entries_.push_back(std::move(entry));
  return {};
}

const ToolRegistry::Entry* ToolRegistry::find(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.definition.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

} // namespace memsync::mcp
