#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace memsync::hub {
class Hub;
}

namespace memsync::net::server {

struct ServerOptions {
  std::string listen = "127.0.0.1:8787";    // port 0: any free port
  std::string tls_certificate, tls_key;     // PEM files; empty: plain HTTP
  std::vector<std::string> allowed_hosts;   // names accepted in `Host`, without port; empty: all
  std::vector<std::string> trusted_proxies; // addresses whose X-Forwarded-For is believed
  std::string public_url;                   // in invitation links; empty: the address listened on
  // One machine must not take all descriptors; behind a trusted proxy the second counts alone.
  std::size_t connections_per_address = 4096;
  std::size_t streams_per_address = 2048;
  std::size_t streams_per_user = 1024;
};

/// The hub's HTTP server: one network thread, which is the thread that calls run().
class Server {
 public:
  /// `hub` and `clock` must outlive the server.
  Server(hub::Hub& hub, base::Clock& clock, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Opens the port: connections are accepted (by the kernel) from here on. Returns the base URL, such as
  /// "http://127.0.0.1:8787"; fails with `busy` when the port is taken and `validation` for a bad address
  /// or unusable TLS files.
  base::Result<std::string> listen();

  /// Serves until stop() or, when `stop_on_signals` was called, SIGINT or SIGTERM: stops accepting, tells
  /// every stream to come back later, finishes what is in work, and returns within 2 seconds.
  void run();

  void stop_on_signals();
  /// From any thread.
  void stop();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

} // namespace memsync::net::server
