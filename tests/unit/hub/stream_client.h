#pragma once

#include "tests/unit/hub/fixture.h"

namespace memsync::hub {

/// A transport that takes what it is given when the test says so.
class Client final : public StreamSink {
 public:
  Client(HubFixture& f, const Person& person, StreamRequest request) : f_(f) {
    subscription_ = must(f.hub->open_stream(person.principal, request, *this));
  }
  void on_ready() override { ++told; }

  /// Takes up to `max_bytes` and remembers the events.
  std::string take(std::size_t max_bytes = 1 << 20) {
    std::string bytes;
    for (const StreamPiece& piece : subscription_->take(max_bytes)) bytes += piece.view();
    for (auto& event : parser_.feed(bytes)) events.push_back(std::move(event));
    return bytes;
  }
  /// Lets the pump work and takes everything until nothing comes any more.
  void settle() {
    for (;;) {
      f_.hub->streams().step();
      f_.hub->streams().dispatch();
      if (take().empty()) return;
    }
  }
  template <class Event>
  std::vector<Event> all() const {
    std::vector<Event> found;
    for (const auto& event : events) {
      const auto decoded = must(wire::decode_event(event.event, event.data));
      if (decoded && std::holds_alternative<Event>(*decoded)) found.push_back(std::get<Event>(*decoded));
    }
    return found;
  }
  /// The sequences received, in order; a range without entries counts, too.
  std::vector<std::uint64_t> sequences() const {
    std::vector<std::uint64_t> found;
    for (const auto& range : all<wire::StreamOps>())
      for (std::uint64_t at = range.from.value; at <= range.to.value; ++at) found.push_back(at);
    return found;
  }
  bool is_over() const { return subscription_->is_over(); }
  void close() { subscription_.reset(); }

  std::vector<wire::SseEvent> events;
  int told = 0;

 private:
  HubFixture& f_;
  std::unique_ptr<Subscription> subscription_;
  wire::SseParser parser_;
};

inline StreamRequest ops(const HubFixture& f, std::optional<std::uint64_t> after = std::nullopt) {
  StreamRequest request{{f.team}, {}, StreamView::ops, {}};
  if (after) request.after = {{f.hub->epoch(), model::Sequence{*after}}};
  return request;
}

} // namespace memsync::hub
