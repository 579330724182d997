#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <thread>
#include <vector>

#include "net/client/http_hub_client.h"

namespace memsync::net::client {

/// One attempt to listen; never restarted. A stream is one thread; long polls are one thread per workspace,
/// since the hub holds each of them open, and one that now and then tries whether a stream gets through.
class Listener {
 public:
  Listener(const HubAccess& access, const Timeouts& timeouts, replica::ListenRequest request,
           const MessageSink& sink);
  /// Waits for the threads; cancel first.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Reports nothing from now on, apart from what is being handed over at this moment, and ends the threads
  /// soon. Never blocks.
  void cancel();
  /// True when all threads have ended, so that destroying does not wait.
  bool is_finished() const { return running_.load() == 0; }

 private:
  struct Ending {
    replica::ListenEnded::Reason reason = replica::ListenEnded::Reason::closed;
    wire::Problem problem;
    std::optional<std::chrono::milliseconds> retry;
  };
  enum class Purpose { follow, probe }; // a probe reports nothing and ends when the hub greets
  struct Heard;
  Ending read_stream(std::size_t position, Purpose purpose);
  Ending judge(const Heard& heard, const base::Expected<AnswerHead, NoAnswer>& result) const;
  Ending poll(std::size_t position);
  Ending probe(std::size_t position);
  bool sleep(std::size_t position, std::chrono::milliseconds time);
  void interrupt_all();
  void run(std::size_t position);
  void report(replica::EngineMessage message);
  Interrupter& interrupter_of(std::size_t position) { return *interrupters_[position]; }

  const HubAccess& access_;
  const Timeouts& timeouts_;
  const replica::ListenRequest request_;
  const MessageSink& sink_;
  std::atomic<bool> is_cancelled_{false};
  std::mutex report_mutex_;
  bool has_ended_ = false; // guarded by report_mutex_: the one ListenEnded was reported
  std::atomic<std::size_t> running_{0};
  std::mutex sleep_mutex_;
  std::condition_variable awake_;
  bool is_over_ = false; // guarded by sleep_mutex_: cancelled, or one of the threads has ended
  /// One per thread. Replaced by its own thread only, under sleep_mutex_, under which others use it.
  std::vector<std::unique_ptr<Interrupter>> interrupters_;
  std::vector<std::thread> threads_;
};

} // namespace memsync::net::client
