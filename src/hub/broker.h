#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "model/ids.h"

namespace memsync::hub {

/// Carries "this workspace's log has a new head" from whoever committed to whoever waits: a hint and
/// never the truth. Losing one costs latency until the next poll of the head, never data.
class Broker {
 public:
  /// Called after a commit, on the committing thread: it must only wake somebody and return.
  using OnHead = std::function<void(const model::WorkspaceId&, model::Sequence head)>;

  /// Ends listening when destroyed, waiting for a call in progress on another thread.
  class Listening {
   public:
    virtual ~Listening() = default;
  };

  virtual ~Broker() = default;

  /// Tells every listener. Never fails: a hint that cannot be delivered is dropped.
  virtual void publish(const model::WorkspaceId& workspace, model::Sequence head) = 0;

  /// Listens to one workspace, or to all. Must not be called from within OnHead.
  [[nodiscard]] virtual std::unique_ptr<Listening> listen(std::optional<model::WorkspaceId> workspace,
                                                          OnHead on_head) = 0;
};

} // namespace memsync::hub
