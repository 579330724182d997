#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "hub/mail.h"

namespace memsync::hub {

/// Mail that goes out one after another on a thread of its own, so that nobody waits for a mail server.
/// Thread-safe.
class Postbox {
 public:
  using Done = std::function<void(const base::Result<>&)>;

  explicit Postbox(Mailer& mailer);
  /// Sends no more: what waits is reported as `cancelled`.
  ~Postbox();
  Postbox(const Postbox&) = delete;
  Postbox& operator=(const Postbox&) = delete;

  /// `done` is called once, on the thread of the postbox, or here with `busy` when too much waits.
  void post(Mail mail, Done done);

 private:
  struct Letter {
    Mail mail;
    Done done;
  };
  void work();

  Mailer& mailer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Letter> letters_; // guarded by mutex_
  bool is_closed_ = false;     // guarded by mutex_
  std::thread thread_;         // last: it uses the rest
};

} // namespace memsync::hub
