#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/client/endpoint.h"
#include "net/client/proxy.h"

namespace memsync::net::client {

/// Everything needed to talk to one hub as one person.
struct HubAccess {
  Endpoint endpoint;
  std::string token;   // sent only as the Authorization header; empty: none is sent
  std::string ca_path; // file with the certificates of a private authority; empty: the system's
  ProxySettings proxies;
  std::string user_agent = "memsync";
};

/// How long to wait for what.
struct Timeouts {
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds read{40'000}; // without a byte; the hub's heartbeat comes every 15 s
  std::chrono::milliseconds hello{5'000}; // from the start of a stream to its first event
  std::chrono::seconds poll{25};          // that the hub may hold a long poll open
  /// While polling: until a stream is tried beside the polls. Each failure doubles it, up to the second.
  std::chrono::milliseconds first_probe{10'000}, longest_probe{160'000};
};

/// Fails with `validation` when something that goes into a header holds CR, LF, NUL or another control
/// character.
base::Result<> check_access(const HubAccess& access);

/// Ends a blocking exchange from another thread, in whatever phase it is. The library's own stop() waits
/// for a mutex that is held through connecting, so this keeps a duplicate of the socket and shuts that
/// down. Only name resolution cannot be cut short.
class Interrupter {
 public:
  Interrupter() = default;
  Interrupter(const Interrupter&) = delete;
  Interrupter& operator=(const Interrupter&) = delete;
  ~Interrupter();

  /// Sticky: what is under way ends within a millisecond, what starts later fails at once. Any thread.
  void interrupt();
  bool is_interrupted() const;

  /// A socket is about to connect; replaces the last one.
  void watch(int socket);

 private:
  mutable std::mutex mutex_;
  int duplicate_ = -1;          // guarded by mutex_
  bool is_interrupted_ = false; // guarded by mutex_
};

/// The head of an answer.
struct AnswerHead {
  int status = 0;
  std::string content_type; // lower case, without parameters
  std::string location;
  std::optional<std::int64_t> retry_after_s;
  std::optional<base::Timestamp> hub_time; // of the Date header
};
struct Answer {
  AnswerHead head;
  std::string body;
};

/// Why there is no answer.
struct NoAnswer {
  bool is_connected = false; // false: the hub could not be reached at all
  std::string reason;        // for people
};

/// One HTTP connection to the hub, kept alive between requests; used by one thread at a time. Follows
/// no redirect (the token would go along), verifies certificates.
class Connection {
 public:
  /// `interrupter` must outlive the Connection; `access` must have passed check_access.
  Connection(const HubAccess& access, const Timeouts& timeouts, Interrupter& interrupter);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The answer, whatever its status, with at most 32 MiB of body. `path` begins with "/api/" and is escaped
  /// already. A kept-alive connection that turns out to be dead is replaced once.
  base::Expected<Answer, NoAnswer> get(const std::string& path);
  base::Expected<Answer, NoAnswer> post(const std::string& path, const std::string& json);
  /// Another method; an empty `json` sends no body.
  base::Expected<Answer, NoAnswer> send(const std::string& method, const std::string& path,
                                        const std::string& json);

  /// GET whose body is given to `body` as it arrives, after `head` has seen the status. Returns when the
  /// body ends, one of them returns false, or the connection fails.
  base::Expected<AnswerHead, NoAnswer> stream(const std::string& path,
                                              const std::function<bool(const AnswerHead&)>& head,
                                              const std::function<bool(std::string_view)>& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace memsync::net::client
