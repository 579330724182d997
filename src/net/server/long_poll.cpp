#include "net/server/long_poll.h"

#include <optional>

#include "net/server/dispatcher.h"

namespace memsync::net::server {

namespace {

Response page_response(const hub::PulledPage& page) {
  return Response::json(wire::encode_pull_answer(page.range, page.entries));
}

bool has_news(const hub::PulledPage& page) { return page.range.to > page.range.from; }

} // namespace

/// A waiting pull. It looks on worker threads, one look at a time; everything else happens on the network
/// thread, which owns the members.
class LongPoll : public std::enable_shared_from_this<LongPoll> {
 public:
  LongPoll(Call call, const model::WorkspaceId& workspace, const hub::PullRequest& request)
      : call_(std::move(call)), workspace_(workspace), request_(request) {}

  void start(std::chrono::seconds wait) {
    const auto self = shared_from_this();
    timer_ = call_.dispatcher.loop()->run_after(wait, [self] { self->expire(); });
    looking_ = true;
    look_on_worker();
  }

  void expire() {
    expired_ = true;
    if (!looking_ && !done_) answer(page_response(*empty_page_));
  }

 private:
  using Found = hub::Answer<hub::PulledPage>;

  void look_on_worker() {
    const auto self = shared_from_this();
    if (call_.dispatcher.run(Pool::readers, [self] { self->look(); })) return;
    answer(to_response(base::Error{base::ErrorCode::busy, "the hub is busy: try again in a second"}));
  }

  /// Worker thread. The members it reads do not change while a look is under way.
  void look() {
    const auto self = shared_from_this();
    const auto loop = call_.dispatcher.loop();
    std::unique_ptr<hub::Broker::Listening> listening;
    if (!is_listening_)
      listening = call_.hub.broker().listen(
          workspace_, [loop, weak = weak_from_this()](const model::WorkspaceId&, model::Sequence) {
            loop->post([weak] {
              if (const auto poll = weak.lock()) poll->on_head();
            });
          });
    auto found = std::make_shared<Found>(call_.hub.pull(call_.caller(), workspace_, request_));
    auto kept = std::make_shared<std::unique_ptr<hub::Broker::Listening>>(std::move(listening));
    loop->post([self, found, kept] { self->on_found(std::move(*found), std::move(*kept)); });
  }

  void on_found(Found found, std::unique_ptr<hub::Broker::Listening> listening) {
    looking_ = false;
    if (listening) listening_ = std::move(listening), is_listening_ = true;
    if (done_) return listening_.reset();
    if (!found) return answer(to_response(found.error()));
    if (expired_ || has_news(*found)) return answer(page_response(*found));
    empty_page_ = *std::move(found);
    if (moved_) on_head();
  }

  void on_head() {
    if (done_) return;
    moved_ = looking_;
    if (looking_) return;
    looking_ = true;
    look_on_worker();
  }

  void answer(Response response) {
    done_ = true;
    const auto self = shared_from_this();
    call_.responder.send(std::move(response));
    timer_.reset();
    listening_.reset();
    call_.dispatcher.long_polls().remove(self);
  }

  Call call_;
  const model::WorkspaceId workspace_;
  const hub::PullRequest request_;
  std::shared_ptr<void> timer_;
  std::unique_ptr<hub::Broker::Listening> listening_;
  std::optional<hub::PulledPage> empty_page_;
  bool is_listening_ = false;
  bool looking_ = false; // a worker has it
  bool moved_ = false;   // the head moved meanwhile
  bool expired_ = false;
  bool done_ = false;
};

bool LongPolls::add(std::shared_ptr<LongPoll> poll) {
  waiting_.insert(std::move(poll));
  return !finished_;
}

void LongPolls::finish() {
  finished_ = true;
  const auto all = waiting_;
  for (const auto& poll : all) poll->expire();
}

void answer_pull(Call call, const model::WorkspaceId& workspace, const hub::PullRequest& request,
                 std::chrono::seconds wait) {
  const auto page = call.hub.pull(call.caller(), workspace, request);
  if (!page) return call.responder.send(to_response(page.error()));
  if (wait == std::chrono::seconds::zero() || has_news(*page))
    return call.responder.send(page_response(*page));
  Dispatcher& dispatcher = call.dispatcher;
  const auto poll = std::make_shared<LongPoll>(std::move(call), workspace, request);
  dispatcher.loop()->post([poll, wait, &dispatcher] {
    const bool may_wait = dispatcher.long_polls().add(poll);
    poll->start(may_wait ? wait : std::chrono::seconds::zero());
  });
}

} // namespace memsync::net::server
