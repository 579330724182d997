// A hub's bytes through the parser of server-sent events.

#include <vector>

#include "tests/fuzz/fuzz_target.h"
#include "wire/sse.h"

using namespace memsync;
using fuzz::require;

namespace {

bool are_equal(const wire::SseEvent& a, const wire::SseEvent& b) {
  return a.event == b.event && a.data == b.data && a.id == b.id;
}

/// Frames an event anew and reads it back.
void check_framing(const wire::SseEvent& event) {
  std::string framed;
  wire::append_sse(framed, event.event, event.id, event.data);
  wire::SseParser parser;
  const auto events = parser.feed(framed);
  require(events.size() == 1 && are_equal(events.front(), event), "a framed event reads back the same");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::PiecewiseInput input(data, size);
  wire::SseParser at_once, piece_by_piece;
  const auto whole = at_once.feed(input.bytes);
  std::vector<wire::SseEvent> cut;
  input.for_each_piece([&](std::string_view piece) {
    for (auto& event : piece_by_piece.feed(piece)) cut.push_back(std::move(event));
  });
  require(at_once.has_failed() == piece_by_piece.has_failed(), "failing does not depend on the pieces");
  require(at_once.retry() == piece_by_piece.retry(), "retry does not depend on the pieces");
  require(whole.size() == cut.size(), "events do not depend on how the bytes arrive");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    require(are_equal(whole[i], cut[i]), "an event does not depend on how its bytes arrive");
    check_framing(whole[i]);
  }
  return 0;
}
