#include "tools/recorded_call.h"

#include "base/log.h"

namespace memsync::tools {

using base::Json;

std::string key_of_call(const agent::Session& session, const mcp::ToolCall& call) {
  if (call.context.tool_use_id.empty()) return {};
  return base::Hash128::of(
             base::dump_json({session.claims().session, call.context.tool_use_id, call.tool, call.arguments}))
      .hex();
}

base::Result<std::optional<mcp::ToolResult>> find_answer(agent::Session& session, const std::string& key) {
  TRY_ASSIGN(const auto answer, session.replica().read([&](replica::Reader& reader) {
    return base::Result<std::optional<std::string>>(reader.find_call(key));
  }));
  if (!answer) return std::optional<mcp::ToolResult>();
  const auto json = base::parse_json(*answer); // '' while it is not known
  if (!json || !json->is_object())
    return base::Error{
        base::ErrorCode::stale,
        "this call was carried out before, but the process ended before it could answer: see what it "
        "did with get_history or read_document, and do not repeat it"};
  mcp::ToolResult result;
  result.structured = json->value("structured", Json());
  result.text = json->value("text", "");
  return std::optional(std::move(result));
}

std::string encode_answer(const mcp::ToolResult& result) {
  return base::dump_json({{"structured", result.structured}, {"text", result.text}});
}

RecordedCall::RecordedCall(agent::Session& session, std::string key)
    : session_(session), key_(std::move(key)) {
  session_.begin_call(key_);
}

RecordedCall::~RecordedCall() { session_.begin_call(""); }

void RecordedCall::keep(const mcp::ToolResult& result) {
  if (key_.empty() || result.is_error) return;
  // Mostly the edit kept it already, and a look costs less than the writer lock.
  const auto known = session_.replica().read([&](replica::Reader& reader) {
    return base::Result<std::optional<std::string>>(reader.find_call(key_));
  });
  if (known && (!*known || !(*known)->empty())) return;
  const auto kept = session_.replica().keep_answer(key_, encode_answer(result));
  if (!kept) base::log(base::LogLevel::warning, "an answer was not kept: {}", kept.error().message);
}

} // namespace memsync::tools
