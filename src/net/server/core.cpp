#include "net/server/core.h"

#include <fmt/chrono.h>
#include <sys/resource.h>

#include "base/log.h"
#include "net/server/address.h"
#include "net/server/dispatcher.h"

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::Result;
using namespace std::chrono_literals;

namespace {

constexpr int k_listen_backlog = 4096;
constexpr std::string_view k_mapped_v4 = "::ffff:"; // how IPv4 clients appear on an IPv6 port
constexpr auto k_sweep = 1s;
constexpr auto k_finish_limit = 1500ms; // the process must be gone 2 s after the signal
constexpr auto k_goaway_spread = 10s;
/// Broadcasts shorter than this are never spaced out.
constexpr auto k_long_broadcast = 2ms;
constexpr auto k_quiet = 5ms;

/// A hub with thousands of streams needs as many descriptors as the system grants.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void drop_one(auto& counts, const auto& key) {
  const auto at = counts.find(key);
  if (at != counts.end() && --at->second == 0) counts.erase(at);
}

} // namespace

Core::Core(std::shared_ptr<Loop> loop, Dispatcher& dispatcher, hub::Hub& hub, base::Clock& clock,
           const ServerOptions& options)
    : loop_(std::move(loop)),
      dispatcher_(dispatcher),
      hub_(hub),
      clock_(clock),
      options_(options),
      acceptor_(loop_->io()),
      connection_gauge_(hub.metrics().gauge("memsync_http_connections", "Open connections without streams.")),
      stream_gauge_(hub.metrics().gauge("memsync_http_streams", "Open event streams.")),
      socket_gauge_(hub.metrics().gauge("memsync_http_sockets", "Open WebSockets.")),
      refused_(hub.metrics().counter("memsync_http_refused_connections_total",
                                     "Connections closed at once because their address had too many.")) {}

Core::~Core() = default;

Result<std::string> Core::listen() {
  if (!options_.tls_certificate.empty()) {
    TRY_ASSIGN(tls_, load_tls(options_.tls_certificate, options_.tls_key));
  }
  raise_descriptor_limit();
  TRY_ASSIGN(const auto address, parse_listen_address(options_.listen));
  TRY(bind(address.host, address.port));
  boost::system::error_code failure;
  const tcp::endpoint bound = acceptor_.local_endpoint(failure);
  std::string host = bound.address().is_unspecified() ? "127.0.0.1" : bound.address().to_string();
  if (host.find(':') != std::string::npos) host = '[' + host + ']';
  return fmt::format("{}://{}:{}", tls_ ? "https" : "http", host, bound.port());
}

Result<> Core::bind(const std::string& host, std::uint16_t port) {
  boost::system::error_code failure;
  tcp::resolver resolver(loop_->io());
  const auto found = resolver.resolve(host.empty() ? "0.0.0.0" : host, std::to_string(port),
                                      tcp::resolver::passive | tcp::resolver::numeric_service, failure);
  if (failure || found.empty())
    return Error{ErrorCode::validation, fmt::format("no address found for '{}': give an IP address", host)};
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor_.open(endpoint.protocol(), failure);
  if (!failure) acceptor_.set_option(tcp::acceptor::reuse_address(true), failure);
  if (!failure) acceptor_.bind(endpoint, failure);
  if (!failure) acceptor_.listen(k_listen_backlog, failure);
  if (!failure) return {};
  return Error{failure == boost::asio::error::address_in_use ? ErrorCode::busy : ErrorCode::validation,
               fmt::format("cannot listen on {}: {}; choose another address with --listen, port 0 for any "
                           "free port",
                           options_.listen, failure.message())};
}

void Core::start(std::function<void()> ended) {
  ended_ = std::move(ended);
  hub_.streams().set_wake([this, loop = std::weak_ptr(loop_)] {
    if (const auto alive = loop.lock()) alive->post([this] { wake_streams(); });
  });
  accept();
  sweep();
}

void Core::accept() {
  acceptor_.async_accept([this](const boost::system::error_code& failure, tcp::socket socket) {
    if (finishing_) return;
    if (!failure) {
      take(std::move(socket));
      return accept();
    }
    // Out of descriptors or memory: trying again at once would spin.
    base::log(base::LogLevel::warning, "accepting a connection failed: {}", failure.message());
    end_timer_ = loop_->run_after(100ms, [this] { accept(); });
  });
}

void Core::take(tcp::socket socket) {
  boost::system::error_code failure;
  std::string peer = socket.remote_endpoint(failure).address().to_string();
  if (failure) return; // gone already
  if (peer.starts_with(k_mapped_v4)) peer.erase(0, k_mapped_v4.size());
  std::size_t& count = connections_by_peer_[limit_key(peer)];
  const auto& proxies = options_.trusted_proxies;
  const bool is_proxy = std::find(proxies.begin(), proxies.end(), peer) != proxies.end();
  if (count >= options_.connections_per_address && !is_proxy) return refused_.add();
  ++count;
  const auto connection = std::make_shared<Connection>(*this, Channel(std::move(socket), tls_.get()), peer);
  connections_.emplace(connection.get(), connection);
  connection_gauge_.set(static_cast<std::int64_t>(connections_.size()));
  connection->start();
}

