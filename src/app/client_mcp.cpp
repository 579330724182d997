#include "app/client_mcp.h"

#include <cstdlib>
#include <future>
#include <thread>

#include "agent/activity.h"
#include "agent/instructions.h"
#include "agent/prompts.h"
#include "agent/resources.h"
#include "app/client_process.h"
#include "app/client_subscribers.h"
#include "base/log.h"
#include "mcp/server.h"

namespace memsync::app {

using base::log;
using base::LogLevel;

namespace {

constexpr std::size_t k_reader_threads = 3;
constexpr std::size_t k_news_lines = 3;
constexpr std::chrono::milliseconds k_stop_limit{100}; // of each part, so that a signal ends all in 300 ms
/// A client that never introduces itself is no reason to sync never.
constexpr std::chrono::seconds k_start_anyway{2};

/// Adds what teammates did since the last call to results whose schema has a place for it.
class NewsColumn {
 public:
  explicit NewsColumn(agent::Session& session) : session_(session), news_(session) {}

  void add(const mcp::ToolRegistry::Entry& tool, mcp::ToolResult& result) {
    const base::Json& schema = tool.definition.output_schema;
    if (result.is_error || !result.structured.is_object() || !schema.is_object() ||
        !schema.contains("properties") || !schema["properties"].contains("news"))
      return;
    const std::lock_guard lock(mutex_);
    const auto look =
        session_.read([&](replica::Reader& reader) { return news_.take(reader, k_news_lines); });
    if (!look || look->lines.empty()) return;
    result.structured["news"] = look->lines;
    result.text += "\nNew since your last call:\n";
    for (const std::string& line : look->lines) result.text += "- " + line + "\n";
  }

 private:
  agent::Session& session_;
  std::mutex mutex_;
  agent::News news_; // guarded by mutex_
};

mcp::ServerConfig describe_server(const cli::Settings& settings) {
  mcp::ServerConfig config;
  config.info.name = "memsync";
  config.info.title = "memsync";
  config.info.version = MEMSYNC_VERSION;
  config.instructions = agent::instructions();
  config.principal = settings.home;
  return config;
}

/// The core thread; ends by itself when the loop is stopped.
class CoreThread {
 public:
  explicit CoreThread(ClientProcess& process)
      : process_(process), done_(finished_.get_future()), thread_([this] { run(); }) {}
  ~CoreThread() {
    process_.loop().stop();
    thread_.join();
  }
  CoreThread(const CoreThread&) = delete;
  CoreThread& operator=(const CoreThread&) = delete;

  bool stop(std::chrono::milliseconds limit) {
    process_.loop().stop();
    return done_.wait_for(limit) == std::future_status::ready;
  }

 private:
  void run() {
    try {
      const base::Instant start_anyway = process_.clock().instant() + k_start_anyway;
      process_.loop().run(
          [&](bool committed) {
            if (process_.clock().instant() >= start_anyway) process_.sync().start_once();
            return process_.sync().turn(committed);
          },
          [] { return false; });
    } catch (const std::exception& error) {
      // Everything acknowledged is on disk; the host starts a new process at the next call.
      log(LogLevel::error, "memsync must stop: {}", error.what());
      std::_Exit(EXIT_FAILURE);
    }
    finished_.set_value();
  }

  ClientProcess& process_;
  std::promise<void> finished_;
  std::future<void> done_;
  std::thread thread_;
};

} // namespace

int run_mcp(const cli::Settings& settings) {
  static mcp::WakeEvent stop;
  mcp::stop_on_signals(stop);
  auto output = mcp::take_over_stdout();
  if (!output) {
    log(LogLevel::error, "{}", output.error().message);
    return EXIT_FAILURE;
  }
  std::function<void()> on_change = [] {};
  ClientProcess::Options options;
  options.settings = settings;
  options.reading = ClientProcess::Reading::own_connections;
  options.on_change = [&on_change] { on_change(); };
  auto opened = ClientProcess::open(std::move(options));
  if (!opened) {
    log(LogLevel::error, "{}", opened.error().message);
    return EXIT_FAILURE;
  }
  ClientProcess& process = **opened;

  mcp::StdioOptions stdio;
  stdio.output = *std::move(output);
  mcp::StdioTransport transport(std::move(stdio));
  mcp::ThreadPool pool(k_reader_threads);
  agent::Resources resources(process.session());
  agent::Prompts prompts(process.session());
  NewsColumn news(process.session());

  mcp::ServerHooks hooks;
  hooks.wake = [&] { transport.wake(); };
  hooks.client_seen = [&](const wire::Caller& caller) {
    process.session().set_client(caller.client.name, caller.client.version);
    process.loop().post([&] { process.sync().start_once(); });
  };
  hooks.decorate_result = [&](const mcp::ToolRegistry::Entry& tool, const mcp::CallContext&,
                              mcp::ToolResult& result) { news.add(tool, result); };
  hooks.draining = [&](base::Instant) { process.loop().wake(); };
  mcp::Server server(describe_server(settings),
                     {process.loop(), pool, process.clock(), process.random(), process.tools(), &resources,
                      &prompts, [&](std::string line) { transport.send(std::move(line)); }},
                     std::move(hooks));
  Subscribers subscribers(process.replica(), server);
  on_change = [&] { subscribers.look(); };
  subscribers.look(); // a first one at the first change would not tell of that change

  auto core = std::make_unique<CoreThread>(process);
  const mcp::StdioEnd end = transport.run(server, stop);
  log(LogLevel::debug, "the transport has ended ({})", static_cast<int>(end));
  // Nothing that was acknowledged is lost by leaving at once, so no thread may hold the exit up: neither one
  // that waits for another process's writer lock, nor one that resolves a name.
  if (!core->stop(k_stop_limit) || !process.sync().stop(k_stop_limit)) std::_Exit(EXIT_SUCCESS);
  pool.stop();
  return EXIT_SUCCESS;
}

} // namespace memsync::app
