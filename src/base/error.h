#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace memsync::base {

/// Every way a memsync operation can fail. The list is closed: hub, client and tools all read the
/// one table behind `error_info` for the HTTP status, the retry rule and the advice.
enum class ErrorCode {
  epoch,              // the hub's log is another one than the replica followed (a restored hub)
  forked,             // another store used the same replica id (a cloned or restored replica)
  gap,                // an operation arrived before its predecessor
  resync,             // the cursor is older than what the log still holds
  removed,            // the caller is proven to be no longer a member
  permission,         // recognised, but not allowed; the message names the missing permission
  not_found,          // no such thing, or not visible to the caller
  stale,              // the target changed since the caller read it
  validation,         // the request itself is wrong
  too_large,          // beyond a limit of model/limits.h
  rate_limited,       // too many requests; see Retry-After
  busy,               // another process or request holds what is needed
  storage_full,       // disk full or quota reached; nothing was acknowledged
  offline,            // the hub cannot be reached; work is saved locally
  tx_failed,          // another operation of the same transaction failed
  unauthenticated,    // no valid token
  sign_in_required,   // the account exists: the invitation must be accepted signed in
  method_not_allowed, // the path exists, the HTTP method does not
  media_type,         // the body is of another type than the route reads
  cancelled,          // the caller asked to stop
  corrupt,            // stored data failed its hash or an invariant; reading stopped there
  internal,           // a defect of memsync itself
};

/// What a caller may do after the failure without changing the request.
enum class Retry {
  never,         // the same request fails again
  after_refresh, // fetch the current state or credentials first
  with_backoff,  // the same request may succeed later
};

/// One row of the error table.
struct ErrorInfo {
  ErrorCode code;
  std::string_view name; // on the wire: the `code` of problem details and of tool errors
  int http_status;
  std::string_view title; // RFC 9457 `title`
  Retry retry;
};

/// The row of `code`; every code has one.
const ErrorInfo& error_info(ErrorCode code);

/// All rows in the order of the enumeration.
std::span<const ErrorInfo> error_table();

/// The code of that wire name, or nothing for a name this version does not know.
std::optional<ErrorCode> find_error_code(std::string_view name);

/// A failure: a code for programs and one sentence for people that says what to do next.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
};

/// What was given does not follow the rules; `message` says which and what would.
inline Error invalid(std::string message) { return {ErrorCode::validation, std::move(message)}; }

} // namespace memsync::base