void Core::sweep() {
  const base::Instant now = clock_.instant();
  std::vector<std::shared_ptr<Connection>> all;
  all.reserve(connections_.size());
  for (const auto& [pointer, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->check_deadline(now);
  for (const auto& socket : all_sockets()) socket->check_deadline(clock_.now());
  sweep_timer_ = loop_->run_after(k_sweep, [this] { sweep(); });
}

/// Under load broadcasts take up to half of the loop's time: what comes during the pause goes out in one
/// write per stream, which turns hundreds of thousands of deliveries a second into millions. A quiet hub
/// sends at once.
void Core::wake_streams() {
  if (broadcast_timer_) return;
  const auto pause = std::max<base::Instant::duration>(broadcast_took_, k_long_broadcast);
  const auto since = clock_.instant() - broadcast_ended_;
  if (broadcast_took_ < k_long_broadcast || since >= std::max<base::Instant::duration>(pause, k_quiet))
    return broadcast();
  const auto rest = std::chrono::ceil<std::chrono::milliseconds>(pause - std::min(since, pause));
  broadcast_timer_ = loop_->run_after(rest, [this] {
    broadcast_timer_.reset();
    broadcast();
  });
}

void Core::broadcast() {
  const base::Instant started = clock_.instant();
  hub_.streams().dispatch();
  broadcast_ended_ = clock_.instant();
  broadcast_took_ = broadcast_ended_ - started;
}

const std::string& Core::http_date() {
  const base::Instant instant = clock_.instant();
  if (instant >= date_until_) {
    const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(clock_.now());
    date_ = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(seconds));
    date_until_ = instant + 500ms;
  }
  return date_;
}

std::string Core::client_address(std::string_view peer, std::string_view forwarded_for) const {
  return forwarded_client(peer, forwarded_for, options_.trusted_proxies);
}

void Core::handle(std::optional<Method> method, Request request, Responder responder) {
  dispatcher_.handle(method, std::move(request), std::move(responder));
}

Result<> Core::count_long(const model::UserId& user, const std::string& address) {
  const auto count = [](const auto& counts, const auto& key) {
    const auto at = counts.find(key);
    return at == counts.end() ? 0 : at->second;
  };
  const bool is_known = !user.is_empty(); // strangers must not take the room of each other
  if ((is_known && count(streams_by_user_, user) >= options_.streams_per_user) ||
      count(streams_by_address_, address) >= options_.streams_per_address)
    return Error{ErrorCode::rate_limited,
                 "too many open streams: close some, or read several workspaces on one"};
  ++streams_by_user_[user];
  ++streams_by_address_[address];
  return {};
}

void Core::discount_long(const model::UserId& user, const std::string& address) {
  drop_one(streams_by_user_, user);
  drop_one(streams_by_address_, address);
}

Result<> Core::open_stream(const std::shared_ptr<EventStream>& stream, Channel& channel) {
  TRY(count_long(stream->user(), stream->address()));
  streams_.emplace(stream.get(), stream);
  stream_gauge_.set(static_cast<std::int64_t>(streams_.size()));
  stream->attach(*this, std::move(channel),
                 fmt::format("HTTP/1.1 200 OK\r\nDate: {}\r\nContent-Type: text/event-stream\r\n"
                             "Cache-Control: no-cache\r\nX-Accel-Buffering: no\r\n"
                             "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
                             http_date()));
  return {};
}

void Core::remove(Connection& connection) {
  drop_one(connections_by_peer_, limit_key(connection.peer()));
  connections_.erase(&connection);
  connection_gauge_.set(static_cast<std::int64_t>(connections_.size()));
  end_if_empty();
}

void Core::remove(EventStream& stream) {
  discount_long(stream.user(), stream.address());
  streams_.erase(&stream);
  stream_gauge_.set(static_cast<std::int64_t>(streams_.size()));
  end_if_empty();
}

Result<> Core::open_socket(const std::shared_ptr<WebSocket>& socket, Channel& channel,
                           std::string already_read) {
  // Whoever comes with a ticket is not known yet and counts by the address alone.
  TRY(count_long(socket->user(), socket->address()));
  sockets_.emplace(socket.get(), socket);
  socket_gauge_.set(static_cast<std::int64_t>(sockets_.size()));
  socket->attach(*this, std::move(channel), std::move(already_read));
  return {};
}

void Core::remove(WebSocket& socket) {
  if (!sockets_.contains(&socket)) return;
  discount_long(socket.user(), socket.address());
  sockets_.erase(&socket);
  socket_gauge_.set(static_cast<std::int64_t>(sockets_.size()));
  end_if_empty();
}

std::vector<std::shared_ptr<WebSocket>> Core::all_sockets() const {
  std::vector<std::shared_ptr<WebSocket>> all;
  all.reserve(sockets_.size());
  for (const auto& [pointer, socket] : sockets_) all.push_back(socket);
  return all;
}

bool Core::run(Pool pool, std::function<void()> task) { return dispatcher_.run(pool, std::move(task)); }

void Core::finish() {
  if (finishing_) return;
  finishing_ = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  end_timer_ = loop_->run_after(k_finish_limit, [this] { ended_(); });
  hub_.streams().go_away(k_goaway_spread);
  dispatcher_.finish();
  std::vector<std::shared_ptr<Connection>> all;
  for (const auto& [pointer, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->finish();
  for (const auto& socket : all_sockets()) socket->go_away();
  end_if_empty();
}

void Core::end_if_empty() {
  if (finishing_ && connections_.empty() && streams_.empty() && sockets_.empty()) loop_->post(ended_);
}

} // namespace memsync::net::server
