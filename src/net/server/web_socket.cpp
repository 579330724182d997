#include "net/server/web_socket.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket.hpp>

#include "base/log.h"
#include "base/utf8.h"
#include "net/server/browser.h"
#include "net/server/channel_stream.h"
#include "net/server/core.h"
#include "net/server/item_json.h"

namespace memsync::net::server {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using base::Error;
using base::ErrorCode;
using base::Json;
using model::NodeId;
using wire::RoomName;
using namespace std::chrono_literals;

namespace {

constexpr auto k_ticket_limit = 10s;
constexpr auto k_renewal_limit = 60s; // after the sign-in has ended
constexpr auto k_idle = 40s;          // Beast pings after half of it: every 20 s
constexpr auto k_feed_again = 5s;
constexpr std::size_t k_piece_bytes = std::size_t{64} << 10;
constexpr std::size_t k_choked_bytes = std::size_t{64} << 10; // of answers that wait: nothing more is read
constexpr std::size_t k_most_bytes = std::size_t{256} << 10;
constexpr std::size_t k_reason_bytes = 120; // a close frame has room for 123

std::atomic<std::uint64_t> last_socket{0};

wire::Problem problem_of(const Error& error) { return hub::Answer<>(error).error(); }

Error outside() {
  return {ErrorCode::busy, "the hub cannot let you into rooms now: try again in a few seconds"};
}

http::request<http::empty_body> upgrade_request(const Request::Upgrade& upgrade, const std::string& host) {
  http::request<http::empty_body> request{http::verb::get, "/", 11};
  request.set(http::field::host, host);
  request.set(http::field::connection, upgrade.connection);
  request.set(http::field::upgrade, upgrade.protocol);
  request.set(http::field::sec_websocket_key, upgrade.socket_key);
  request.set(http::field::sec_websocket_version, upgrade.socket_version);
  return request;
}

/// The room's document, if its node is there to be looked at and is what the room says.
hub::Answer<model::DocumentId> check_room(hub::Hub& hub, const hub::Principal& principal,
                                          const model::WorkspaceId& workspace, const RoomName& room) {
  TRY_ASSIGN(const auto view, hub.node(principal, workspace, room.id));
  if (room.kind == wire::RoomKind::document && !view.node.is_document_root())
    return Error{ErrorCode::not_found, "this node is no document: join its room as node:ID"};
  return view.document;
}

} // namespace

struct WebSocket::Stream {
  explicit Stream(ChannelStream channel) : socket(std::move(channel)) {}

