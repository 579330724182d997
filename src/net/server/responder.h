#pragma once

#include <functional>
#include <memory>
#include <variant>

#include "net/server/http_message.h"

namespace memsync::net::server {

class EventStream;
class WebSocket;

/// A complete response, or what the connection turns into.
using Answer = std::variant<Response, std::shared_ptr<EventStream>, std::shared_ptr<WebSocket>>;

/// Answers one request, exactly once, from any thread. Copies answer the same request, so that it can be
/// kept by a callback; when the last copy goes unanswered (a defect), the client gets a 500 and not silence.
class Responder {
 public:
  explicit Responder(std::function<void(Answer)> sink)
      : pending_(std::make_shared<Pending>(std::move(sink))) {}

  /// The first answer counts.
  void send(Answer answer) const { pending_->send(std::move(answer)); }
  void fail(const base::Error& error) const { send(to_response(error)); }

 private:
  struct Pending {
    explicit Pending(std::function<void(Answer)> s) : sink(std::move(s)) {}
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    ~Pending() { send(to_response(base::Error{base::ErrorCode::internal, "the hub lost this request"})); }
    void send(Answer answer) {
      if (sink) std::exchange(sink, nullptr)(std::move(answer));
    }
    std::function<void(Answer)> sink;
  };
  std::shared_ptr<Pending> pending_;
};

} // namespace memsync::net::server
