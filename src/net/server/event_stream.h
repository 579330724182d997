#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/stream.h"
#include "net/server/channel.h"

namespace memsync::net::server {

class Core;

/// A connection that has become a stream of server-sent events. What the hub has for it is sent straight
/// from the call that announces it, and again when the socket accepts more; a queue exists only after the
/// socket was full. Bytes are shared with all streams that carry them.
/// Made on any thread, used on the network thread once attached.
class EventStream final : public hub::StreamSink, public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(model::UserId user, std::string address) : user_(user), address_(std::move(address)) {}

  /// Before it is attached.
  void subscribe(std::unique_ptr<hub::Subscription> subscription) { subscription_ = std::move(subscription); }

  /// Takes the connection and writes the response head and the first events at once.
  void attach(Core& core, Channel channel, std::string_view head);
  void on_ready() override;
  void close();

  const model::UserId& user() const { return user_; }
  const std::string& address() const { return address_; }

 private:
  void send_more();
  bool refill();
  void consume(std::size_t bytes);
  void watch_peer();
  void wait_to_send(IoState direction);

  const model::UserId user_;
  const std::string address_;
  Core* core_ = nullptr; // once attached
  std::optional<Channel> channel_;
  std::unique_ptr<hub::Subscription> subscription_;
  std::vector<hub::StreamPiece> queue_; // from next_ on, its first piece from its offset on
  std::size_t next_ = 0;
  bool blocked_ = false;
};

} // namespace memsync::net::server
