#include "app/hub_serve_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace memsync::app {

ServeLock::ServeLock(const std::string& folder)
    : descriptor_(::open((folder + "/hub.serving").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
  held_ = descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
}

ServeLock::~ServeLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

} // namespace memsync::app
