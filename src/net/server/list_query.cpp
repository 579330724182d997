#include "net/server/list_query.h"

#include <fmt/format.h>

#include "base/upper_bound.h"
#include "model/limits.h"

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::WorkspaceId;

namespace {

Error no_time(std::string_view name) {
  return {ErrorCode::validation,
          fmt::format("'{}' must be a time such as 2026-01-31T12:00:00Z, 2026-01-31 or 3d", name)};
}

} // namespace

Result<PageQuery> read_page_query(const Target& target) {
  PageQuery query;
  query.cursor = target.find("cursor").value_or("");
  TRY_ASSIGN(query.limit,
             query_number(target, "limit", model::limits::k_default_rows, 1, model::limits::k_max_rows));
  return query;
}

Result<std::optional<WorkspaceId>> read_optional_workspace(const Target& target) {
  const auto text = target.find("workspace_id");
  if (!text) return std::optional<WorkspaceId>();
  const auto id = WorkspaceId::parse(*text);
  if (!id) return Error{ErrorCode::not_found, fmt::format("there is no workspace '{}'", *text)};
  return id;
}

Result<WorkspaceId> read_workspace(const Target& target) {
  TRY_ASSIGN(const auto id, read_optional_workspace(target));
  if (!id) return Error{ErrorCode::validation, "'workspace_id' is missing"};
  return *id;
}

Result<std::optional<bool>> read_flag(const Target& target, std::string_view name) {
  const auto text = target.find(name);
  if (!text) return std::optional<bool>();
  if (*text != "true" && *text != "false")
    return Error{ErrorCode::validation, fmt::format("'{}' must be true or false", name)};
  return std::optional(*text == "true");
}

Result<> read_time(const Target& target, std::string_view name, base::Timestamp now,
                   std::optional<base::Timestamp>& time) {
  const auto text = target.find(name);
  if (!text) return {};
  time = base::parse_time(*text, now);
  if (!time) return no_time(name);
  return {};
}

Result<> read_upper_bound(const Target& target, std::string_view name, base::Timestamp now,
                          std::optional<base::Timestamp>& time) {
  const auto text = target.find(name);
  if (!text) return {};
  time = base::parse_upper_bound(*text, now);
  if (!time) return no_time(name);
  return {};
}

} // namespace memsync::net::server
