#include "net/server/connection.h"

#include <boost/beast/http/status.hpp>

#include "base/log.h"
#include "net/server/core.h"
#include "net/server/request_head.h"

namespace memsync::net::server {

namespace http = boost::beast::http;
using base::Error;
using base::ErrorCode;
using namespace std::chrono_literals;

namespace {

constexpr auto k_head_timeout = 10s;
constexpr auto k_idle_timeout = 75s; // longer than the 60 s of common proxies, so that they close first
constexpr auto k_drain_timeout = 2s;
constexpr std::size_t k_drain_bytes = std::size_t{4} << 20;
constexpr std::size_t k_read_bytes = std::size_t{16} << 10;
/// A chunked body may take so many times its limit with the lines around its chunks.
constexpr std::size_t k_framed_times = 2;

std::optional<Method> find_method(std::string_view name) { return model::find_by_name<Method>(name); }

Error body_too_large(const HttpLimits& limits) {
  return {ErrorCode::too_large,
          fmt::format("a body may have {} bytes: send less at once", limits.body_bytes)};
}

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

/// What Beast found wrong while reading a body, as one of our errors.
Error body_error(const boost::system::error_code& failure, const HttpLimits& limits) {
  if (failure == http::error::body_limit || failure == http::error::buffer_overflow)
    return body_too_large(limits);
  return {ErrorCode::validation, fmt::format("refused HTTP request: {}", failure.message())};
}

} // namespace

Connection::Connection(Core& core, Channel channel, std::string address)
    : core_(core), channel_(std::move(channel)), address_(std::move(address)) {}

void Connection::start() {
  deadline_ = core_.now() + k_head_timeout;
  advance();
}

void Connection::finish() {
  finishing_ = true;
  if (state_ == State::idle || state_ == State::head || state_ == State::draining) close();
}

void Connection::check_deadline(base::Instant now) {
  if (state_ != State::closed && state_ != State::handling && now >= deadline_) close();
}

void Connection::close() {
  if (state_ == State::closed) return;
  enter(State::closed);
  channel_.close();
  core_.remove(*this);
}

void Connection::enter(State state) {
  state_ = state;
  switch (state) {
    case State::idle:
    case State::body:
    case State::writing: deadline_ = core_.now() + k_idle_timeout; break;
    case State::head: deadline_ = core_.now() + k_head_timeout; break;
    case State::draining: deadline_ = core_.now() + k_drain_timeout; break;
    case State::handling:
    case State::closed: break;
  }
}

void Connection::advance() {
  for (bool moved = true; moved;) {
    switch (state_) {
      case State::idle:
      case State::head: moved = read_head(); break;
      case State::body: moved = read_body(); break;
      case State::writing: moved = write_more(); break;
      case State::draining: moved = drain(); break;
      case State::handling:
      case State::closed: return;
    }
  }
}

bool Connection::wait_for(IoState direction) {
  if (waiting_) return false;
  waiting_ = true;
  channel_.wait(direction, [self = shared_from_this()](const boost::system::error_code&) {
    self->waiting_ = false;
    if (self->state_ != State::closed) self->advance();
  });
  return false;
}

bool Connection::read_more() {
  const std::size_t before = in_.size();
  in_.resize(before + k_read_bytes);
  const Io io = channel_.read(std::span(in_).subspan(before));
  in_.resize(before + io.bytes);
  if (io.state == IoState::closed) {
    close();
    return false;
  }
  return io.state == IoState::done || wait_for(io.state);
}

bool Connection::read_head() {
  const std::size_t size = find_head_end(in_);
  if (size != std::string::npos && size <= core_.http_limits().head_bytes) return accept_head(size);
  if (in_.size() > core_.http_limits().head_bytes) {
    refuse({ErrorCode::too_large,
            fmt::format("a request head may have {} bytes", core_.http_limits().head_bytes)});
    return true;
  }
  // A client that speaks no HTTP (TLS to the plain port, say) may never send an empty line.
  if (in_.find('\0') != std::string::npos) {
    refuse({ErrorCode::validation, "refused HTTP request: a control character"});
    return true;
  }
  if (state_ == State::idle && !in_.empty()) enter(State::head);
  return read_more();
}

bool Connection::accept_head(std::size_t size) {
  const auto checked = check_request_head(std::string_view(in_).substr(0, size), core_.http_limits());
  if (!checked) return refuse(checked.error()), true;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(core_.http_limits().head_bytes));
  parser_->body_limit(core_.http_limits().body_bytes);
  boost::system::error_code failure;
  const std::size_t used = parser_->put(boost::asio::buffer(in_.data(), size), failure);
  if (failure && failure != http::error::need_more)
    return refuse(body_error(failure, core_.http_limits())), true;
  in_.erase(0, used);
  is_head_method_ = parser_->get().method() == http::verb::head;
  keep_alive_ = parser_->get().version() == 11 && parser_->get().keep_alive();
  if (const auto expected = parser_->get().find(http::field::expect); expected != parser_->get().end()) {
    if (!boost::beast::iequals(expected->value(), "100-continue"))
      return refuse({ErrorCode::validation, "refused HTTP request: the only expectation is 100-continue"}),
             true;
    channel_.write("HTTP/1.1 100 Continue\r\n\r\n");
  }
  body_bytes_ = 0;
  enter(State::body);
  return true;
}

