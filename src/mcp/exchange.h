#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/tool.h"
#include "wire/jsonrpc.h"
#include "wire/mcp_protocol.h"

namespace memsync::mcp {

/// The way out: whole lines, one at a time, nothing after close(). Thread-safe.
class Outlet {
 public:
  explicit Outlet(std::function<void(std::string)> send) : send_(std::move(send)) {}

  void send(std::string line);
  void close();

 private:
  std::mutex mutex_;
  std::function<void(std::string)> send_; // guarded by mutex_; empty once closed
};

/// Tells the transport that something changed, until closed. Thread-safe.
class Waker {
 public:
  explicit Waker(std::function<void()> wake) : wake_(std::move(wake)) {}

  void wake();
  void close();

 private:
  std::mutex mutex_;
  std::function<void()> wake_; // guarded by mutex_; empty once closed
};

/// Collects the answers of one batch and sends them as one array when the last has come. Thread-safe.
class BatchReply {
 public:
  /// `open`: how many members will be closed, answered or not.
  BatchReply(Outlet& outlet, std::size_t open) : outlet_(outlet), open_(open) {}

  void answer(std::string line);
  /// A member that needs no answer: a notification, a response, a cancelled request.
  void skip();

 private:
  void close_one(std::optional<std::string> line);

  Outlet& outlet_;
  std::mutex mutex_;
  std::size_t open_;               // guarded by mutex_
  std::vector<std::string> lines_; // guarded by mutex_
};

class InFlight;

/// One request between its arrival and its only answer. Whatever happens first, an answer or a
/// cancellation, closes it; later answers, progress and log messages of it are dropped. Thread-safe.
class Exchange {
 public:
  Exchange(wire::RequestId id, std::shared_ptr<Outlet> outlet, std::shared_ptr<InFlight> in_flight,
           std::shared_ptr<BatchReply> batch)
      : id_(std::move(id)),
        outlet_(std::move(outlet)),
        in_flight_(std::move(in_flight)),
        batch_(std::move(batch)) {}

  const wire::RequestId& id() const { return id_; }

  /// False when the exchange was closed already.
  bool answer(const wire::Json& result);
  bool fail(const wire::RpcError& error);
  /// Closes without an answer and fires the stop token.
  bool cancel();
  bool is_open() const;
  std::stop_token cancelled() const { return stop_.get_token(); }

  /// Sends a line that belongs to this request, unless it is closed.
  void send(std::string line);
  /// Sends notifications/progress, unless closed or `progress` does not increase.
  void report(const wire::Json& token, const Progress& progress, wire::Revision revision);

 private:
  bool close(std::optional<std::string> line);

  const wire::RequestId id_;
  const std::shared_ptr<Outlet> outlet_;
  const std::shared_ptr<InFlight> in_flight_;
  const std::shared_ptr<BatchReply> batch_; // null: answered alone
  std::stop_source stop_;
  mutable std::mutex mutex_;  // held while sending, so that nothing follows the answer
  bool is_closed_ = false;    // guarded by mutex_
  double last_progress_ = 0;  // guarded by mutex_
  bool has_progress_ = false; // guarded by mutex_
};

/// The open exchanges by id; several may share one id. Thread-safe.
class InFlight {
 public:
  explicit InFlight(std::shared_ptr<Waker> waker) : waker_(std::move(waker)) {}

  void add(std::shared_ptr<Exchange> exchange);
  void remove(const Exchange& exchange);
  std::vector<std::shared_ptr<Exchange>> find(const wire::RequestId& id) const;
  std::vector<std::shared_ptr<Exchange>> all() const;
  std::size_t size() const;

 private:
  const std::shared_ptr<Waker> waker_;
  mutable std::mutex mutex_;
  std::multimap<wire::RequestId, std::shared_ptr<Exchange>> exchanges_; // guarded by mutex_
};

/// Counts the handlers that wait or run; a slot is held by the job itself, so that a dropped job
/// frees it too.
class RunningCount {
 public:
  explicit RunningCount(std::shared_ptr<Waker> waker) : waker_(std::move(waker)) {}

  /// Counted until the last copy of the returned pointer is gone.
  static std::shared_ptr<void> take(const std::shared_ptr<RunningCount>& count);
  std::size_t value() const { return value_.load(); }

 private:
  const std::shared_ptr<Waker> waker_;
  std::atomic<std::size_t> value_{0};
};

} // namespace memsync::mcp
