#include "net/server/core.h"
#include "net/server/web_socket.h"

/// What others see of the one at a WebSocket: in the rooms, and everywhere by presence.
namespace memsync::net::server {

using model::NodeId;
using namespace std::chrono_literals;

namespace {

constexpr auto k_tell_period = 50ms;  // others hear of cursors and presence 20 times a second
constexpr auto k_report_period = 20s; // whoever is not reported for 60 s has left

} // namespace

/// Others hear of the newest cursors and presence, at once or when it is time again.
void WebSocket::tell() {
  if (tell_timer_ || is_over()) return;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(told_at_ + k_tell_period - core_->now());
  if (wait > 0ms) {
    tell_timer_ = core_->loop()->run_after(wait, [this, alive = weak_from_this()] {
      const auto self = alive.lock();
      if (!self) return;
      tell_timer_.reset();
      tell();
    });
    return;
  }
  told_at_ = core_->now();
  const Told told = std::exchange(told_, {});
  hub::Rooms& rooms = core_->hub().rooms();
  if (told.presence) state_ = *told.presence;
  if (told.presence && is_inside_) {
    rooms.set_presence(*this, state_);
    report(core_->hub().clock().now());
  }
  for (const auto& [room, cursor] : told.cursors)
    if (rooms.is_in(*this, room)) rooms.set_cursor(*this, room, cursor);
}

/// Those who are not in its rooms hear it, too.
void WebSocket::report(base::Timestamp now) {
  model::Presence presence;
  presence.session = fmt::format("socket {}", person_.socket);
  presence.workspace = workspace_;
  presence.kind = model::PresenceKind::person;
  presence.state = state_;
  presence.client = client_;
  for (const Place& place : places_)
    presence.elsewhere.push_back(
        {place.document, place.room.kind == wire::RoomKind::node ? place.room.id : NodeId{}});
  if (!presence.elsewhere.empty()) { // it is seen where it went last
    presence.document = presence.elsewhere.back().document;
    presence.node = presence.elsewhere.back().node;
    presence.elsewhere.pop_back();
  }
  core_->hub().report_presence(*visit_, presence.session, presence);
  report_at_ = now + k_report_period;
}

/// Into the rooms it was in, when this is not the first time.
void WebSocket::go_in() {
  if (std::exchange(is_inside_, true)) return;
  hub::Rooms& rooms = core_->hub().rooms();
  rooms.enter(*this, workspace_, person_);
  rooms.set_presence(*this, state_);
  for (const Place& place : places_)
    if (const auto members = rooms.join(*this, place.room))
      send(wire::encode_joined("", place.room, *members));
  report(core_->hub().clock().now());
}

void WebSocket::go_out() {
  if (!std::exchange(is_inside_, false)) return;
  core_->hub().rooms().exit(*this);
  core_->hub().report_presence(*visit_, fmt::format("socket {}", person_.socket), std::nullopt);
}

} // namespace memsync::net::server
