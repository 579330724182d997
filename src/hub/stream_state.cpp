#include "hub/stream_state.h"

#include <algorithm>

#include "model/limits.h"

namespace memsync::hub {

std::string StreamState::position() const {
  std::string text;
  for (const Lane& lane : lanes) {
    if (!text.empty()) text += ',';
    text += model::Cursor{epoch, lane.given}.str();
  }
  return text;
}

void StreamState::push_event(std::string bytes, base::Instant now, bool is_droppable) {
  if (queue.empty()) waiting_since = now;
  Item item;
  item.first.size = bytes.size();
  item.first.bytes = std::make_shared<const std::string>(std::move(bytes));
  item.is_droppable = is_droppable;
  queued_bytes += item.size();
  queue.push_back(std::move(item));
}

void StreamState::push_notifications(wire::StreamNotifications event, base::Instant now) {
  if (notified) {
    event.after = notified->after;
    event.notifications.clear();
    std::erase_if(queue, [&](const Item& item) {
      if (item.is_notification) queued_bytes -= item.size();
      return item.is_notification;
    });
  }
  notified = NotificationRange{event.after, event.to};
  push_event(encode_notifications(event), now);
  queue.back().is_notification = true;
}

void StreamState::push_presence(std::size_t index, std::string bytes, base::Instant now) {
  std::erase_if(queue, [&](const Item& item) {
    if (item.presence_of == index) queued_bytes -= item.size();
    return item.presence_of == index;
  });
  push_event(std::move(bytes), now);
  queue.back().presence_of = index;
}

void StreamState::push_frame(std::size_t index, const StreamFrame& frame, base::Instant now) {
  if (queue.empty()) waiting_since = now;
  lanes[index].given = frame.to;
  Item item;
  item.lane = index;
  item.to = frame.to;
  item.is_droppable = true;
  const std::size_t size = frame.bytes->size();
  if (lanes.size() == 1 || size == 0) {
    item.first = {frame.bytes, 0, size};
  } else {
    auto own = std::make_shared<const std::string>(id_line(position()));
    item.first = {frame.bytes, 0, frame.id_begin};
    item.id = {own, 0, own->size()};
    item.last = {frame.bytes, frame.id_end, size - frame.id_end};
  }
  queued_bytes += item.size();
  queue.push_back(std::move(item));
}

void StreamState::drop_frames() {
  std::erase_if(queue, [](const Item& item) { return item.is_droppable; });
  queued_bytes = 0;
  for (const Item& item : queue) queued_bytes += item.size();
  for (Lane& lane : lanes) lane.given = lane.taken;
}

void StreamState::end_lane(std::size_t index) {
  Lane& lane = lanes[index];
  if (lane.channel) lane.channel->streams.erase(this);
  lane.channel.reset();
  std::erase_if(queue, [&](const Item& item) { return item.lane == index || item.presence_of == index; });
  queued_bytes = 0;
  for (const Item& item : queue) queued_bytes += item.size();
  lane.given = lane.taken;
  // What waits may tell of this workspace: the reader fetches what it may still see.
  if (notified) push_notifications({epoch, notified->after, notified->to, {}}, waiting_since);
}

void StreamState::close(base::Instant now) {
  is_closing = true;
  waiting_since = now; // a peer that does not even take the rest has stalled after a while
}

bool StreamState::has_lanes() const {
  return std::any_of(lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.channel != nullptr; });
}

bool StreamState::has_lane(const model::WorkspaceId& workspace) const {
  return std::any_of(lanes.begin(), lanes.end(),
                     [&](const Lane& lane) { return lane.channel && lane.workspace == workspace; });
}

std::optional<std::size_t> StreamState::find_lagging_lane() const {
  if (!sink || is_closing || is_suspended || queued_bytes >= model::limits::k_stream_event_bytes)
    return std::nullopt;
  for (std::size_t i = 0; i < lanes.size(); ++i)
    if (lanes[i].channel && lanes[i].given < lanes[i].channel->published) return i;
  return std::nullopt;
}

} // namespace memsync::hub
