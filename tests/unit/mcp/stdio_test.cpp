#include "mcp/stdio.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <future>
#include <list>
#include <poll.h>
#include <set>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/mcp/harness.h"

using namespace memsync;
using namespace memsync::mcp;
using namespace memsync::mcp::testing;

namespace {

enum class Channel { pipes, sockets };

std::array<FileDescriptor, 2> make_channel(Channel channel) {
  std::array<int, 2> fds{};
  const int made = channel == Channel::pipes
                       ? ::pipe2(fds.data(), O_CLOEXEC)
                       : ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data());
  REQUIRE(made == 0);
  return {FileDescriptor(fds[0]), FileDescriptor(fds[1])};
}

std::string ping(int id) { return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"ping"}})", id) + "\n"; }

std::string call(int id, std::string_view name) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{{"name":"{}","_meta":{{)"
                     R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                     R"("io.modelcontextprotocol/clientCapabilities":{{}}}}}}}})",
                     id, name) +
         "\n";
}

/// A server behind a transport in its own thread; the test is the client.
struct Process {
  explicit Process(Channel channel = Channel::pipes) {
    ::signal(SIGPIPE, SIG_IGN);
    auto input = make_channel(channel);
    auto output = make_channel(channel);
    input_read = std::move(input[0]);
    input_write = std::move(input[1]);
    output_read = std::move(output[0]);
    options.input = input_read.get();
    options.output = std::move(output[1]);
    options.watch_parent = false;
    add("echo", [](ToolCall, Responder responder) { responder.answer(text_result("echo")); });
    add("park", [this](ToolCall, Responder responder) {
      const std::lock_guard lock(mutex);
      parked.push_back(std::move(responder));
      changed.notify_all();
    });
  }
  ~Process() {
    stop.notify();
    if (end.valid()) end.wait();
    for (ThreadPool* threads : {&pool, &core}) threads->stop(); // they work with the tools
    parked.clear();
  }

  void add(std::string name, ToolHandler handler) {
    REQUIRE(tools.add(tool(std::move(name), std::move(handler))));
  }

  void start() {
    transport = std::make_unique<StdioTransport>(std::move(options));
    ServerConfig config;
    config.info.name = "test";
    hooks.wake = [this] { transport->wake(); };
    server =
        std::make_unique<Server>(config,
                                 ServerParts{core, pool, pool, clock, random, tools, nullptr, nullptr,
                                             [this](std::string line) { transport->send(std::move(line)); }},
                                 hooks);
    end = std::async(std::launch::async, [this] { return transport->run(*server, stop); });
  }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ::write(input_write.get(), bytes.data(), bytes.size());
      REQUIRE(count > 0);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void close_input() { input_write = FileDescriptor(); }

  /// The next line of the server.
  Json read() {
    for (;;) {
      if (const auto at = received.find('\n'); at != std::string::npos) {
        const std::string line = received.substr(0, at);
        received.erase(0, at + 1);
        return Json::parse(line);
      }
      std::array<char, 65536> buffer{};
      const auto count = ::read(output_read.get(), buffer.data(), buffer.size());
      REQUIRE(count > 0);
      received.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

  void wait_parked(std::size_t count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return parked.size() >= count; });
  }

  StdioOptions options;
  FileDescriptor input_read, input_write, output_read;
  std::string received;
  std::mutex mutex;
  std::condition_variable changed;
  std::list<Responder> parked; // guarded by mutex
  ThreadPool core{1};
  ThreadPool pool{2};
  base::SystemClock clock;
  base::SystemRandom random;
  ToolRegistry tools;
  ServerHooks hooks;
  WakeEvent stop;
  std::unique_ptr<StdioTransport> transport;
  std::unique_ptr<Server> server;
  std::future<StdioEnd> end;
};

} // namespace

TEST_CASE("requests are answered over pipes and over sockets, and the end of input ends the run") {
  for (const auto channel : {Channel::pipes, Channel::sockets}) {
    Process process(channel);
    process.start();
    process.write(ping(1));
    CHECK(process.read()["id"] == 1);
    process.write(ping(2) + call(3, "echo") + "\r\n" + ping(4));
    std::set<int> ids;
    for (int i = 0; i < 3; ++i) ids.insert(process.read()["id"].get<int>());
    CHECK(ids == std::set<int>{2, 3, 4});
    process.close_input();
    CHECK(process.end.get() == StdioEnd::end_of_input);
  }
}

