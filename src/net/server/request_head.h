#pragma once

#include <string_view>

#include "base/result.h"

namespace memsync::net::server {

/// What one request may cost before a handler has looked at it.
struct HttpLimits {
  std::size_t head_bytes = std::size_t{16} << 10; // request line and fields
  std::size_t fields = 100;
  std::size_t body_bytes = std::size_t{1} << 20; // one full batch of operations
};

/// The size of the head at the start of `bytes` including its empty line, or npos while it is incomplete.
std::size_t find_head_end(std::string_view bytes);

/// Refuses what lenient parsers read in two ways, which is what request smuggling lives on: a CR or LF
/// alone, NUL and other control characters, continued lines (obs-fold), space before a colon, a missing
/// or repeated Host, repeated or list-valued Content-Length, Transfer-Encoding other than `chunked`,
/// repeated or beside Content-Length, and repeated fields that must be single. Beast accepts several of
/// these (equal Content-Lengths, obs-fold, unknown transfer codings read as "no body").
/// Grammar: RFC 9112 sections 2.2, 3.2, 5, 6. Fails with `validation`.
base::Result<> check_request_head(std::string_view head, const HttpLimits& limits);

} // namespace memsync::net::server