  websocket::stream<ChannelStream, false> socket; // false: no permessage-deflate
  boost::beast::flat_buffer in;
};

WebSocket::WebSocket(model::WorkspaceId workspace, const Request& request,
                     std::optional<hub::SocketVisit> visit)
    : workspace_(workspace),
      upgrade_(request.upgrade),
      host_(request.host),
      address_(request.address),
      user_(visit ? visit->principal.user : model::UserId{}),
      client_(browser_name(request)),
      visit_(std::move(visit)) {}

WebSocket::~WebSocket() = default;

void WebSocket::attach(Core& core, Channel channel, std::string already_read) {
  core_ = &core;
  person_.socket = ++last_socket;
  deadline_ = core.hub().clock().now() + k_ticket_limit;
  stream_ =
      std::make_unique<Stream>(ChannelStream(core.loop()->io(), std::move(channel), std::move(already_read)));
  auto& socket = stream_->socket;
  websocket::stream_base::timeout limits{};
  limits.handshake_timeout = k_ticket_limit;
  limits.idle_timeout = k_idle;
  limits.keep_alive_pings = true;
  socket.set_option(limits);
  socket.read_message_max(wire::k_socket_message_bytes);
  socket.text(true);
  accept();
}

void WebSocket::accept() {
  stream_->socket.async_accept(upgrade_request(upgrade_, host_),
                               [self = shared_from_this()](const boost::system::error_code& failure) {
                                 if (failure) return self->finish();
                                 if (self->is_over()) return;
                                 if (self->visit_)
                                   self->welcome("", *std::exchange(self->visit_, std::nullopt));
                                 self->read();
                               });
}

void WebSocket::check_deadline(base::Timestamp now) {
  if (is_over()) return;
  if (is_inside_ && now >= report_at_) report(now);
  if (now < deadline_) return;
  close(websocket::close_code::policy_error,
        is_welcome_ ? "the sign-in has ended: connect again" : "no ticket came: send auth first");
}

void WebSocket::go_away() { close(websocket::close_code::service_restart, "the hub stops: connect again"); }

// --- requests

bool WebSocket::is_choked() const { return out_bytes_ > k_choked_bytes; }

void WebSocket::read() {
  if (is_over() || is_reading_) return;
  if ((waits_to_read_ = is_choked())) return; // write() goes on
  is_reading_ = true;
  stream_->socket.async_read(
      stream_->in, [self = shared_from_this()](const boost::system::error_code& failure, std::size_t) {
        self->is_reading_ = false;
        if (failure) return self->finish();
        if (self->is_over()) return;
        const auto bytes = self->stream_->in.cdata();
        const std::string text(static_cast<const char*>(bytes.data()), bytes.size());
        self->stream_->in.clear();
        if (!self->stream_->socket.got_text())
          return self->close(websocket::close_code::unknown_data, "messages are JSON texts");
        self->take(text);
      });
}

/// Reads on when it is done with the message, except where ask() does.
void WebSocket::take(std::string_view text) {
  const auto json = base::parse_json(text);
  if (!json) {
    refuse("", problem_of(json.error()));
    return read();
  }
  std::string id;
  auto request = wire::decode_socket_request(*json, id);
  if (!request) {
    refuse(id, problem_of(request.error()));
    return read();
  }
  if (!is_welcome_ && !std::holds_alternative<wire::SocketAuth>(request->content))
    return close(websocket::close_code::policy_error, "the first message must be auth with a ticket");
  const bool is_counted = is_welcome_ && !std::holds_alternative<wire::SocketSetCursor>(request->content) &&
                          !std::holds_alternative<wire::SocketSetPresence>(request->content);
  if (is_counted)
    if (const auto counted = core_->hub().count_socket_message(visit_->principal); !counted) {
      refuse(id, counted.error());
      return read();
    }
  std::visit([&](auto& content) { carry_out(id, content); }, request->content);
}

template <class Work, class Done>
void WebSocket::on_worker(Pool pool, Work work, Done done) {
  using Asked = std::invoke_result_t<Work>;
  const auto on_network = [self = shared_from_this(), done](Asked& answer) {
    if (!self->is_over()) done(answer);
  };
  const bool is_taken = core_->run(pool, [loop = core_->loop(), work, on_network] {
    auto answer = std::make_shared<Asked>(Error{ErrorCode::internal, "the hub could not do this"});
    try {
      *answer = work();
    } catch (const std::exception& defect) {
      base::log(base::LogLevel::error, "a request of a WebSocket failed: {}", defect.what());
    }
    loop->post([on_network, answer] { on_network(*answer); });
  });
  if (is_taken) return;
  Asked answer(Error{ErrorCode::busy, "the hub is busy: try again in a second"});
  on_network(answer);
}

template <class Work, class Then>
void WebSocket::ask(Pool pool, const std::string& id, Work work, Then then) {
  on_worker(pool, work, [this, id, then](auto& answer) {
    if (!answer) {
      refuse(id, answer.error());
    } else if constexpr (std::is_invocable_v<Then>) {
      then();
    } else {
      then(*std::move(answer));
    }
    read();
  });
}

void WebSocket::carry_out(const std::string& id, wire::SocketAuth& request) {
  ask(
      Pool::readers, id,
      [&hub = core_->hub(), ticket = request.ticket, workspace = workspace_] {
        return hub.open_socket(ticket, workspace);
      },
      [this, id](hub::SocketVisit visit) { welcome(id, std::move(visit)); });
}

void WebSocket::carry_out(const std::string& id, wire::SocketJoin& request) {
  ask(
      Pool::readers, id,
      [&hub = core_->hub(), principal = visit_->principal, workspace = workspace_, room = request.room] {
        return check_room(hub, principal, workspace, room);
      },
      [this, id, room = request.room](const model::DocumentId& document) {
        if (!is_inside_) return refuse(id, problem_of(outside()));
        if (const auto members = core_->hub().rooms().join(*this, room)) {
          std::erase_if(places_, [&](const Place& place) { return place.room == room; });
          places_.push_back({room, document});
          report(core_->hub().clock().now());
          return send(wire::encode_joined(id, room, *members));
        }
        refuse(id,
               problem_of({ErrorCode::too_large, fmt::format("a socket may be in {} rooms: leave one first",
                                                             hub::Rooms::k_rooms_of_visitor)}));
      });
}

void WebSocket::carry_out(const std::string& id, wire::SocketLeave& request) {
  told_.cursors.erase(request.room);
  if (is_inside_) core_->hub().rooms().leave(*this, request.room);
  if (std::erase_if(places_, [&](const Place& place) { return place.room == request.room; }) > 0) {
    if (is_inside_) report(core_->hub().clock().now());
    send(wire::encode_left(id, request.room, person_));
  } else {
    refuse(id, problem_of({ErrorCode::not_found, "you are not in this room"}));
  }
  read();
}

void WebSocket::carry_out(const std::string&, wire::SocketSetPresence& request) {
  told_.presence = request.presence;
  tell();
  read();
}

void WebSocket::carry_out(const std::string& id, wire::SocketSetCursor& request) {
  if (core_->hub().rooms().is_in(*this, request.room)) {
    told_.cursors[request.room] = std::move(request.cursor);
    tell();
  } else {
    refuse(id,
           problem_of(is_inside_ ? Error{ErrorCode::not_found, "join the room before you show a cursor in it"}
                                 : outside()));
  }
  read();
}

void WebSocket::carry_out(const std::string& id, wire::SocketEdit& request) {
  ask(
      Pool::writers, id,
      [&hub = core_->hub(), principal = visit_->principal, workspace = workspace_,
       edit = request]() -> hub::Answer<hub::NodeView> {
        TRY_ASSIGN(const auto changes, read_node_edit(edit.changes));
        return hub.edit_node(principal, workspace, edit.node, edit.seen, changes);
      },
      [this, id](const hub::NodeView& view) { send(wire::encode_edited(id, to_json(view))); });
}

// --- who it is, and what they see

void WebSocket::welcome(const std::string& id, hub::SocketVisit visit) {
  if (is_welcome_ && visit.principal.user != person_.user)
    return close(websocket::close_code::policy_error, "this ticket is somebody else's");
  const bool is_first = !std::exchange(is_welcome_, true);
  visit_ = std::move(visit);
  const auto expires_at = visit_->principal.expires_at;
  deadline_ = expires_at ? *expires_at + k_renewal_limit : base::Timestamp::max();
  if (is_first) {
    person_.user = visit_->principal.user;
    person_.name = visit_->name;
    go_in();
  }
  send(wire::encode_welcome(id, person_, workspace_, expires_at));
  if (!feed_) open_feed();
}

// Opened past the limit of streams: it is a part of the socket, whose openings are counted, and without it
// nobody would notice that this person was removed.
void WebSocket::open_feed() {
  if (is_over() || std::exchange(is_feed_opening_, true)) return;
  hub::StreamRequest request;
  request.workspaces = {workspace_};
  request.tells_presence = true;
  if (const auto cursor = model::Cursor::parse(cursor_)) request.after = {*cursor};
  on_worker(
      Pool::readers,
      [self = shared_from_this(), &hub = core_->hub(), principal = visit_->principal, request] {
        return hub.streams().open(principal, request, *self);
      },
      [this](hub::Answer<std::unique_ptr<hub::Subscription>>& opened) {
        is_feed_opening_ = false;
        if (!opened) return end_feed(opened.error());
        feed_ = *std::move(opened);
        parser_ = {};
        go_in();
        if (!resync_.empty()) send(std::exchange(resync_, ""));
        on_ready();
      });
}

void WebSocket::end_feed(const wire::Problem& problem) {
  go_out(); // until the next one is open
  switch (problem.code) {
    case ErrorCode::unauthenticated: {
      // Ended by itself: a renewal opens it again, or the deadline closes the socket. Otherwise it was
      // revoked.
      const auto expires_at = visit_->principal.expires_at;
      if (expires_at && core_->hub().clock().now() >= *expires_at) return;
      return close(websocket::close_code::policy_error, problem.detail);
    }
    case ErrorCode::rate_limited:
    case ErrorCode::busy:
      feed_timer_ = core_->loop()->run_after(k_feed_again, [this, alive = weak_from_this()] {
        if (const auto self = alive.lock()) open_feed();
      });
      return;
    default: close(websocket::close_code::policy_error, problem.detail);
  }
}

void WebSocket::on_ready() {
  while (feed_ && !is_over() && !is_choked()) {
    if (feed_->has_stalled()) return finish();
    const auto pieces = feed_->take(k_piece_bytes);
    if (pieces.empty()) {
      if (!feed_->is_over()) return;
      feed_.reset(); // its time is over, not the socket's
      return open_feed();
    }
    for (const hub::StreamPiece& piece : pieces)
      for (const wire::SseEvent& event : parser_.feed(piece.view())) take_event(event);
    if (resync_.empty()) continue;
    feed_.reset(); // the next one goes on from the head
    return open_feed();
  }
}

void WebSocket::take_event(const wire::SseEvent& event) {
  if (is_over() || !resync_.empty()) return; // this feed is done with
  if (!event.id.empty()) cursor_ = event.id;
  auto json = base::parse_json(event.data);
  if (!json) return;
  const std::string type = json->value("type", "");
  if (type == "revoked")
    return close(websocket::close_code::policy_error, "you are no member of this workspace any more");
  if (type == "present") return deliver(std::make_shared<const std::string>(event.data), type);
  if (type == "resync") {
    cursor_.clear();
    resync_ = base::dump_json(*json);
    return;
  }
  if (!type.starts_with("memory_")) return;
  const Json& about = json->contains("memory") ? (*json)["memory"] : *json;
  const auto node = NodeId::parse(about.value(type == "memory_deleted" ? "memory_id" : "id", ""));
  const auto document = NodeId::parse(about.value("document_id", ""));
  std::vector<RoomName> rooms;
  if (document) rooms.push_back({wire::RoomKind::document, *document});
  if (node) rooms.push_back({wire::RoomKind::node, *node});
  std::erase_if(rooms, [&](const RoomName& room) { return !core_->hub().rooms().is_in(*this, room); });
  if (!rooms.empty()) send(wire::encode_change(*std::move(json), rooms));
}

// --- answers

void WebSocket::refuse(const std::string& id, const wire::Problem& problem) {
  send(wire::encode_socket_problem(id, problem));
  if (!is_welcome_) close(websocket::close_code::policy_error, problem.detail);
}

void WebSocket::send(std::string message) {
  deliver(std::make_shared<const std::string>(std::move(message)), "");
}

void WebSocket::deliver(const std::shared_ptr<const std::string>& message, std::string_view key) {
  if (is_over() || has_overflowed_) return;
  if (!key.empty()) {
    const auto first_waiting = out_.begin() + (is_writing_ ? 1 : 0);
    const auto same =
        std::find_if(first_waiting, out_.end(), [&](const Outgoing& each) { return each.key == key; });
    if (same != out_.end()) {
      out_bytes_ += message->size() - same->message->size();
      same->message = message;
      return;
    }
  }
  out_bytes_ += message->size();
  if (out_bytes_ > k_most_bytes) {
    // Not from here: whoever delivers goes through the visitors of a room.
    has_overflowed_ = true;
    return core_->loop()->post([self = shared_from_this()] { self->finish(); });
  }
  out_.push_back({message, std::string(key)});
  write();
}

void WebSocket::write() {
  if (is_writing_ || out_.empty() || is_over()) return;
  is_writing_ = true;
  stream_->socket.async_write(
      boost::asio::buffer(*out_.front().message),
      [self = shared_from_this()](const boost::system::error_code& failure, std::size_t) {
        self->is_writing_ = false;
        if (failure) return self->finish();
        self->out_bytes_ -= self->out_.front().message->size();
        self->out_.pop_front();
        self->write();
        if (self->is_choked()) return;
        self->on_ready();
        if (self->waits_to_read_) self->read();
      });
}

// --- the end

/// What is being written still goes out.
void WebSocket::close(std::uint16_t code, std::string_view reason) {
  if (is_over()) return;
  is_closing_ = true;
  go_out();
  is_welcome_ = false;
  feed_.reset();
  const auto say_why = [self = shared_from_this(), code,
                        text = std::string(base::truncate_utf8(reason, k_reason_bytes))] {
    if (!self->stream_) return;
    self->stream_->socket.async_close(websocket::close_reason(static_cast<websocket::close_code>(code), text),
                                      [self](const boost::system::error_code&) { self->finish(); });
  };
  core_->loop()->post(say_why);
}

void WebSocket::finish() {
  if (!stream_) return;
  is_closing_ = true;
  go_out();
  is_welcome_ = false;
  feed_.reset();
  out_.clear();
  stream_->socket.next_layer().channel().close();
  // Beast's operations that are still under way end now and must find their stream.
  core_->loop()->post([self = shared_from_this()] {
    if (!self->stream_) return;
    self->stream_.reset();
    self->core_->remove(*self);
  });
}

} // namespace memsync::net::server