TEST_CASE("everything read before the end of input is answered, also an unterminated last line") {
  Process process;
  process.start();
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += call(i, "echo");
  requests += ping(500);
  requests.pop_back();
  process.write(requests);
  process.close_input();
  std::set<int> ids;
  for (int i = 0; i <= 500; ++i) ids.insert(process.read()["id"].get<int>());
  CHECK(ids.size() == 501);
  CHECK(process.end.get() == StdioEnd::end_of_input);
}

TEST_CASE("a call that waits at the end of input is told to hurry and its answer is still sent") {
  Process process;
  process.hooks.draining = [&](base::Instant) {
    const std::lock_guard lock(process.mutex);
    process.parked.front().answer(text_result("not yet acknowledged"));
  };
  process.start();
  process.write(call(1, "park"));
  process.wait_parked(1);
  process.close_input();
  CHECK(first_text(process.read()) == "not yet acknowledged");
  CHECK(process.end.get() == StdioEnd::end_of_input);
}

TEST_CASE("a call that does not hurry is ended by the server") {
  Process process;
  process.options.drain_limit = std::chrono::milliseconds(20);
  process.start();
  process.write(call(1, "park"));
  process.wait_parked(1);
  process.close_input();
  CHECK(error_code(process.read()) == -32603);
  CHECK(process.end.get() == StdioEnd::end_of_input);
}

TEST_CASE("a line of 12 MB is refused and the next request answered") {
  Process process;
  process.start();
  auto writing = std::async(std::launch::async, [&] {
    process.write(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":")" +
                  std::string(12'000'000, 'x') + "\"}}\n" + ping(2));
  });
  const Json refused = process.read();
  CHECK(error_code(refused) == -32700);
  CHECK_FALSE(refused.contains("id"));
  CHECK(process.read()["id"] == 2);
  writing.get();
}

TEST_CASE("a client that reads nothing does not keep its requests from being served") {
  constexpr int k_calls = 5000;
  Process process;
  std::atomic<int> served{0};
  std::promise<void> all_served;
  process.add("long", [&](ToolCall, Responder responder) {
    responder.answer(text_result(std::string(1000, 'x')));
    if (++served == k_calls) all_served.set_value();
  });
  process.start();
  for (int i = 0; i < k_calls; ++i) process.write(call(i, "long"));
  all_served.get_future().get(); // with about 5 MB of answers waiting and none read
  std::set<int> ids;
  for (int i = 0; i < k_calls; ++i) ids.insert(process.read()["id"].get<int>());
  CHECK(ids.size() == k_calls);
}

TEST_CASE("reading pauses when too much output waits, and goes on when it is read") {
  constexpr std::size_t k_unpaused = std::size_t{8}
                                     << 20; // of requests; what a pipe and the queue hold is far less
  Process process;
  process.options.max_queued_bytes = std::size_t{256} << 10;
  process.add("long",
              [&](ToolCall, Responder responder) { responder.answer(text_result(std::string(4000, 'x'))); });
  process.start();
  REQUIRE(::fcntl(process.input_write.get(), F_SETFL, O_NONBLOCK) == 0);
  std::string rest;
  std::size_t written = 0;
  int sent = 0;
  while (written < k_unpaused) {
    if (rest.empty()) rest = call(sent++, "long");
    const auto count = ::write(process.input_write.get(), rest.data(), rest.size());
    if (count > 0) {
      written += static_cast<std::size_t>(count);
      rest.erase(0, static_cast<std::size_t>(count));
      continue;
    }
    REQUIRE(errno == EAGAIN);
    pollfd room = {process.input_write.get(), POLLOUT, 0};
    if (::poll(&room, 1, 300) == 0) break; // nobody reads any more
  }
  CHECK(written < k_unpaused);
  const int complete = rest.empty() ? sent : sent - 1;
  std::set<int> ids;
  for (int i = 0; i < complete; ++i) ids.insert(process.read()["id"].get<int>());
  CHECK(ids.size() == static_cast<std::size_t>(complete));
}

