#include <doctest/doctest.h>
#include <fcntl.h>

#include "tests/unit/net/fake_hub.h"

using namespace memsync;
using namespace memsync::net::client;
using namespace memsync::net::client::test;

namespace {

/// A port whose queue of unaccepted connections is full, so that connecting to it hangs.
class HangingPort {
 public:
  HangingPort() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 4; ++i) {
      const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address);
      fillers_.push_back(socket);
    }
  }
  ~HangingPort() {
    for (const int socket : fillers_) ::close(socket);
    ::close(listener_);
  }
  HangingPort(const HangingPort&) = delete;
  HangingPort& operator=(const HangingPort&) = delete;

  HubAccess access() const {
    HubAccess access;
    access.endpoint = {false, "127.0.0.1", port_, ""};
    return access;
  }

 private:
  int listener_ = -1;
  int port_ = 0;
  std::vector<int> fillers_;
};

/// Timeouts that only a test that hangs would ever reach.
Timeouts patient() {
  constexpr std::chrono::hours k_for_ever{1};
  Timeouts timeouts;
  timeouts.connect = k_for_ever;
  timeouts.read = k_for_ever;
  timeouts.hello = k_for_ever;
  return timeouts;
}

replica::ListenRequest listen_to_one() {
  return {1, replica::ListenMode::stream, {{workspace('1'), model::Cursor{}}}};
}

} // namespace

TEST_CASE("a client stops while it connects") {
  const HangingPort port;
  Inbox inbox;
  auto client = HttpHubClient::make(port.access(), inbox.sink(), patient());
  REQUIRE(client);
  (*client)->send(1, replica::MeRequest{});
  (*client)->listen(listen_to_one());
  CHECK((*client)->stop(std::chrono::seconds(60)));
  client->reset();
  CHECK(inbox.is_empty());
}

TEST_CASE("a client stops while it waits for an answer and for an event") {
  std::mutex mutex;
  std::condition_variable changed;
  int waiting = 0;
  FakeHub hub([&](Peer& peer, const Received&) {
    {
      const std::lock_guard lock(mutex);
      ++waiting;
      changed.notify_all();
    }
    peer.wait_closed();
  });
  Inbox inbox;
  auto client = HttpHubClient::make(hub.access(), inbox.sink(), patient());
  REQUIRE(client);
  (*client)->send(1, replica::MeRequest{});
  (*client)->listen(listen_to_one());
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return waiting == 2; });
  }
  CHECK((*client)->stop(std::chrono::seconds(60)));
  client->reset();
  CHECK(inbox.is_empty());
}

TEST_CASE("a client that has nothing to do stops, and what is asked afterwards is not answered") {
  FakeHub hub([](Peer& peer, const Received&) { peer.answer_json(k_me); });
  Inbox inbox;
  const auto client = HttpHubClient::make(hub.access(), inbox.sink(), patient());
  REQUIRE(client);
  CHECK((*client)->stop(std::chrono::seconds(60)));
  (*client)->send(1, replica::MeRequest{});
  CHECK(inbox.is_empty());
}
