#include "app/client_mcp.h"

#include <cstdlib>
#include <future>
#include <thread>

#include "agent/activity.h"
#include "agent/prompts.h"
#include "agent/resources.h"
#include "app/client_channel.h"
#include "app/client_process.h"
#include "app/client_subscribers.h"
#include "base/log.h"
#include "mcp/trace.h"

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
    // Whoever is looking just now tells it; no call waits for another one's reading.
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return;
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

/// The core thread; ends by itself when the loop is stopped.
class CoreThread {
 public:
  /// `also` gets a turn of its own after the sync's and says when it wants the next one.
  CoreThread(ClientProcess& process, std::function<base::Instant()> also)
      : process_(process),
        also_(std::move(also)),
        done_(finished_.get_future()),
        thread_([this] { run(); }) {}
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
            const base::Instant next = process_.sync().turn(committed);
            return std::min(next, also_());
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
  const std::function<base::Instant()> also_;
  std::promise<void> finished_;
  std::future<void> done_;
  std::thread thread_;
};

int give_up(const base::Error& error) {
  log(LogLevel::error, "{}", error.message);
  return EXIT_FAILURE;
}

/// Where read-only calls run.
struct Readers {
  mcp::ThreadPool pool{k_reader_threads};
  mcp::ThreadPool quick{1};

  void stop() {
    pool.stop();
    quick.stop();
  }
};

/// `on_change` must outlive the process and may be set later.
ClientProcess::Options describe_process(const cli::Settings& settings,
                                        const std::function<void()>& on_change) {
  ClientProcess::Options options;
  options.settings = settings;
  options.reading = ClientProcess::Reading::own_connections;
  options.seen_as = model::PresenceKind::agent;
  options.on_change = [&on_change] { on_change(); };
  return options;
}

/// Null when no trace is wanted.
base::Result<std::unique_ptr<mcp::TraceFile>> open_trace(const cli::Settings& settings,
                                                         const McpOptions& chosen, base::Clock& clock) {
  if (chosen.trace_path.empty()) return std::unique_ptr<mcp::TraceFile>();
  return mcp::TraceFile::open(chosen.trace_path, clock, {settings.token});
}

/// The captures outlive the server.
mcp::ServerHooks make_hooks(ClientProcess& process, mcp::StdioTransport& transport, NewsColumn& news) {
  mcp::ServerHooks hooks;
  hooks.wake = [&] { transport.wake(); };
  hooks.client_seen = [&](const wire::Caller& caller) {
    process.session().set_client(caller.client.name, caller.client.version);
    process.loop().post([&] { process.sync().start_once(); });
  };
  hooks.decorate_result = [&](const mcp::ToolRegistry::Entry& tool, const mcp::CallContext&,
                              mcp::ToolResult& result) { news.add(tool, result); };
  hooks.draining = [&](base::Instant) { process.loop().wake(); };
  return hooks;
}

} // namespace

int run_mcp(const cli::Settings& settings, const McpOptions& chosen) {
  static mcp::WakeEvent stop;
  mcp::stop_on_signals(stop);
  auto output = mcp::take_over_stdout();
  if (!output) return give_up(output.error());
  std::function<void()> on_change = [] {};
  auto opened = ClientProcess::open(describe_process(settings, on_change));
  if (!opened) return give_up(opened.error());
  ClientProcess& process = **opened;

  auto trace = open_trace(settings, chosen, process.clock());
  if (!trace) return give_up(trace.error());
  mcp::StdioOptions stdio;
  stdio.output = *std::move(output);
  if (*trace)
    stdio.trace = [&file = **trace](mcp::Direction direction, std::string_view line) {
      file.write(direction, line);
    };
  mcp::StdioTransport transport(std::move(stdio));
  Readers readers;
  agent::Resources resources(process.session());
  agent::Prompts prompts(process.session());
  NewsColumn news(process.session());

  mcp::Server server(
      describe_server(settings, chosen.channel),
      {process.loop(), readers.pool, readers.quick, process.clock(), process.random(), process.tools(),
       &resources, &prompts, [&](std::string line) { transport.send(std::move(line)); }},
      make_hooks(process, transport, news));
  Subscribers subscribers(process.replica(), server);
  std::optional<Channel> channel;
  if (chosen.channel == ChannelUse::push) channel.emplace(process.session(), server);
  on_change = [&] {
    subscribers.look();
    if (channel) channel->look();
  };
  subscribers.look(); // a first one at the first change would not tell of that change

  auto core =
      std::make_unique<CoreThread>(process, [&] { return channel ? channel->turn() : base::Instant::max(); });
  const mcp::StdioEnd end = transport.run(server, stop);
  log(LogLevel::debug, "the transport has ended ({})", static_cast<int>(end));
  // Nothing that was acknowledged is lost by leaving at once, so no thread may hold the exit up: neither one
  // that waits for another process's writer lock, nor one that resolves a name.
  if (!core->stop(k_stop_limit) || !process.sync().stop(k_stop_limit)) std::_Exit(EXIT_SUCCESS);
  readers.stop();
  return EXIT_SUCCESS;
}

} // namespace memsync::app
