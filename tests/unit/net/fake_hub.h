#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <doctest/doctest.h>
#include <functional>
#include <mutex>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/bounded_queue.h"
#include "net/client/http_hub_client.h"

namespace memsync::net::client::test {

/// What one connection received.
struct Received {
  std::string line; // "GET /path HTTP/1.1"
  std::string head; // with the line
  std::string body;

  bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

/// The server's end of one connection.
class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}

  void send(std::string_view text) const { ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
  /// One chunk of a chunked body.
  void send_chunk(std::string_view text) const { send(fmt::format("{:x}\r\n{}\r\n", text.size(), text)); }
  void answer(int status, std::string_view type, std::string_view body, std::string_view headers = "") const {
    send(fmt::format("HTTP/1.1 {} Reason\r\nContent-Type: {}\r\n{}Content-Length: {}\r\n\r\n{}", status, type,
                     headers, body.size(), body));
  }
  void answer_json(std::string_view body) const { answer(200, "application/json", body); }
  void open_stream(std::string_view type = "text/event-stream") const {
    send(fmt::format("HTTP/1.1 200 OK\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\n\r\n", type));
  }
  void end_stream() const { send("0\r\n\r\n"); }
  /// Returns when the client closed its side.
  void wait_closed() const {
    char byte = 0;
    while (::recv(socket_, &byte, 1, 0) > 0) continue;
  }
  void close() const { ::shutdown(socket_, SHUT_RDWR); }

  /// The next request, or nothing when the client closed.
  std::optional<Received> read() {
    Received request;
    while (buffer_.find("\r\n\r\n") == std::string::npos)
      if (!fill()) return std::nullopt;
    const auto end = buffer_.find("\r\n\r\n") + 4;
    request.head = buffer_.substr(0, end);
    buffer_.erase(0, end);
    request.line = request.head.substr(0, request.head.find("\r\n"));
    std::size_t length = 0;
    if (const auto at = request.head.find("Content-Length: "); at != std::string::npos)
      length = std::stoul(request.head.substr(at + 16));
    while (buffer_.size() < length)
      if (!fill()) return std::nullopt;
    request.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return request;
  }

 private:
  bool fill() {
    std::array<char, 4096> piece{};
    const auto count = ::recv(socket_, piece.data(), piece.size(), 0);
    if (count > 0) buffer_.append(piece.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

  int socket_;
  std::string buffer_;
};

/// A server on a port of its own that answers each request as the test says.
class FakeHub {
 public:
  using Handler = std::function<void(Peer&, const Received&)>;

  explicit FakeHub(Handler handler) : handler_(std::move(handler)) {
    std::signal(SIGPIPE, SIG_IGN);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 16);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { accept_all(); });
  }
  ~FakeHub() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& thread : connections_) thread.join();
    for (const int socket : sockets_) ::close(socket);
    ::close(listener_);
  }
  FakeHub(const FakeHub&) = delete;
  FakeHub& operator=(const FakeHub&) = delete;

  int port() const { return port_; }
  HubAccess access(std::string token = "mst_secret") const {
    HubAccess access;
    access.endpoint = {false, "127.0.0.1", port_, ""};
    access.token = std::move(token);
    return access;
  }
  std::size_t connection_count() const {
    const std::lock_guard lock(mutex_);
    return sockets_.size();
  }

 private:
  void accept_all() {
    for (;;) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      const std::lock_guard lock(mutex_);
      sockets_.push_back(socket);
      connections_.emplace_back([this, socket] {
        Peer peer(socket);
        while (const auto request = peer.read()) handler_(peer, *request);
      });
    }
  }

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::vector<int> sockets_;             // guarded by mutex_
  std::vector<std::thread> connections_; // of the accepting thread, then of the destructor
};

/// The engine's side: what the client reported.
class Inbox {
 public:
  MessageSink sink() {
    return [this](replica::EngineMessage message) { queue_.push(std::move(message)); };
  }
  /// The next message of type T; anything else, or none for half a minute, fails the test.
  template <class T>
  T next() {
    auto message = next_of_any();
    REQUIRE(std::holds_alternative<T>(message));
    return std::get<T>(std::move(message));
  }
  replica::EngineMessage next_of_any() {
    auto message = queue_.pop_until(std::chrono::steady_clock::now() + std::chrono::seconds(30));
    REQUIRE(message);
    return *std::move(message);
  }
  bool is_empty() { return !queue_.pop_until(std::chrono::steady_clock::now()); }

 private:
  base::BoundedQueue<replica::EngineMessage> queue_{1000};
};

inline model::WorkspaceId workspace(char last) {
  return *model::WorkspaceId::parse(std::string(19, '0') + last);
}

inline std::string hello_event(char last) {
  return fmt::format(
      "event: hello\nid: 7.3\ndata: {{\"workspace\":\"{}\",\"epoch\":\"7\",\"head\":\"3\","
      "\"floor\":\"0\",\"replayed_from\":\"3\"}}\n\n",
      workspace(last).view());
}

inline std::string pull_answer(int from, int to) {
  return fmt::format(
      R"({{"epoch":"7","from":"{}","to":"{}","head":"{}","floor":"0","entries":[],"more":false}})", from, to,
      to);
}

inline constexpr std::string_view k_me =
    R"({"id":"00000000000000000001","name":"Ada","email":"ada@example.com","epoch":"7","workspaces":[]})";

} // namespace memsync::net::client::test
