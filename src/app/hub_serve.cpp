#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "app/hub_limits.h"
#include "app/hub_mail.h"
#include "app/hub_program.h"
#include "app/hub_serve_lock.h"
#include "hub/backends/local_broker.h"
#include "hub/backends/sqlite_store.h"
#include "hub/hub.h"
#include "net/server/server.h"

namespace memsync::app {

namespace {

struct ServeOptions {
  net::server::ServerOptions server;
  std::string ready_file;
  MailOptions mail;
  std::vector<std::string> limits;
};

/// The file that says where the hub is, as long as it serves.
class ReadyFile {
 public:
  explicit ReadyFile(std::string path) : path_(std::move(path)) { remove(); }
  ~ReadyFile() { remove(); }
  ReadyFile(const ReadyFile&) = delete;
  ReadyFile& operator=(const ReadyFile&) = delete;
  base::Result<> write(const std::string& url) const {
    return path_.empty() ? base::Result<>() : write_whole_file(path_, url);
  }

 private:
  void remove() const {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }
  std::string path_;
};

void announce(HubProgram& program, const std::string& url) {
  if (program.wants_json())
    std::cout << base::dump_json({{"url", url}}) << std::endl;
  else
    std::cout << fmt::format("memsync-hub serves {}\n{}", url,
                             render_pairs({{"data", program.data_folder()}, {"stop", "Ctrl-C or SIGTERM"}}))
              << std::flush;
}

hub::Answer<Output> serve(HubProgram& program, const ServeOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  TRY_ASSIGN(const auto mailer, make_mailer(options.mail, program.clock(), program.random()));
  hub::HubOptions hub_options;
  hub_options.mailer = mailer.get();
  TRY(set_limits(options.limits, hub_options));
  TRY(program.check_hub());
  // Before the store is opened: a restore that holds the lock is about to put another file in its place.
  const ServeLock lock(program.data_folder());
  if (!lock.is_held())
    return base::Error{base::ErrorCode::busy,
                       fmt::format("another memsync-hub serves {}: stop it first, or use another --data",
                                   program.data_folder())};
  TRY_ASSIGN(const auto store, program.open_store());
  const ReadyFile ready(options.ready_file);
  hub::LocalBroker broker;
  TRY_ASSIGN(const auto hub,
             hub::Hub::open(program.clock(), program.random(), *store, broker, std::move(hub_options)));
  net::server::Server server(*hub, program.clock(), options.server);
  server.stop_on_signals();
  TRY_ASSIGN(const auto url, server.listen());
  TRY(program.note_public_url(options.server.public_url.empty() ? url : options.server.public_url));
  TRY(ready.write(url));
  announce(program, url);
  server.run();
  return Output{};
}

} // namespace

void add_serve_command(HubProgram& program, CLI::App& app) {
  const auto options = std::make_shared<ServeOptions>();
  CLI::App& command = program.add_command(app, "serve", "Serve the hub until it is stopped",
                                          [&program, options] { return serve(program, *options); });
  net::server::ServerOptions& server = options->server;
  command.add_option("--listen", server.listen, "HOST:PORT; port 0 is any free port")
      ->envname("MEMSYNC_HUB_LISTEN")
      ->capture_default_str();
  command
      .add_option("--ready-file", options->ready_file,
                  "Written with the base URL once the hub accepts connections")
      ->envname("MEMSYNC_HUB_READY_FILE");
  command.add_option("--public-url", server.public_url, "How people reach the hub; begins invitation links")
      ->envname("MEMSYNC_HUB_PUBLIC_URL");
  const auto certificate =
      command.add_option("--tls-cert", server.tls_certificate, "PEM certificate chain: serve HTTPS")
          ->envname("MEMSYNC_HUB_TLS_CERT");
  const auto key =
      command.add_option("--tls-key", server.tls_key, "PEM private key")->envname("MEMSYNC_HUB_TLS_KEY");
  certificate->needs(key);
  key->needs(certificate);
  add_mail_options(command, options->mail);
  add_limit_option(command, options->limits);
  command.add_option("--allowed-host", server.allowed_hosts, "A name the hub answers to; default: all")
      ->envname("MEMSYNC_HUB_ALLOWED_HOSTS")
      ->delimiter(',');
  command
      .add_option("--trusted-proxy", server.trusted_proxies, "An address whose X-Forwarded-For is believed")
      ->envname("MEMSYNC_HUB_TRUSTED_PROXIES")
      ->delimiter(',');
}

} // namespace memsync::app
