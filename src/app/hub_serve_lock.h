#pragma once

#include <string>

namespace memsync::app {

/// One hub per data folder: two would share the store correctly, but their streams would see each other's
/// changes only by polling, and somebody who starts a second one does not mean to. A restore holds it, too:
/// it must not replace a store that is served.
class ServeLock {
 public:
  explicit ServeLock(const std::string& folder);
  ~ServeLock();
  ServeLock(const ServeLock&) = delete;
  ServeLock& operator=(const ServeLock&) = delete;
  bool is_held() const { return held_; }

 private:
  int descriptor_;
  bool held_ = false;
};

} // namespace memsync::app
