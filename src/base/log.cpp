#include "base/log.h"

#include <atomic>
#include <memory>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/utf8.h"

namespace memsync::base {

namespace {

std::atomic<LogLevel> g_level{LogLevel::warning};

spdlog::logger& stderr_logger() {
  static const std::unique_ptr<spdlog::logger> logger = [] {
    auto made =
        std::make_unique<spdlog::logger>("memsync", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    made->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%Y-%m-%dT%H:%M:%S.%eZ memsync[%P] %l: %v", spdlog::pattern_time_type::utc));
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::off: return spdlog::level::off;
  }
  return spdlog::level::off;
}

LogLevel parse_level(std::string_view text) {
  if (text == "debug") return LogLevel::debug;
  if (text == "info") return LogLevel::info;
  if (text == "error") return LogLevel::error;
  if (text == "off") return LogLevel::off;
  return LogLevel::warning;
}

/// One record is one line, so that text from outside cannot forge a second record.
std::string to_line(std::string_view message) {
  std::string line;
  for (const char c : make_visible(message)) {
    if (c == '\n')
      line += "\\n";
    else
      line += c;
  }
  return line;
}

} // namespace

void start_log(std::string_view level) { g_level = parse_level(level); }

bool is_logged(LogLevel level) {
  return level != LogLevel::off && level >= g_level.load(std::memory_order_relaxed);
}

void write_log(LogLevel level, std::string_view message) {
  if (is_logged(level)) stderr_logger().log(spdlog_level(level), to_line(message));
}

} // namespace memsync::base
