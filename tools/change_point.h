#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/session.h"
#include "base/result.h"

namespace memsync::tools {

/// A change as get_history names it: its sequence, and the workspace where it is not the current one
/// ("123", "123@7f3k9a").
std::string name_change(const replica::WorkspaceRow& workspace, const model::WorkspaceId& current,
                        model::Sequence sequence);

struct NamedChange {
  replica::WorkspaceRow workspace;
  model::Sequence sequence;
};
/// The change of that name; `validation` for text that is none.
base::Result<NamedChange> locate_change(agent::Session& session, replica::Reader& reader,
                                        std::string_view name);

/// A point in a history: right after a change, or a time.
struct ChangePoint {
  std::optional<model::Sequence> sequence;
  std::optional<base::Timestamp> time;
};
/// What a day without a time of day means, in UTC.
enum class WholeDay { its_begin, its_end };
/// Reads a change name (its sequence counts) or a time as parse_time knows it.
base::Result<ChangePoint> parse_change_point(std::string_view argument, std::string_view text,
                                             base::Timestamp now, WholeDay day);

} // namespace memsync::tools
