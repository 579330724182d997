#include "net/client/listener.h"

#include <condition_variable>

#include "base/log.h"
#include "net/client/routes.h"
#include "wire/sse.h"

namespace memsync::net::client {

using replica::ListenEnded;

namespace {

constexpr std::size_t k_max_problem_bytes = std::size_t{64} << 10;
constexpr std::size_t k_poll_entries = 1'000;

base::Instant now() { return std::chrono::steady_clock::now(); }

/// Interrupts a stream whose hub does not greet in time. A read timeout cannot do that: after the greeting
/// the hub may be quiet for much longer, and the library takes one timeout per connection.
class Greeting {
 public:
  Greeting(std::chrono::milliseconds limit, Interrupter& interrupter)
      : thread_([this, limit, &interrupter] { wait(limit, interrupter); }) {}
  ~Greeting() {
    settle();
    thread_.join();
  }
  Greeting(const Greeting&) = delete;
  Greeting& operator=(const Greeting&) = delete;

  /// The hub has greeted, or the stream ended.
  void settle() {
    const std::lock_guard lock(mutex_);
    is_settled_ = true;
    changed_.notify_one();
  }
  bool is_overdue() const { return is_overdue_.load(); }

 private:
  void wait(std::chrono::milliseconds limit, Interrupter& interrupter) {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, limit, [this] { return is_settled_; })) return;
    is_overdue_.store(true);
    interrupter.interrupt();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_settled_ = false; // guarded by mutex_
  std::atomic<bool> is_overdue_{false};
  std::thread thread_;
};

} // namespace

Listener::Listener(const HubAccess& access, const Timeouts& timeouts, replica::ListenRequest request,
                   const MessageSink& sink)
    : access_(access), timeouts_(timeouts), request_(std::move(request)), sink_(sink) {
  const std::size_t count =
      request_.mode == replica::ListenMode::stream ? 1 : std::max<std::size_t>(1, request_.positions.size());
  for (std::size_t i = 0; i < count; ++i) interrupters_.push_back(std::make_unique<Interrupter>());
  running_ = count;
  for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([this, i] { run(i); });
}

Listener::~Listener() {
  for (std::thread& thread : threads_) thread.join();
}

void Listener::cancel() {
  is_cancelled_ = true;
  for (const auto& interrupter : interrupters_) interrupter->interrupt();
}

void Listener::report(replica::EngineMessage message) {
  // Held while handing over, so that nothing of another poll follows the end. cancel() does not wait for it:
  // the sink may be waiting for the very thread that cancels.
  const std::lock_guard lock(report_mutex_);
  if (is_cancelled_ || has_ended_) return;
  has_ended_ = std::holds_alternative<ListenEnded>(message);
  sink_(std::move(message));
}

void Listener::run(std::size_t position) {
  Ending ending;
  try {
    ending = request_.mode == replica::ListenMode::stream ? follow_stream() : poll(position);
  } catch (const std::exception& error) {
    ending.reason = ListenEnded::Reason::broken;
    ending.problem.detail = error.what();
  }
  base::log(base::LogLevel::debug, "listening ended: {}", ending.problem.detail);
  report(ListenEnded{request_.id, ending.reason, std::move(ending.problem), ending.retry});
  for (const auto& interrupter : interrupters_) interrupter->interrupt();
  --running_;
}

Listener::Ending Listener::follow_stream() {
  wire::SseParser parser;
  std::optional<wire::Problem> refusal;
  AnswerHead head;
  std::string refusal_body;
  std::optional<std::string> broken;
  base::Instant last_byte = now();
  Greeting greeting(timeouts_.hello, interrupter_of(0));

  const auto take_head = [&](const AnswerHead& answer) {
    head = answer;
    refusal = find_problem(head, "", "text/event-stream");
    return true;
  };
  const auto take_event = [&](const wire::SseEvent& each) {
    auto event = wire::decode_event(each.event, each.data);
    if (!event) return broken = event.error().message, false;
    if (!*event) return true; // of a newer hub
    if (std::holds_alternative<wire::StreamHello>(**event)) greeting.settle();
    report(replica::ListenEvent{request_.id, **std::move(event)});
    return !is_cancelled_.load();
  };
  const auto take_body = [&](std::string_view piece) {
    last_byte = now();
    if (refusal) {
      refusal_body.append(piece.substr(0, k_max_problem_bytes - refusal_body.size()));
      return refusal_body.size() < k_max_problem_bytes;
    }
    for (const wire::SseEvent& each : parser.feed(piece))
      if (!take_event(each)) return false;
    if (parser.has_failed()) broken = "an event is larger than 4 MiB";
    return !broken;
  };

  Connection connection(access_, timeouts_, interrupter_of(0));
  const auto result = connection.stream(stream_path(request_), take_head, take_body);
  greeting.settle();
  Ending ending;
  ending.retry = parser.retry();
  ending.problem.code = base::ErrorCode::offline;
  const bool is_quiet = now() - last_byte >= timeouts_.read;
  if (broken) {
    ending.reason = ListenEnded::Reason::broken;
    ending.problem.detail = "the hub's stream cannot be read: " + *broken;
  } else if (refusal || (result && result->status != 200)) {
    ending.reason = ListenEnded::Reason::refused;
    const auto problem = find_problem(result ? *result : head, refusal_body, "text/event-stream");
    ending.problem = problem ? *problem : *refusal;
  } else if (greeting.is_overdue() || (is_quiet && head.status == 200)) {
    ending.reason = ListenEnded::Reason::silent;
    ending.problem.detail = "the hub's stream is silent";
  } else if (!result && !result.error().is_connected) {
    ending.reason = ListenEnded::Reason::unreachable;
    ending.problem = problem_of(result.error());
  } else {
    ending.reason = ListenEnded::Reason::closed;
    ending.problem.detail = "the hub closed the stream";
  }
  return ending;
}

Listener::Ending Listener::poll(std::size_t position) {
  Ending ending;
  if (request_.positions.empty()) return ending;
  auto [workspace, cursor] = request_.positions[position];
  Connection connection(access_, timeouts_, interrupter_of(position));
  // The first poll does not wait: its answer tells that polling works.
  std::chrono::seconds wait{0};
  replica::PullFromWorkspace pull{workspace, cursor, k_poll_entries};
  if (position < request_.replicas.size()) pull.replica = request_.replicas[position];
  while (!is_cancelled_) {
    pull.after = cursor;
    const replica::HubRequest asked = pull;
    const auto answer = connection.get(pull_path(pull, wait));
    if (!answer) {
      ending.reason =
          answer.error().is_connected ? ListenEnded::Reason::closed : ListenEnded::Reason::unreachable;
      ending.problem = problem_of(answer.error());
      return ending;
    }
    HubContent content = decode_answer(asked, *answer);
    auto* pulled = std::get_if<wire::PullAnswer>(&content);
    if (pulled == nullptr) {
      ending.reason = ListenEnded::Reason::refused;
      ending.problem = std::get<wire::Problem>(std::move(content));
      return ending;
    }
    cursor = {pulled->epoch, pulled->to};
    wait = pulled->more ? std::chrono::seconds(0) : timeouts_.poll;
    report(replica::ListenPolled{request_.id, workspace, std::move(*pulled)});
  }
  return ending;
}

} // namespace memsync::net::client