TEST_CASE("the stop event ends the run although a call is open and nobody reads the output") {
  Process process;
  process.add("long", [&](ToolCall, Responder responder) {
    responder.answer(text_result(std::string(1'000'000, 'x')));
  });
  process.start();
  process.write(call(1, "park") + call(2, "long"));
  process.wait_parked(1);
  process.stop.notify();
  CHECK(process.end.get() == StdioEnd::stopped);
}

TEST_CASE("a closed output ends the run") {
  Process process;
  process.start();
  process.output_read = FileDescriptor();
  process.write(ping(1));
  CHECK(process.end.get() == StdioEnd::output_closed);
}

TEST_CASE("the trace sees every line in both directions") {
  Process process;
  std::mutex mutex;
  std::vector<std::string> lines;
  process.options.trace = [&](Direction direction, std::string_view line) {
    const std::lock_guard lock(mutex);
    lines.push_back((direction == Direction::received ? "> " : "< ") + std::string(line));
  };
  process.start();
  process.write(ping(1));
  process.read();
  const std::lock_guard lock(mutex);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == R"(> {"jsonrpc":"2.0","id":1,"method":"ping"})");
  CHECK(lines[1] == R"(< {"jsonrpc":"2.0","id":1,"result":{}})");
}

TEST_CASE("stdout belongs to the protocol: what others print goes to stderr") {
  auto out = make_channel(Channel::pipes);
  auto err = make_channel(Channel::pipes);
  const FileDescriptor saved_out(::dup(STDOUT_FILENO));
  const FileDescriptor saved_err(::dup(STDERR_FILENO));
  ::dup2(out[1].get(), STDOUT_FILENO);
  ::dup2(err[1].get(), STDERR_FILENO);
  auto protocol = take_over_stdout();
  const bool is_taken = protocol.has_value();
  [[maybe_unused]] auto count = ::write(STDOUT_FILENO, "noise", 5);
  if (is_taken) count = ::write(protocol->get(), "line", 4);
  ::dup2(saved_out.get(), STDOUT_FILENO);
  ::dup2(saved_err.get(), STDERR_FILENO);
  REQUIRE(is_taken);
  std::array<char, 16> buffer{};
  CHECK(std::string(buffer.data(), static_cast<std::size_t>(::read(out[0].get(), buffer.data(), 16))) ==
        "line");
  CHECK(std::string(buffer.data(), static_cast<std::size_t>(::read(err[0].get(), buffer.data(), 16))) ==
        "noise");
}

TEST_CASE("SIGINT, SIGTERM and SIGHUP fire the stop event") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const WakeEvent stop;
    stop_on_signals(stop);
    ::raise(signal);
    pollfd fired = {stop.fd(), POLLIN, 0};
    CHECK(::poll(&fired, 1, 0) == 1);
  }
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_DFL);
}

TEST_CASE("the run ends when the parent process is gone although the input stays open") {
  auto report = make_channel(Channel::pipes);
  auto input = make_channel(Channel::pipes);
  const pid_t parent = ::fork();
  REQUIRE(parent >= 0);
  if (parent == 0) {
    auto ready = make_channel(Channel::pipes);
    if (::fork() == 0) {
      Process process;
      process.options.input = input[0].get();
      process.options.watch_parent = true;
      process.start();
      [[maybe_unused]] auto count = ::write(ready[1].get(), "r", 1);
      const char end = process.end.get() == StdioEnd::parent_gone ? 'g' : 'x';
      count = ::write(report[1].get(), &end, 1);
      ::_exit(0);
    }
    char byte = 0;
    [[maybe_unused]] const auto count = ::read(ready[0].get(), &byte, 1);
    ::_exit(0);
  }
  ::waitpid(parent, nullptr, 0);
  report[1] = FileDescriptor();
  char end = 0;
  CHECK(::read(report[0].get(), &end, 1) == 1);
  CHECK(end == 'g');
}
