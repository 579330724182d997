#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/json.h"
#include "hub/admin.h"
#include "hub/backends/local_broker.h"
#include "hub/hub.h"
#include "net/server/server.h"
#include "tests/unit/net/gated_store.h"
#include "tests/unit/temporary_folder.h"
#include "wire/sse.h"

namespace memsync::tests {

/// The machine's clocks, which a test can put forward.
class SkippingClock final : public base::Clock {
 public:
  base::Timestamp now() override { return system_.now() + skipped(); }
  base::Instant instant() override { return system_.instant() + skipped(); }
  void skip(std::chrono::seconds time) { skipped_ += time.count(); }

 private:
  std::chrono::seconds skipped() const { return std::chrono::seconds(skipped_.load()); }
  base::SystemClock system_;
  std::atomic<std::int64_t> skipped_{0};
};

struct Reply {
  int status = 0;
  std::map<std::string, std::string> headers; // names in lower case
  std::string body;

  base::Json json() const { return base::Json::parse(body, nullptr, false); }
  /// The `code` of problem details; "" when the body is none.
  std::string code() const;
};

/// A blocking connection for tests; every wait ends after 10 s with whatever came.
class TestConnection {
 public:
  explicit TestConnection(std::uint16_t port);
  ~TestConnection();
  TestConnection(const TestConnection&) = delete;
  TestConnection& operator=(const TestConnection&) = delete;

  void send(std::string_view bytes) const;
  void finish_sending() const;
  /// The next response, or nothing when the connection ends before it is complete.
  std::optional<Reply> receive();
  /// True when the peer has closed and sent nothing more.
  bool is_closed_by_peer();
  /// The next bytes as they come; empty at the end.
  std::string read_some();

 private:
  int socket_;
  std::string in_;
};

/// Reads a stream of server-sent events.
class TestStream {
 public:
  TestStream(std::uint16_t port, const std::string& path, const std::string& token,
             const std::string& more_headers = "");
  const Reply& head() const { return head_; }
  /// The next event; nothing when the stream has ended.
  std::optional<wire::SseEvent> next();
  /// Skips to the next event of that name; nothing when the stream ended before.
  std::optional<wire::SseEvent> next(std::string_view event);

 private:
  TestConnection connection_;
  Reply head_;
  wire::SseParser parser_;
  std::vector<wire::SseEvent> ready_;
};

/// A hub with its server on a free port of this machine, an owner and a team.
class LiveHub {
 public:
  struct Person {
    model::UserId user;
    std::string token;
  };

  explicit LiveHub(net::server::ServerOptions options = {}, hub::HubOptions hub_options = {});
  ~LiveHub();
  LiveHub(const LiveHub&) = delete;
  LiveHub& operator=(const LiveHub&) = delete;

  std::uint16_t port() const { return port_; }
  const std::string& url() const { return url_; }
  const Person& owner() const { return owner_; }
  const model::WorkspaceId& team() const { return team_; }
  std::string team_path(std::string_view rest = "") const;
  hub::Hub& hub() { return *hub_; }
  hub::HubStore& store() { return *store_; }
  /// What the hub's writes go through.
  GatedStore& gate() { return *gate_; }
  /// The commands an operator gives, as another process would.
  hub::Admin admin() { return {clock_, random_, *store_}; }
  SkippingClock& clock() { return clock_; }
  net::server::Server& server() { return *server_; }
  /// Waits until the server has ended after stop().
  void join();
  /// Ends the server, not the hub.
  void end_server();

  /// Somebody with an account who is no member of the team.
  Person add_stranger(const std::string& email);
  Person add_member(const std::string& email, model::Role role);

  Reply call(const std::string& method, const std::string& path, const std::string& token,
             const std::string& body = "", const std::string& more_headers = "",
             const std::string& content_type = "application/json") const;
  Reply get(const std::string& path, const std::string& token) const { return call("GET", path, token); }

  /// A push of `count` new memories from one replica of its own.
  std::string push_body(int count, const std::string& title = "a memory");
  Reply push(const Person& person, int count = 1, const std::string& title = "a memory");
  std::string cursor_at(std::uint64_t sequence) const;
  /// Two texts for a node that nobody changed yet, which then wait for a decision.
  model::ConflictId open_conflict(const Person& author, const model::WorkspaceId& workspace,
                                  const model::NodeId& node);

 private:
  TemporaryFolder folder_;
  SkippingClock clock_;
  base::SystemRandom random_;
  std::unique_ptr<hub::HubStore> store_;
  std::unique_ptr<GatedStore> gate_;
  hub::LocalBroker broker_;
  std::unique_ptr<hub::Hub> hub_;
  std::unique_ptr<net::server::Server> server_;
  Person owner_;
  model::WorkspaceId team_;
  std::string url_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

} // namespace memsync::tests
