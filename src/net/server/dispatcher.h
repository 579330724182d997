#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hub/hub.h"
#include "net/server/long_poll.h"
#include "net/server/loop.h"
#include "net/server/responder.h"
#include "net/server/route_table.h"
#include "net/server/server.h"
#include "net/server/worker_pool.h"

namespace memsync::net::server {

/// From a parsed request to its handler: route, body rules, token, worker thread; and back: every answer
/// is counted and logged. The one place where an exception of a handler ends.
class Dispatcher {
 public:
  Dispatcher(std::shared_ptr<Loop> loop, hub::Hub& hub, const ServerOptions& options);

  /// Network thread.
  void handle(std::optional<Method> method, Request request, Responder responder);
  /// Answers the requests that are waiting for news; later ones do not wait. Network thread.
  void finish();
  /// Ends the worker threads: no handler runs afterwards.
  void end();

  // For handlers.

  /// What invitation links begin with.
  const std::string& public_url() const { return public_url_; }
  void set_public_url(std::string url) { public_url_ = std::move(url); } // before the first request
  /// Runs `task` on a worker thread; false when too much is waiting.
  bool run(Pool pool, std::function<void()> task);
  const std::shared_ptr<Loop>& loop() const { return loop_; }
  LongPolls& long_polls() { return long_polls_; }

 private:
  struct RouteMetrics {
    std::array<hub::Counter*, 6> by_class{}; // by the first digit of the status
    hub::Histogram* seconds = nullptr;
  };

  base::Result<> check(const Request& request) const;
  void start(const RouteFound& found, Request request, Responder responder);
  void work(const Route& route, Request request, const Responder& responder);
  Responder measured(const Route& route, Responder responder);

  const std::shared_ptr<Loop> loop_;
  hub::Hub& hub_;
  const ServerOptions& options_;
  std::string public_url_;
  std::vector<RouteMetrics> metrics_; // by row of routes()
  hub::Counter& refused_;
  LongPolls long_polls_;
  WorkerPool readers_, writers_; // last: their threads use the rest
};

} // namespace memsync::net::server
