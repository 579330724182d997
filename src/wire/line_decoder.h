#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace memsync::wire {

/// The longest line a client may send. A tool call holds at most a 512 KiB transaction; 4 MiB leaves
/// room for escapes and keeps one line from costing more than about 100 MB once parsed.
inline constexpr std::size_t k_max_line_bytes = std::size_t{4} << 20;

/// A line longer than the limit: its bytes are gone, only their number is known.
struct OverlongLine {
  std::size_t size_bytes = 0;
};

using DecodedLine = std::variant<std::string, OverlongLine>;

/// Cuts a byte stream into lines (the stdio transport of MCP: one message per line, "\n" or "\r\n").
/// Lines of nothing but blanks are skipped. Holds at most `max_line_bytes` of an unfinished line.
class LineDecoder {
 public:
  explicit LineDecoder(std::size_t max_line_bytes = k_max_line_bytes) : max_line_bytes_(max_line_bytes) {}

  /// Appends the lines that `bytes` completes to `lines`, without their line ends.
  void feed(std::string_view bytes, std::vector<DecodedLine>& lines);

  /// The unterminated last line at the end of the stream, or nothing when there is none.
  std::optional<DecodedLine> finish();

 private:
  void append(std::string_view bytes);
  std::optional<DecodedLine> take();

  const std::size_t max_line_bytes_;
  std::string partial_;
  std::size_t discarded_bytes_ = 0; // of the current line, once it is over the limit
};

} // namespace memsync::wire
