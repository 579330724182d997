#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/clock.h"
#include "hub/hub.h"
#include "net/server/channel.h"
#include "net/server/connection.h"
#include "net/server/event_stream.h"
#include "net/server/loop.h"
#include "net/server/request_head.h"
#include "net/server/server.h"
#include "net/server/web_socket.h"
#include "net/server/worker_pool.h"

namespace memsync::net::server {

class Dispatcher;

/// What all connections share: the port, the counts that limits need, the sweep of deadlines, the end.
/// Network thread only, but for the constructor and listen().
class Core {
 public:
  Core(std::shared_ptr<Loop> loop, Dispatcher& dispatcher, hub::Hub& hub, base::Clock& clock,
       const ServerOptions& options);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// As Server::listen.
  base::Result<std::string> listen();
  /// Accepts from here on; calls `ended` when, after finish(), the last connection is gone or late.
  void start(std::function<void()> ended);
  void finish();

  // For the connections.

  const HttpLimits& http_limits() const { return limits_; }
  base::Instant now() { return clock_.instant(); }
  /// Now, as the Date header wants it (RFC 9110 section 5.6.7).
  const std::string& http_date();
  std::string client_address(std::string_view peer, std::string_view forwarded_for) const;
  void handle(std::optional<Method> method, Request request, Responder responder);
  /// For a Responder, which may outlive the server.
  const std::shared_ptr<Loop>& loop() const { return loop_; }
  /// Turns a connection into a stream; fails with `rate_limited` and leaves it alone when its user or
  /// address has too many.
  base::Result<> open_stream(const std::shared_ptr<EventStream>& stream, Channel& channel);
  void remove(Connection& connection);
  void remove(EventStream& stream);
  /// The same for a WebSocket. `already_read` are bytes that came behind the request.
  base::Result<> open_socket(const std::shared_ptr<WebSocket>& socket, Channel& channel,
                             std::string already_read);
  void remove(WebSocket& socket);
  hub::Hub& hub() { return hub_; }
  /// Runs `task` on a worker thread; false when too much is waiting.
  bool run(Pool pool, std::function<void()> task);

 private:
  using tcp = boost::asio::ip::tcp;

  base::Result<> bind(const std::string& host, std::uint16_t port);
  void accept();
  void take(tcp::socket socket);
  void sweep();
  void wake_streams();
  void broadcast();
  /// A copy: they may go while they are called.
  std::vector<std::shared_ptr<WebSocket>> all_sockets() const;
  /// One more of what stays open for long; `rate_limited` when this user or address has too many.
  base::Result<> count_long(const model::UserId& user, const std::string& address);
  void discount_long(const model::UserId& user, const std::string& address);
  void end_if_empty();

  const std::shared_ptr<Loop> loop_;
  Dispatcher& dispatcher_;
  hub::Hub& hub_;
  base::Clock& clock_;
  const ServerOptions& options_;
  const HttpLimits limits_;
  TlsContext tls_;
  tcp::acceptor acceptor_;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
  std::unordered_map<EventStream*, std::shared_ptr<EventStream>> streams_;
  std::unordered_map<WebSocket*, std::shared_ptr<WebSocket>> sockets_;
  std::unordered_map<std::string, std::size_t> connections_by_peer_, streams_by_address_;
  std::unordered_map<model::UserId, std::size_t> streams_by_user_;
  hub::Gauge &connection_gauge_, &stream_gauge_, &socket_gauge_;
  hub::Counter& refused_;
  std::string date_;
  base::Instant date_until_{};
  base::Instant broadcast_ended_{};
  base::Instant::duration broadcast_took_{};
  std::shared_ptr<void> sweep_timer_, broadcast_timer_, end_timer_;
  std::function<void()> ended_;
  bool finishing_ = false;
};

} // namespace memsync::net::server
