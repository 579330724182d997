#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace memsync::wire {

/// One dispatched Server-Sent Event.
struct SseEvent {
  std::string event; // "message" when the stream named none
  std::string data;
  std::string id; // the last id seen, which persists across events
};

/// Incremental parser of text/event-stream (HTML Living Standard, section 9.2): CR, LF and CRLF across
/// chunk borders, a leading BOM, several data lines, ids with NUL ignored, `retry` digits only. An event
/// is dispatched at its blank line and never at the end of the stream.
class SseParser {
 public:
  /// A line or an event beyond this many bytes makes the parser fail for good.
  static constexpr std::size_t k_max_bytes = std::size_t{4} << 20;

  /// Parses the next piece and returns the events it completed. Comments and empty pieces count as
  /// life for the caller's watchdog but complete nothing.
  std::vector<SseEvent> feed(std::string_view piece);

  /// True after a line or event beyond k_max_bytes: close the stream and pull.
  bool has_failed() const { return failed_; }

  /// The server's last `retry:` of at most a day, or nothing.
  std::optional<std::chrono::milliseconds> retry() const { return retry_; }

 private:
  void end_line(std::vector<SseEvent>& events);
  void take_field(std::string_view name, std::string_view value);

  std::string line_;
  std::string data_, event_, last_id_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool at_start_ = true;
  bool failed_ = false;
  std::optional<std::chrono::milliseconds> retry_;
};

/// Appends one framed event; `event` and `id` may be empty (omitted). `data` may contain newlines.
void append_sse(std::string& out, std::string_view event, std::string_view id, std::string_view data);

} // namespace memsync::wire
