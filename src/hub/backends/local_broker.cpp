#include "hub/backends/local_broker.h"

#include <map>
#include <mutex>

namespace memsync::hub {

/// The listeners. One mutex, held during the calls: ending to listen then waits for a call in progress.
struct LocalBroker::Board {
  struct Listener {
    std::optional<model::WorkspaceId> workspace;
    OnHead on_head;
  };
  std::mutex mutex;
  std::map<std::uint64_t, Listener> listeners; // guarded by mutex
  std::uint64_t next = 0;                      // guarded by mutex
};

LocalBroker::LocalBroker() : board_(std::make_shared<Board>()) {}
LocalBroker::~LocalBroker() = default;

void LocalBroker::publish(const model::WorkspaceId& workspace, model::Sequence head) {
  const std::lock_guard lock(board_->mutex);
  for (const auto& [id, listener] : board_->listeners)
    if (!listener.workspace || *listener.workspace == workspace) listener.on_head(workspace, head);
}

std::unique_ptr<Broker::Listening> LocalBroker::listen(std::optional<model::WorkspaceId> workspace,
                                                       OnHead on_head) {
  class Registered final : public Listening {
   public:
    Registered(std::shared_ptr<Board> board, std::uint64_t id) : board_(std::move(board)), id_(id) {}
    ~Registered() override {
      const std::lock_guard lock(board_->mutex);
      board_->listeners.erase(id_);
    }

   private:
    const std::shared_ptr<Board> board_;
    const std::uint64_t id_;
  };

  const std::lock_guard lock(board_->mutex);
  const std::uint64_t id = ++board_->next;
  board_->listeners.emplace(id, Board::Listener{workspace, std::move(on_head)});
  return std::make_unique<Registered>(board_, id);
}

} // namespace memsync::hub
