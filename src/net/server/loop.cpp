#include "net/server/loop.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace memsync::net::server {

void Loop::post(std::function<void()> task) { boost::asio::post(io_, std::move(task)); }

std::shared_ptr<void> Loop::run_after(std::chrono::milliseconds delay, std::function<void()> task) {
  auto timer = std::make_shared<boost::asio::steady_timer>(io_, delay);
  timer->async_wait([task = std::move(task)](const boost::system::error_code& failure) {
    if (!failure) task();
  });
  return timer;
}

} // namespace memsync::net::server
