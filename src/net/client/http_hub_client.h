#pragma once

#include <functional>
#include <memory>

#include "net/client/connection.h"
#include "replica/engine.h"

namespace memsync::net::client {

/// Takes what the network reports: HubAnswer, ListenEvent, ListenPolled or ListenEnded. Called from the
/// network threads; may block, which slows the hub's stream down, not this program.
using MessageSink = std::function<void(replica::EngineMessage)>;

/// The hub over HTTP: one thread carries out requests in order over one kept-alive connection, another one
/// listens, over a new connection per attempt.
class HttpHubClient final : public replica::HubClient {
 public:
  /// Fails with `validation` when the access cannot be used (see check_access, find_proxy).
  static base::Result<std::unique_ptr<HttpHubClient>> make(HubAccess access, MessageSink sink,
                                                           Timeouts timeouts = {});
  /// As stop(), without limit: waits for all threads.
  ~HttpHubClient() override;

  void send(std::uint64_t request, replica::HubRequest content) override;
  void listen(replica::ListenRequest request) override;
  void stop_listening() override;

  /// Ends everything under way and reports nothing more. True when all threads have ended; false when one
  /// still hangs in name resolution after `limit`: the process should exit without destroying this object.
  bool stop(std::chrono::milliseconds limit);

 private:
  class Core;
  explicit HttpHubClient(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

} // namespace memsync::net::client
