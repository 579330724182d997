#include "hub/postbox.h"

namespace memsync::hub {

namespace {
constexpr std::size_t k_most_mails = 1000;
} // namespace

Postbox::Postbox(Mailer& mailer) : mailer_(mailer), thread_([this] { work(); }) {}

Postbox::~Postbox() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  changed_.notify_all();
  mailer_.stop();
  thread_.join();
  for (const Letter& letter : letters_)
    letter.done(base::Error{base::ErrorCode::cancelled, "the hub stopped before the mail was sent"});
}

void Postbox::post(Mail mail, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (letters_.size() < k_most_mails) {
      letters_.push_back({std::move(mail), std::move(done)});
      changed_.notify_all();
      return;
    }
  }
  done(base::Error{base::ErrorCode::busy, "too many mails wait to be sent"});
}

void Postbox::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_closed_ || !letters_.empty(); });
    if (is_closed_) return;
    const Letter letter = std::move(letters_.front());
    letters_.pop_front();
    lock.unlock();
    letter.done(mailer_.send(letter.mail));
    lock.lock();
  }
}

} // namespace memsync::hub
