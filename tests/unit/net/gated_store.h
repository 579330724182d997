#pragma once

#include <condition_variable>
#include <mutex>

#include "hub/store.h"

namespace memsync::tests {

/// A store whose writes wait while its gate is closed, as those of a slow disk do.
class GatedStore final : public hub::HubStore {
 public:
  explicit GatedStore(hub::HubStore& store) : store_(store) {}

  void close() { set(true); }
  void open() { set(false); }
  /// Waits until a write waits at the closed gate.
  void wait_for_write() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ > 0; });
  }

  base::Result<> run_read(const std::function<void(hub::StoreReader&)>& body) override {
    return store_.run_read(body);
  }
  base::Result<> run_write(const std::function<bool(hub::StoreTxn&)>& body) override {
    {
      std::unique_lock lock(mutex_);
      ++waiting_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return !is_closed_; });
      --waiting_;
    }
    return store_.run_write(body);
  }
  base::Result<> tidy() override { return store_.tidy(); }
  base::Result<> settle() override { return store_.settle(); }
  base::Result<> backup(const std::string& path) override { return store_.backup(path); }
  base::Result<hub::CheckReport> check() override { return store_.check(); }

 private:
  void set(bool is_closed) {
    const std::lock_guard lock(mutex_);
    is_closed_ = is_closed;
    changed_.notify_all();
  }

  hub::HubStore& store_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_closed_ = false; // guarded by mutex_
  int waiting_ = 0;        // guarded by mutex_
};

} // namespace memsync::tests
