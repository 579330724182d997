#include "app/client_leadership.h"

#include "base/log.h"

namespace memsync::app {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

/// Raises the store's generation and returns the new one; `stale` when it is no longer `expected`.
Result<std::int64_t> raise_generation(replica::Replica& replica, std::optional<std::int64_t> expected) {
  return replica.database().write([&](storage::WriteTxn& txn) -> Result<std::int64_t> {
    std::int64_t generation = 0;
    {
      storage::Statement row = txn.prepare("SELECT generation FROM store");
      if (row.step()) generation = row.column_int64(0);
    }
    if (expected && generation != *expected)
      return Error{ErrorCode::stale, "another process was faster to take over"};
    txn.run("UPDATE store SET generation = ?1", generation + 1);
    return generation + 1;
  });
}

} // namespace

Result<std::unique_ptr<Leadership>> Leadership::open(replica::Replica& replica) {
  TRY_ASSIGN(auto lock, storage::FileLock::open(replica.folder() + "/leader.lock"));
  TRY_ASSIGN(auto board, BulletinBoard::open(replica.folder() + "/leader"));
  return std::unique_ptr<Leadership>(new Leadership(replica, std::move(lock), std::move(board)));
}

Leadership::~Leadership() { resign(); }

Result<bool> Leadership::update() {
  if (const Result<> done = is_leading() ? keep() : seek(); !done) {
    generation_.reset();
    guard_.reset();
    if (done.error().code == ErrorCode::stale) return false;
    return done.error();
  }
  return is_leading();
}

Result<> Leadership::keep() {
  const auto posted = board_.read();
  if (posted && posted->generation > *generation_)
    return Error{ErrorCode::stale, "superseded while this process was stopped"};
  if (!guard_) { // took over from a stopped process; it may be gone by now
    TRY_ASSIGN(guard_, lock_->try_lock());
  }
  post(last_);
  return {};
}

Result<> Leadership::seek() {
  TRY_ASSIGN(guard_, lock_->try_lock());
  const auto posted = board_.read();
  if (guard_) {
    // The lock is free, so its holder is gone, unless the leader is one that leads without it.
    if (posted && !posted->holds_lock && !is_stale(*posted)) return guard_.reset(), Result<>();
    TRY_ASSIGN(generation_, raise_generation(replica_, std::nullopt));
  } else {
    if (!posted || !is_stale(*posted)) return {};
    base::log(base::LogLevel::warning, "the process that syncs has stopped: taking over");
    TRY_ASSIGN(generation_, raise_generation(replica_, posted->generation));
  }
  last_ = {};
  last_.connection = replica::Connecting{};
  if (posted) last_.answered = posted->answered;
  post(last_);
  return {};
}

void Leadership::post(Bulletin bulletin) {
  if (!is_leading()) return;
  last_ = std::move(bulletin);
  last_.generation = *generation_;
  last_.beat = now();
  last_.holds_lock = guard_.has_value();
  board_.post(last_);
}

void Leadership::resign() {
  if (is_leading()) {
    // A leader without the lock could not be told from a living one otherwise.
    last_.beat = std::chrono::milliseconds(0);
    const auto posted = board_.read();
    if (posted && posted->generation == *generation_) board_.post(last_);
  }
  generation_.reset();
  guard_.reset();
}

// A beat from the future is one of an earlier boot.
bool Leadership::is_stale(const Bulletin& bulletin) const {
  const auto age = now() - bulletin.beat;
  return age > k_stale || age < -k_stale;
}

std::chrono::milliseconds Leadership::now() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(replica_.clock().instant().time_since_epoch());
}

} // namespace memsync::app