bool Connection::read_body() {
  const HttpLimits& limits = core_.http_limits();
  parser_->eager(true);
  while (!parser_->is_done()) {
    if (in_.empty()) return read_more();
    boost::system::error_code failure;
    const std::size_t used = parser_->put(boost::asio::buffer(in_), failure);
    in_.erase(0, used);
    body_bytes_ += used;
    if (failure && failure != http::error::need_more) return refuse(body_error(failure, limits)), true;
    // Beast limits the content alone. For a line with the extensions of a chunk, and for the fields behind
    // the last one, it waits until they are whole.
    const bool waits_in_vain = failure && in_.size() > limits.head_bytes;
    if (waits_in_vain || body_bytes_ > k_framed_times * limits.body_bytes + limits.head_bytes)
      return refuse(body_too_large(limits)), true;
    if (failure) return read_more();
  }
  handle();
  return state_ != State::handling;
}

void Connection::handle() {
  auto message = parser_->release();
  parser_.reset();
  const auto field = [&](http::field name) { return std::string(view(message[name])); };
  enter(State::handling);
  Request request;
  const auto method = find_method(view(message.method_string()));
  auto target = parse_target(view(message.target()));
  if (!target) return refuse(target.error());
  request.target = *std::move(target);
  request.host = field(http::field::host);
  request.authorization = field(http::field::authorization);
  request.content_type = field(http::field::content_type);
  request.last_event_id = std::string(view(message["Last-Event-ID"]));
  request.if_match = field(http::field::if_match);
  request.upgrade = {field(http::field::connection), field(http::field::upgrade),
                     field(http::field::sec_websocket_key), field(http::field::sec_websocket_version)};
  request.cookie = field(http::field::cookie);
  request.origin = field(http::field::origin);
  request.user_agent = field(http::field::user_agent);
  request.address = core_.client_address(address_, view(message["X-Forwarded-For"]));
  request.body = std::move(message.body());
  // Whoever answers last may be the last to know the loop, which must go after the connection.
  Responder responder([self = shared_from_this(), loop = core_.loop()](Answer answer) mutable {
    loop->post([self = std::move(self), answer = std::make_shared<Answer>(std::move(answer))] {
      self->on_answer(std::move(*answer));
    });
  });
  core_.handle(method, std::move(request), std::move(responder));
}

void Connection::on_answer(Answer answer) {
  if (state_ != State::handling) return;
  if (const auto* response = std::get_if<Response>(&answer)) {
    respond(*response);
    return advance();
  }
  const auto* stream = std::get_if<std::shared_ptr<EventStream>>(&answer);
  const auto opened = stream ? core_.open_stream(*stream, channel_)
                             : core_.open_socket(std::get<std::shared_ptr<WebSocket>>(answer), channel_, in_);
  if (opened) {
    enter(State::closed);
    return core_.remove(*this);
  }
  respond(to_response(opened.error()));
  advance();
}

void Connection::refuse(const Error& error) {
  keep_alive_ = false;
  respond(to_response(error));
}

void Connection::respond(const Response& response) {
  keep_alive_ = keep_alive_ && !finishing_;
  out_ = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nX-Content-Type-Options: nosniff\r\n", response.status,
                     view(http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status)))),
                     core_.http_date());
  if (!response.content_type.empty()) out_ += fmt::format("Content-Type: {}\r\n", response.content_type);
  if (response.status != 204) out_ += fmt::format("Content-Length: {}\r\n", response.body.size());
  for (const auto& [name, value] : response.headers) out_ += fmt::format("{}: {}\r\n", name, value);
  out_ += keep_alive_ ? "\r\n" : "Connection: close\r\n\r\n";
  if (!is_head_method_) out_ += response.body;
  written_ = 0;
  enter(State::writing);
}

bool Connection::write_more() {
  while (written_ < out_.size()) {
    const Io io = channel_.write(std::string_view(out_).substr(written_));
    if (io.state == IoState::closed) return close(), false;
    if (io.state != IoState::done) return wait_for(io.state);
    written_ += io.bytes;
    deadline_ = core_.now() + k_idle_timeout;
  }
  out_.clear();
  is_head_method_ = false;
  if (keep_alive_ && !finishing_) {
    enter(State::idle);
    return true;
  }
  channel_.finish_sending();
  if (finishing_) return close(), false;
  enter(State::draining);
  return true;
}

bool Connection::drain() {
  in_.clear();
  if (!read_more()) return false;
  drained_ += in_.size();
  if (drained_ > k_drain_bytes) close();
  return state_ == State::draining;
}

} // namespace memsync::net::server
