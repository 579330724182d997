#include "wire/line_decoder.h"

#include <utility>

namespace memsync::wire {

void LineDecoder::feed(std::string_view bytes, std::vector<DecodedLine>& lines) {
  for (;;) {
    const auto end = bytes.find('\n');
    append(bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    if (auto line = take()) lines.push_back(*std::move(line));
    bytes.remove_prefix(end + 1);
  }
}

std::optional<DecodedLine> LineDecoder::finish() { return take(); }

void LineDecoder::append(std::string_view bytes) {
  if (discarded_bytes_ > 0) {
    discarded_bytes_ += bytes.size();
    return;
  }
  // One byte over the limit may be the "\r" of a line of exactly the limit.
  if (partial_.size() + bytes.size() <= max_line_bytes_ + 1) {
    partial_.append(bytes);
    return;
  }
  discarded_bytes_ = partial_.size() + bytes.size();
  partial_ = std::string(); // gives the memory back
}

std::optional<DecodedLine> LineDecoder::take() {
  if (discarded_bytes_ > 0) return OverlongLine{std::exchange(discarded_bytes_, 0)};
  std::string line = std::exchange(partial_, {});
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.size() > max_line_bytes_) return OverlongLine{line.size()};
  if (line.find_first_not_of(" \t\r") == std::string::npos) return std::nullopt;
  return line;
}

} // namespace memsync::wire
