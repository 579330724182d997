#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/server/http_message.h"

/// The query parameters that the list routes share.
namespace memsync::net::server {

/// The part of a list request that says where and how much.
struct PageQuery {
  std::string cursor; // empty: from the start
  std::size_t limit = 0;
};

/// `cursor` and `limit`; `validation` for a limit that is none.
base::Result<PageQuery> read_page_query(const Target& target);

/// `workspace_id`: `validation` when it is missing, not_found for text that is no id.
base::Result<model::WorkspaceId> read_workspace(const Target& target);
/// The same where it may be missing.
base::Result<std::optional<model::WorkspaceId>> read_optional_workspace(const Target& target);

/// `true` or `false`; nothing when it is missing.
base::Result<std::optional<bool>> read_flag(const Target& target, std::string_view name);

/// Sets `time` when the parameter is there; `validation` when it is no time.
base::Result<> read_time(const Target& target, std::string_view name, base::Timestamp now,
                         std::optional<base::Timestamp>& time);
/// The same for the end of a range: a date means the end of that day, UTC.
base::Result<> read_upper_bound(const Target& target, std::string_view name, base::Timestamp now,
                                std::optional<base::Timestamp>& time);

} // namespace memsync::net::server
