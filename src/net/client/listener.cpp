#include "net/client/listener.h"

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
  const std::size_t count = request_.mode == replica::ListenMode::stream ? 1 : request_.positions.size() + 1;
  for (std::size_t i = 0; i < count; ++i) interrupters_.push_back(std::make_unique<Interrupter>());
  running_ = count;
  for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([this, i] { run(i); });
}

Listener::~Listener() {
  for (std::thread& thread : threads_) thread.join();
}

void Listener::cancel() {
  is_cancelled_ = true;
  interrupt_all();
}

void Listener::interrupt_all() {
  const std::lock_guard lock(sleep_mutex_);
  is_over_ = true;
  awake_.notify_all();
  for (const auto& interrupter : interrupters_) interrupter->interrupt();
}

/// Waits and makes the thread's interrupter, which is for one connection, anew. False when all is over.
bool Listener::sleep(std::size_t position, std::chrono::milliseconds time) {
  std::unique_lock lock(sleep_mutex_);
  if (awake_.wait_for(lock, time, [this] { return is_over_; })) return false;
  interrupters_[position] = std::make_unique<Interrupter>();
  return true;
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
    if (request_.mode == replica::ListenMode::stream)
      ending = read_stream(position, Purpose::follow);
    else
      ending = position < request_.positions.size() ? poll(position) : probe(position);
  } catch (const std::exception& error) {
    ending.reason = ListenEnded::Reason::broken;
    ending.problem.detail = error.what();
  }
  base::log(base::LogLevel::debug, "listening ended: {}", ending.problem.detail);
  report(ListenEnded{request_.id, ending.reason, std::move(ending.problem), ending.retry});
  interrupt_all();
  --running_;
}

/// What was heard of a stream until it ended.
struct Listener::Heard {
  AnswerHead head;
  std::optional<wire::Problem> refusal;
  std::string refusal_body;
  std::optional<std::string> broken; // what could not be read
  bool is_greeted = false, is_overdue = false;
  base::Instant last_byte = now();
};

Listener::Ending Listener::read_stream(std::size_t position, Purpose purpose) {
  wire::SseParser parser;
  Heard heard;
  Greeting greeting(timeouts_.hello, interrupter_of(position));

  const auto take_head = [&](const AnswerHead& answer) {
    heard.head = answer;
    heard.refusal = find_problem(answer, "", "text/event-stream");
    return true;
  };
  const auto take_event = [&](const wire::SseEvent& each) {
    auto event = wire::decode_event(each.event, each.data);
    if (!event) return heard.broken = event.error().message, false;
    if (!*event) return true; // of a newer hub
    if (std::holds_alternative<wire::StreamHello>(**event)) greeting.settle(), heard.is_greeted = true;
    if (purpose == Purpose::probe) return !heard.is_greeted;
    report(replica::ListenEvent{request_.id, **std::move(event)});
    return !is_cancelled_.load();
  };
  const auto take_body = [&](std::string_view piece) {
    heard.last_byte = now();
    if (heard.refusal) {
      heard.refusal_body.append(piece.substr(0, k_max_problem_bytes - heard.refusal_body.size()));
      return heard.refusal_body.size() < k_max_problem_bytes;
    }
    for (const wire::SseEvent& each : parser.feed(piece))
      if (!take_event(each)) return false;
    if (parser.has_failed()) heard.broken = "an event is larger than 4 MiB";
    return !heard.broken;
  };

  Connection connection(access_, timeouts_, interrupter_of(position));
  const auto result = connection.stream(stream_path(request_), take_head, take_body);
  greeting.settle();
  heard.is_overdue = greeting.is_overdue();
  Ending ending = purpose == Purpose::probe && heard.is_greeted
                      ? Ending{ListenEnded::Reason::greeted, {}, std::nullopt}
                      : judge(heard, result);
  ending.retry = parser.retry();
  return ending;
}

/// Why a stream ended.
Listener::Ending Listener::judge(const Heard& heard,
                                 const base::Expected<AnswerHead, NoAnswer>& result) const {
  Ending ending;
  ending.problem.code = base::ErrorCode::offline;
  const bool is_quiet = now() - heard.last_byte >= timeouts_.read;
  if (heard.broken) {
    ending.reason = ListenEnded::Reason::broken;
    ending.problem.detail = "the hub's stream cannot be read: " + *heard.broken;
  } else if (heard.refusal || (result && result->status != 200)) {
    ending.reason = ListenEnded::Reason::refused;
    const auto problem = find_problem(result ? *result : heard.head, heard.refusal_body, "text/event-stream");
    ending.problem = problem ? *problem : *heard.refusal;
  } else if (!result && !result.error().is_connected) {
    ending.reason = ListenEnded::Reason::unreachable;
    ending.problem = problem_of(result.error());
  } else if (heard.is_overdue || (is_quiet && heard.head.status == 200)) {
    ending.reason = ListenEnded::Reason::silent;
    ending.problem.detail = "the hub's stream is silent";
  } else {
    ending.reason = ListenEnded::Reason::closed;
    ending.problem.detail = "the hub closed the stream";
  }
  return ending;
}

Listener::Ending Listener::poll(std::size_t position) {
  Ending ending;
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

/// Tries a stream now and then until one gets through or the polls end. Its failures mean nothing: that
/// streams fail is why there are polls.
Listener::Ending Listener::probe(std::size_t position) {
  Ending ending;
  auto pause = timeouts_.first_probe;
  while (!request_.positions.empty() && sleep(position, pause)) {
    ending = read_stream(position, Purpose::probe);
    if (ending.reason == ListenEnded::Reason::greeted) break;
    pause = std::min(pause * 2, timeouts_.longest_probe);
  }
  return ending;
}

} // namespace memsync::net::client
