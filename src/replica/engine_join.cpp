// Ranges of the log that wait one behind the other, as one message: one transaction instead of several.

#include <algorithm>
#include <iterator>

#include "replica/engine.h"

namespace memsync::replica {

namespace {

constexpr std::size_t k_joined_entries = 250;

wire::StreamOps* find_range(EngineMessage& message) {
  auto* event = std::get_if<ListenEvent>(&message);
  return event ? std::get_if<wire::StreamOps>(&event->event) : nullptr;
}

} // namespace

bool join(EngineMessage& first, EngineMessage& next) {
  wire::StreamOps* const head = find_range(first);
  wire::StreamOps* const tail = find_range(next);
  if (!head || !tail || std::get<ListenEvent>(first).id != std::get<ListenEvent>(next).id) return false;
  if (head->workspace != tail->workspace || head->epoch != tail->epoch) return false;
  if (head->entries.empty() || tail->entries.empty() || tail->from.value != head->to.value + 1) return false;
  if (head->entries.size() + tail->entries.size() > k_joined_entries) return false;
  head->to = tail->to;
  std::move(tail->entries.begin(), tail->entries.end(), std::back_inserter(head->entries));
  return true;
}

} // namespace memsync::replica
