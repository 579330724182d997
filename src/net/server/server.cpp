#include "net/server/server.h"

#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "base/log.h"
#include "net/server/core.h"
#include "net/server/dispatcher.h"

namespace memsync::net::server {

class Server::Implementation {
 public:
  Implementation(hub::Hub& hub, base::Clock& clock, ServerOptions options)
      : options_(std::move(options)),
        loop_(std::make_shared<Loop>()),
        core_(loop_, dispatcher_, hub, clock, options_),
        dispatcher_(loop_, hub, options_),
        signals_(loop_->io()) {}

  // Answers of handlers refer to the dispatcher and to connections: they are dealt with while both exist.
  ~Implementation() {
    dispatcher_.end();
    loop_->run_rest();
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  base::Result<std::string> listen() {
    TRY_ASSIGN(auto url, core_.listen());
    if (options_.public_url.empty()) dispatcher_.set_public_url(url);
    return url;
  }

  void run() {
    core_.start([this] { loop_->end(); });
    loop_->run();
  }

  void stop() {
    loop_->post([this] { core_.finish(); });
  }

  void stop_on_signals() {
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    signals_.async_wait([this](const boost::system::error_code& failure, int) {
      if (!failure) core_.finish();
    });
  }

 private:
  const ServerOptions options_;
  const std::shared_ptr<Loop> loop_;
  Core core_;
  Dispatcher dispatcher_;
  boost::asio::signal_set signals_;
};

Server::Server(hub::Hub& hub, base::Clock& clock, ServerOptions options)
    : implementation_(std::make_unique<Implementation>(hub, clock, std::move(options))) {}
Server::~Server() = default;

base::Result<std::string> Server::listen() { return implementation_->listen(); }
void Server::run() { implementation_->run(); }
void Server::stop_on_signals() { implementation_->stop_on_signals(); }
void Server::stop() { implementation_->stop(); }

} // namespace memsync::net::server
