#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "hub/hub.h"
#include "net/server/channel.h"
#include "net/server/http_message.h"
#include "net/server/worker_pool.h"
#include "wire/sse.h"

namespace memsync::net::server {

class Core;

/// A connection that has become a WebSocket of one workspace: rooms per document and node, who is in them and
/// where their cursors are, edits, and the changes of everybody in the rooms one is in.
///
/// Who comes is a person who is here, like everybody who reports it by heartbeats: at the document or node
/// whose room they joined last. And they hear who else is here, however those work.
///
/// Changes come from a stream of view=memories of its own, so that rights, order and replay are those of
/// every stream: somebody who is removed loses the socket with it, and while it cannot be opened the socket
/// is in no room. The sign-in may be renewed in-band; 60 s after it has ended the socket is closed with 1008,
/// as for every breach of the rules.
///
/// One request is answered after the other; nothing is read while one is in work or while the peer does not
/// take its answers. Beyond 256 KiB of those the socket is closed. Made on any thread, used on the network
/// thread once attached.
class WebSocket final : public hub::StreamSink,
                        public hub::RoomVisitor,
                        public std::enable_shared_from_this<WebSocket> {
 public:
  /// `visit` is who comes, when the request told; otherwise the first message must show a ticket.
  WebSocket(model::WorkspaceId workspace, const Request& request, std::optional<hub::SocketVisit> visit);
  ~WebSocket() override;

  /// Takes the connection and answers the handshake.
  void attach(Core& core, Channel channel, std::string already_read);
  /// Closes it when no ticket came in time or the sign-in has ended.
  void check_deadline(base::Timestamp now);
  /// The hub stops: says so and closes.
  void go_away();

  void on_ready() override;
  void deliver(const std::shared_ptr<const std::string>& message, std::string_view key) override;

  /// Whom limits count it by; empty when it came with a ticket.
  const model::UserId& user() const { return user_; }
  const std::string& address() const { return address_; }

 private:
  struct Stream; // Beast's, in web_socket.cpp alone
  struct Outgoing {
    std::shared_ptr<const std::string> message;
    std::string key;
  };
  struct Told { // what others are yet to be told; the newest counts
    std::map<wire::RoomName, std::string> cursors;
    std::optional<model::PresenceState> presence;
  };

  void accept();
  void read();
  void take(std::string_view text);
  void carry_out(const std::string& id, wire::SocketAuth& request);
  void carry_out(const std::string& id, wire::SocketJoin& request);
  void carry_out(const std::string& id, wire::SocketLeave& request);
  void carry_out(const std::string& id, wire::SocketSetPresence& request);
  void carry_out(const std::string& id, wire::SocketSetCursor& request);
  void carry_out(const std::string& id, wire::SocketEdit& request);
  /// Does `work` on a worker thread and hands its Answer to `done` on this one, unless the socket is gone.
  template <class Work, class Done>
  void on_worker(Pool pool, Work work, Done done);
  /// Asks `work` of the hub, hands what it answers to `then`, or a refusal to the peer, and reads on.
  template <class Work, class Then>
  void ask(Pool pool, const std::string& id, Work work, Then then);

  void welcome(const std::string& id, hub::SocketVisit visit);
  void open_feed();
  void end_feed(const wire::Problem& problem);
  void take_event(const wire::SseEvent& event);
  void tell();
  void report(base::Timestamp now);
  void go_in();
  void go_out();

  void send(std::string message);
  void refuse(const std::string& id, const wire::Problem& problem);
  void write();
  void close(std::uint16_t code, std::string_view reason);
  void finish();
  bool is_over() const { return is_closing_ || !stream_; }
  bool is_choked() const;

  const model::WorkspaceId workspace_;
  const Request::Upgrade upgrade_;
  const std::string host_, address_;
  const model::UserId user_;
  const std::string client_; // the browser or program, as it names itself
  std::optional<hub::SocketVisit> visit_;
  Core* core_ = nullptr; // once attached
  std::unique_ptr<Stream> stream_;

  wire::SocketPerson person_;
  bool is_welcome_ = false, is_closing_ = false, is_reading_ = false, waits_to_read_ = false;
  bool is_inside_ = false;   // in the hub's rooms, present for everybody
  base::Timestamp deadline_; // of the ticket, then of the sign-in with its grace
  std::unique_ptr<hub::Subscription> feed_;
  bool is_feed_opening_ = false;
  std::string cursor_; // behind the last event; empty: from now on
  std::string resync_; // to be told once a feed is open: what is fetched then misses nothing
  wire::SseParser parser_;
  std::shared_ptr<void> feed_timer_, tell_timer_;
  Told told_;
  base::Instant told_at_{};
  struct Place {
    wire::RoomName room;
    model::DocumentId document;
  };
  std::vector<Place> places_; // the rooms joined, the newest last
  model::PresenceState state_ = model::PresenceState::active;
  base::Timestamp report_at_; // when others would else think that they went
  std::deque<Outgoing> out_;  // the first is being written when is_writing_
  std::size_t out_bytes_ = 0;
  bool is_writing_ = false, has_overflowed_ = false;
};

} // namespace memsync::net::server
