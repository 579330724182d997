#pragma once

#include "agent/session.h"
#include "mcp/provider.h"

namespace memsync::agent {

/// The commands a person can start:
///   catch_up [since]
///     what the team did since then
///   resolve_conflicts [document]
///     the open conflicts, to be settled one by one
///   handoff document
///     a document or task with its linked memories and open conflicts, for the next person's agent
class Prompts final : public mcp::PromptProvider {
 public:
  explicit Prompts(Session& session);

  const std::vector<wire::Prompt>& prompts() override { return prompts_; }
  mcp::Outcome<wire::PromptResult> get(std::string_view name, const mcp::Arguments& arguments,
                                       const mcp::CallContext& context) override;
  wire::RpcResult<wire::CompletionResult> complete(std::string_view prompt, std::string_view argument,
                                                   std::string_view prefix,
                                                   const mcp::Arguments& chosen) override;

 private:
  Session& session_;
  const std::vector<wire::Prompt> prompts_;
};

} // namespace memsync::agent
