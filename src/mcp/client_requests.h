#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "mcp/exchange.h"

namespace memsync::mcp {

/// Questions to a legacy client that wait for its answer: the server's own requests, which exist
/// only in the legacy era. Thread-safe.
class ClientRequests {
 public:
  using Answered = std::function<void(InputReply)>;

  explicit ClientRequests(std::shared_ptr<Outlet> outlet) : outlet_(std::move(outlet)) {}

  /// Sends what the client can answer and calls `answered` when the last answer is there, on the
  /// thread that brings it (this one when there is nothing to ask). What it cannot answer counts as
  /// cancelled. `for_exchange`: the request on whose behalf we ask.
  void ask(const std::shared_ptr<Exchange>& for_exchange, const wire::Caller& caller,
           const InputRequired& question, Answered answered);
  /// An answer to a request of ours; others are dropped.
  void receive(const wire::RpcResponse& response);
  /// The request was cancelled: closes its questions on the client's side, calls nothing.
  void withdraw(const Exchange& for_exchange);
  /// Every open and every later question counts as cancelled: the client will not answer any more.
  void cancel_all();

 private:
  struct Round {
    const Exchange* for_exchange = nullptr;
    InputReply reply;
    std::size_t open = 0;
    Answered answered;
  };
  struct Question {
    std::shared_ptr<Round> round;
    std::string key;
  };

  const std::shared_ptr<Outlet> outlet_;
  std::mutex mutex_;
  std::uint64_t next_id_ = 1;                 // guarded by mutex_
  std::map<std::string, Question> questions_; // guarded by mutex_; by request id
  bool is_closed_ = false;                    // guarded by mutex_
};

} // namespace memsync::mcp
