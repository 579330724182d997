#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace memsync::mcp {

/// The opaque cursor of a list: names the list and the position after its last item, so that it
/// stays valid while the list changes. The checksum only tells a cursor of ours from other text.
std::string make_cursor(std::string_view list, std::string_view position);

/// The position in a cursor that make_cursor wrote for `list`, or nothing.
std::optional<std::string> parse_cursor(std::string_view list, std::string_view cursor);

} // namespace memsync::mcp
