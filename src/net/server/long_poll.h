#pragma once

#include <chrono>
#include <memory>
#include <unordered_set>

#include "net/server/call.h"

namespace memsync::net::server {

class LongPoll;

/// The pulls that wait for news. Network thread only.
class LongPolls {
 public:
  /// False when the server is ending: it must not wait.
  bool add(std::shared_ptr<LongPoll> poll);
  void remove(const std::shared_ptr<LongPoll>& poll) { waiting_.erase(poll); }
  /// Answers all.
  void finish();

 private:
  std::unordered_set<std::shared_ptr<LongPoll>> waiting_;
  bool finished_ = false;
};

/// Answers a pull: at once when there are entries, a failure or no `wait`; else as soon as the workspace's
/// head moves, and with an empty page when the wait is over. It listens before its first look, so that
/// nothing committed in between is missed; it holds no thread while it waits.
void answer_pull(Call call, const model::WorkspaceId& workspace, const hub::PullRequest& request,
                 std::chrono::seconds wait);

} // namespace memsync::net::server
