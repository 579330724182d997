#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "net/server/channel.h"
#include "net/server/responder.h"

namespace memsync::net::server {

class Core;

/// One accepted connection: reads a request, has it handled, writes the answer, goes on to the next.
/// Requests of one connection are handled one after another, which makes pipelining safe: what arrived
/// early waits in the buffer, and nothing is read while a request is handled. Network thread only.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Core& core, Channel channel, std::string address);

  void start();
  /// Closes now if no request is in work, else after its answer.
  void finish();
  /// Closes if the peer took too long for the current step.
  void check_deadline(base::Instant now);
  void close();
  const std::string& peer() const { return address_; }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  enum class State {
    idle,     // nothing of the next request is here yet
    head,     // part of a head
    body,     // the head is read, the body is not
    handling, // a handler has it
    writing,  // the answer is on its way
    draining, // answered before the request was read: read on a little, or the peer never sees the answer
    closed,
  };

  void advance();
  /// Each step returns true when the state moved on, false when it waits for something.
  bool read_more();
  bool read_head();
  bool read_body();
  bool write_more();
  bool drain();
  bool accept_head(std::size_t size);
  void handle();
  void on_answer(Answer answer);
  void respond(const Response& response);
  void refuse(const base::Error& error);
  bool wait_for(IoState direction);
  void enter(State state);

  Core& core_;
  Channel channel_;
  const std::string address_; // of the peer
  State state_ = State::idle;
  base::Instant deadline_{};
  std::string in_;  // received, not yet parsed
  std::string out_; // to be written from written_
  std::size_t written_ = 0;
  std::size_t body_bytes_ = 0; // of the body as sent, with what is around its chunks
  std::size_t drained_ = 0;
  std::optional<Parser> parser_;
  bool is_head_method_ = false;
  bool keep_alive_ = true;
  bool finishing_ = false;
  bool waiting_ = false;
};

} // namespace memsync::net::server
