#pragma once

#include "hub/broker.h"

namespace memsync::hub {

/// The broker of a hub that is one process: calls the listeners directly. Thread-safe.
class LocalBroker final : public Broker {
 public:
  LocalBroker();
  ~LocalBroker() override;

  void publish(const model::WorkspaceId& workspace, model::Sequence head) override;
  [[nodiscard]] std::unique_ptr<Listening> listen(std::optional<model::WorkspaceId> workspace,
                                                  OnHead on_head) override;

 private:
  struct Board;
  std::shared_ptr<Board> board_; // shared with the listeners, which may outlive the broker
};

} // namespace memsync::hub
