#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mcp/tool.h"
#include "tools/answer.h"

namespace memsync::tools {

/// Puts open conflicts to the person in front of the agent, one form at a time, where the client can show
/// forms. What the person leaves open is not asked again by this process; resolve_conflict settles it. Core
/// thread.
///
/// The state that travels with a form: {"conflict": id, "forms": shown so far in this call, "note": what
/// the earlier ones came to, "carried": what the tool adds to its result}.
class ConflictForms {
 public:
  explicit ConflictForms(Session& session) : session_(session) {}

  /// Carries out what the person answered. What all forms of this call came to, in sentences; empty when
  /// none was shown. A conflict that cannot be settled so stays open, and the sentence says why.
  std::string take_answer(const mcp::CallContext& context);

  /// The form for the first of `conflicts` (their ids as answers show them) that the person has not been
  /// asked about, nothing when there is none, the client shows no forms or the call has shown enough. `note`:
  /// of take_answer.
  std::optional<mcp::InputRequired> next_form(const mcp::CallContext& context,
                                              const std::vector<std::string>& conflicts,
                                              const std::string& note, const Json& carried);

 private:
  /// Nothing for a conflict that the person was asked about.
  base::Result<std::optional<mcp::InputRequired>> make_question(replica::Reader& reader,
                                                                const std::string& name, Json state);
  std::string settle(const model::ConflictId& conflict, const mcp::FormAnswer& answer);

  Session& session_;
  std::set<model::ConflictId> left_open_;
};

/// The tool call that settles the first of these conflicts, as the end of a message; empty without conflicts.
std::string how_to_settle(const std::vector<std::string>& conflicts);

/// What next_form was given as `carried` by the run of this call that asked; null on its first run.
Json carried_of(const mcp::CallContext& context);

} // namespace memsync::tools
