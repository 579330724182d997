#pragma once

#include <fmt/format.h>
#include <string_view>

namespace memsync::base {

enum class LogLevel { debug, info, warning, error, off };

/// Starts logging to stderr; `level` is the text of MEMSYNC_LOG ("debug", "info", "warning", "error",
/// "off"); empty or unknown text means "warning". stdout is never written: it carries the protocol.
void start_log(std::string_view level);

bool is_logged(LogLevel level);
void write_log(LogLevel level, std::string_view message);

template <class... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (is_logged(level)) write_log(level, fmt::format(format, std::forward<Args>(args)...));
}

} // namespace memsync::base
