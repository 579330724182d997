#pragma once

#include <optional>
#include <string>

#include "agent/session.h"
#include "mcp/tool.h"

namespace memsync::tools {

/// Hosts repeat a call whose answer they did not get, also to a new process. A call that writes is therefore
/// recorded in the transaction of what it writes, and its repetition is answered as the call was. Core
/// thread.

/// The same for repetitions of one call only; empty when the client does not say which call it is.
std::string key_of_call(const agent::Session& session, const mcp::ToolCall& call);

/// The answer to a call that was carried out already: its result, or, when the process ended in between, an
/// error that says so. Nothing for a new call.
base::Result<std::optional<mcp::ToolResult>> find_answer(agent::Session& session, const std::string& key);

std::string encode_answer(const mcp::ToolResult& result);

/// Everything that is edited while it lives belongs to the call of that key.
class RecordedCall {
 public:
  RecordedCall(agent::Session& session, std::string key);
  ~RecordedCall();
  RecordedCall(const RecordedCall&) = delete;
  RecordedCall& operator=(const RecordedCall&) = delete;

  /// Keeps the answer, unless the transaction of the edit did (edit_and_keep) or nothing was edited.
  void keep(const mcp::ToolResult& result);

 private:
  agent::Session& session_;
  const std::string key_;
};

/// As Session::edit; the answer that the result will be rendered to is kept in the same transaction.
template <class F>
auto edit_and_keep(agent::Session& session, const model::WorkspaceId& workspace,
                   std::optional<model::Strategy> strategy, std::optional<std::string> base_version, F&& f)
    -> std::invoke_result_t<F, replica::Editor&> {
  return session.edit(workspace, strategy, std::move(base_version),
                      [&](replica::Editor& editor) -> std::invoke_result_t<F, replica::Editor&> {
                        auto result = f(editor);
                        if (result && editor.is_recorded())
                          editor.keep_answer(encode_answer(render(*result)));
                        return result;
                      });
}

} // namespace memsync::tools
