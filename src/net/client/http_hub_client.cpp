#include "net/client/http_hub_client.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <thread>

#include "net/client/listener.h"
#include "net/client/routes.h"

namespace memsync::net::client {

using base::Result;

class HttpHubClient::Core {
 public:
  Core(HubAccess access, MessageSink sink, Timeouts timeouts)
      : access_(std::move(access)),
        sink_(std::move(sink)),
        timeouts_(timeouts),
        thread_([this] { work(); }) {}
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core() {
    begin_stop();
    thread_.join();
  }

  void send(std::uint64_t request, replica::HubRequest content) {
    const std::lock_guard lock(mutex_);
    requests_.push_back({request, std::move(content)});
    changed_.notify_all();
  }

  void listen(replica::ListenRequest request) {
    stop_listening();
    std::erase_if(listeners_, [](const auto& listener) { return listener->is_finished(); });
    listeners_.push_back(std::make_unique<Listener>(access_, timeouts_, std::move(request), sink_));
  }

  void stop_listening() {
    for (const auto& listener : listeners_) listener->cancel();
  }

  bool stop(std::chrono::milliseconds limit) {
    begin_stop();
    const auto deadline = std::chrono::steady_clock::now() + limit;
    const auto is_done = [this] {
      return is_finished_ && std::all_of(listeners_.begin(), listeners_.end(),
                                         [](const auto& listener) { return listener->is_finished(); });
    };
    std::unique_lock lock(mutex_);
    while (!is_done() && std::chrono::steady_clock::now() < deadline)
      changed_.wait_for(lock, std::chrono::milliseconds(1));
    return is_done();
  }

 private:
  struct Request {
    std::uint64_t id = 0;
    replica::HubRequest content;
  };

  void begin_stop() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true; // before interrupting, so that the interrupted request is not reported
      changed_.notify_all();
    }
    stop_listening();
    interrupter_.interrupt();
  }

  void work() {
    Connection connection(access_, timeouts_, interrupter_);
    while (const std::optional<Request> request = next()) {
      replica::HubAnswer answer = carry_out(connection, *request);
      if (!is_stopping_) sink_(std::move(answer));
    }
    const std::lock_guard lock(mutex_);
    is_finished_ = true;
    changed_.notify_all();
  }

  std::optional<Request> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_stopping_ || !requests_.empty(); });
    if (is_stopping_) return std::nullopt;
    Request request = std::move(requests_.front());
    requests_.pop_front();
    return request;
  }

  static replica::HubAnswer carry_out(Connection& connection, const Request& request) {
    replica::HubAnswer reported;
    reported.request = request.id;
    try {
      const HttpRequest http = encode_request(request.content);
      const auto answer = http.body ? connection.post(http.path, *http.body) : connection.get(http.path);
      if (answer) {
        reported.hub_time = answer->head.hub_time;
        reported.content = decode_answer(request.content, *answer);
      } else {
        reported.content = problem_of(answer.error());
      }
    } catch (const std::exception& error) {
      wire::Problem problem;
      problem.detail = error.what();
      reported.content = std::move(problem);
    }
    return reported;
  }

  const HubAccess access_;
  const MessageSink sink_;
  const Timeouts timeouts_;
  std::vector<std::unique_ptr<Listener>> listeners_; // of the engine's thread: the last one may be running
  Interrupter interrupter_;                          // of the requests
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Request> requests_; // guarded by mutex_
  bool is_finished_ = false;     // guarded by mutex_
  std::atomic<bool> is_stopping_{false};
  std::thread thread_; // last: it uses all of the above
};

Result<std::unique_ptr<HttpHubClient>> HttpHubClient::make(HubAccess access, MessageSink sink,
                                                           Timeouts timeouts) {
  TRY(check_access(access));
  auto core = std::make_unique<Core>(std::move(access), std::move(sink), timeouts);
  return std::unique_ptr<HttpHubClient>(new HttpHubClient(std::move(core)));
}

HttpHubClient::HttpHubClient(std::unique_ptr<Core> core) : core_(std::move(core)) {}
HttpHubClient::~HttpHubClient() = default;

void HttpHubClient::send(std::uint64_t request, replica::HubRequest content) {
  core_->send(request, std::move(content));
}
void HttpHubClient::listen(replica::ListenRequest request) { core_->listen(std::move(request)); }
void HttpHubClient::stop_listening() { core_->stop_listening(); }
bool HttpHubClient::stop(std::chrono::milliseconds limit) { return core_->stop(limit); }

} // namespace memsync::net::client
