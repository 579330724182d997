#include "base/error.h"

#include <array>

namespace memsync::base {

namespace {

using enum ErrorCode;

constexpr std::array k_table = {
    ErrorInfo{epoch, "epoch", 409, "The hub's log was replaced", Retry::after_refresh},
    ErrorInfo{forked, "forked", 409, "The replica id is used by another store", Retry::after_refresh},
    ErrorInfo{gap, "gap", 409, "An earlier operation is missing", Retry::after_refresh},
    ErrorInfo{resync, "resync", 410, "The cursor is too old", Retry::after_refresh},
    ErrorInfo{removed, "removed", 403, "No longer a member of this workspace", Retry::never},
    ErrorInfo{permission, "permission", 403, "Permission missing", Retry::never},
    ErrorInfo{not_found, "not_found", 404, "Not found", Retry::never},
    ErrorInfo{stale, "stale", 412, "Changed since it was read", Retry::after_refresh},
    ErrorInfo{validation, "validation", 400, "Invalid request", Retry::never},
    ErrorInfo{too_large, "too_large", 413, "Too large", Retry::never},
    ErrorInfo{rate_limited, "rate_limited", 429, "Too many requests", Retry::with_backoff},
    ErrorInfo{busy, "busy", 503, "Busy", Retry::with_backoff},
    ErrorInfo{storage_full, "storage_full", 507, "Storage full", Retry::with_backoff},
    ErrorInfo{offline, "offline", 503, "Hub unreachable", Retry::with_backoff},
    ErrorInfo{tx_failed, "tx_failed", 409, "Another operation of the transaction failed", Retry::never},
    ErrorInfo{unauthenticated, "unauthenticated", 401, "Sign-in required", Retry::after_refresh},
    ErrorInfo{sign_in_required, "sign_in_required", 409, "The account exists", Retry::never},
    ErrorInfo{method_not_allowed, "method_not_allowed", 405, "Method not allowed", Retry::never},
    ErrorInfo{media_type, "media_type", 415, "Unsupported media type", Retry::never},
    ErrorInfo{cancelled, "cancelled", 499, "Cancelled", Retry::never},
    ErrorInfo{corrupt, "corrupt", 500, "Stored data is damaged", Retry::never},
    ErrorInfo{internal, "internal", 500, "Internal error", Retry::with_backoff},
};

constexpr bool rows_match_enumeration() {
  for (std::size_t i = 0; i < k_table.size(); ++i)
    if (static_cast<std::size_t>(k_table[i].code) != i) return false;
  return k_table.size() == static_cast<std::size_t>(internal) + 1;
}
static_assert(rows_match_enumeration());

} // namespace

const ErrorInfo& error_info(ErrorCode code) { return k_table[static_cast<std::size_t>(code)]; }

std::span<const ErrorInfo> error_table() { return k_table; }

std::optional<ErrorCode> find_error_code(std::string_view name) {
  for (const ErrorInfo& row : k_table)
    if (row.name == name) return row.code;
  return std::nullopt;
}

} // namespace memsync::base
