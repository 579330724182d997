#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace memsync::base {

using Json = nlohmann::json; // object keys sorted, so dump() is canonical

/// Bounds on untrusted JSON. A hub body needs 1 MiB, a line of the MCP server 4 MiB; depth 64 and
/// the value count keep 100,000 nested arrays or 5 million zeros from costing hundreds of MB.
struct JsonLimits {
  std::size_t max_bytes = std::size_t{4} << 20;
  std::size_t max_depth = 64;
  std::size_t max_values = 500'000;
};

/// Parses untrusted text strictly (RFC 8259): one value, valid UTF-8, no NUL (raw or escaped), no lone
/// surrogate, no duplicate key, within the limits. Fails with `too_large` (bytes) or `validation` and the
/// place.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

/// Compact text with sorted keys. Strings that are not valid UTF-8 are repaired with U+FFFD, so that
/// writing never throws.
std::string dump_json(const Json& value);

/// Appends `text` as a JSON string literal with quotes; for hot paths that write JSON directly.
/// `text` must be valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

} // namespace memsync::base
