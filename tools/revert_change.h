#pragma once

#include "tools/answer.h"
#include "tools/arguments.h"
#include "tools/change_point.h"

namespace memsync::tools {

/// Exactly one of: `change`; `author` and/or `session` with `since`; `node` or
/// `document` with `to`.
struct RevertArguments {
  std::optional<std::string> change;
  std::string author, session;
  std::optional<base::Timestamp> since;
  std::optional<std::string> node, document;
  ChangePoint to;

  static base::Result<RevertArguments> parse(const Arguments& in);
};

struct Compensation {
  std::string op, node, title, field;
};
struct Skipped {
  std::string node, title, field, reason;
};

struct RevertResult {
  std::vector<Compensation> operations;
  std::vector<Skipped> skipped;
  std::string version;
  std::size_t pending = 0;
  std::string message;
};

/// Undoes by new operations; history keeps both. What somebody changed afterwards is left alone and named,
/// except with `node` or `document`, which goes back to that state whatever followed. Core thread.
base::Result<RevertResult> revert_change(Session& session, const RevertArguments& arguments);
mcp::ToolResult render(const RevertResult& result);
Json to_json(const Compensation& compensation);
Json to_json(const Skipped& skipped);

} // namespace memsync::tools
