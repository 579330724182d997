#include "wire/sse.h"

#include <algorithm>
#include <utility>

#include "model/number.h"

namespace memsync::wire {

namespace {

constexpr std::uint64_t k_max_retry = 86'400'000; // a day

/// How much of the piece is before the first end of a line. Two searches for one byte each are many times
/// quicker than one for either.
std::size_t line_length(std::string_view piece) {
  const std::string_view line = piece.substr(0, piece.find('\n'));
  return std::min(line.find('\r'), line.size());
}

} // namespace

std::vector<SseEvent> SseParser::feed(std::string_view piece) {
  std::vector<SseEvent> events;
  while (!piece.empty() && !failed_) {
    if (std::exchange(after_cr_, false) && piece.front() == '\n') {
      piece.remove_prefix(1);
      continue;
    }
    const std::size_t length = line_length(piece);
    line_ += piece.substr(0, length);
    failed_ = line_.size() + data_.size() > k_max_bytes;
    if (failed_ || length == piece.size()) break;
    after_cr_ = piece[length] == '\r';
    end_line(events);
    piece.remove_prefix(length + 1);
  }
  return events;
}

void SseParser::end_line(std::vector<SseEvent>& events) {
  constexpr std::string_view k_bom = "\xEF\xBB\xBF";
  std::string_view line = line_;
  if (at_start_ && line.substr(0, k_bom.size()) == k_bom) line.remove_prefix(k_bom.size());
  at_start_ = false;
  if (line.empty()) {
    if (has_data_) events.push_back({event_.empty() ? "message" : event_, data_, last_id_});
    event_.clear();
    data_.clear();
    has_data_ = false;
  } else if (line.front() != ':') {
    const auto colon = line.find(':');
    std::string_view value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
    if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    take_field(line.substr(0, colon), value);
  }
  line_.clear();
}

void SseParser::take_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  } else if (name == "event") {
    event_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) last_id_ = value;
  } else if (name == "retry") {
    while (value.size() > 1 && value.front() == '0') value.remove_prefix(1);
    if (const auto number = model::parse_u64(value); number && *number <= k_max_retry)
      retry_ = std::chrono::milliseconds(*number);
  }
}

void append_sse(std::string& out, std::string_view event, std::string_view id, std::string_view data) {
  if (!event.empty()) out.append("event: ").append(event).append("\n");
  if (!id.empty()) out.append("id: ").append(id).append("\n");
  for (;;) {
    const auto end = data.find('\n');
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + 1);
  }
  out += '\n';
}

} // namespace memsync::wire
