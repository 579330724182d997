#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "replica/engine.h"

namespace memsync::agent {

/// What this process knows of the sync of its store: its own engine's state, or what the leading
/// process last published.
struct SyncReport {
  replica::Connection connection;
  replica::SyncCounters counters;
  /// No request_sync of this process is unanswered. Answered does not mean successful.
  bool has_synced = true;
  std::vector<model::PresentMember> present = {}; // who is in the workspaces now, as far as is known
  bool knows_present = false;                     // of all workspaces
};

/// The hub cannot be reached: what was asked for has been tried and waiting longer will not help.
bool is_known_offline(const SyncReport& report);

/// What a person must do before this store syncs again: "the hub refuses this token: `memsync login`" and the
/// like. Empty when it syncs, or does so by itself once the hub is back.
std::string describe_hindrance(const SyncReport& report);

/// How long a first call waits for when_introduced.
constexpr std::chrono::seconds k_introduction_limit{3};

/// The sync as tools see it. One implementation drives an engine; NoHub stands where there is no hub.
class SyncControl {
 public:
  virtual ~SyncControl() = default;

  /// This process has committed: there may be something to push. Core thread.
  virtual void local_commit() = 0;
  /// Pull and push now, without waiting for back-off. Core thread.
  virtual void request_sync() = 0;
  /// Any thread.
  virtual SyncReport report() = 0;
  /// Nothing is in flight for the workspace, its cursor is at the last heard head and its outbox is empty or
  /// known to be blocked. Any thread.
  virtual bool is_settled(const model::WorkspaceId& workspace) = 0;

  /// Calls `then` exactly once, on the core thread: as soon as `condition()` holds, at the latest at
  /// `deadline()`. Both are asked on the core thread, at once and again after everything that may have
  /// changed the answer (an engine step, a commit of any process of the store); the deadline may come
  /// nearer meanwhile. `then` may run before this returns. Dropped uncalled only when the process ends.
  virtual void when_settled(std::function<bool()> condition, std::function<base::Instant()> deadline,
                            std::function<void()> then) = 0;
  /// Has the history that this store lacks of the workspace fetched from the hub, and calls `then` exactly
  /// once, on the core thread: when it is whole, when the hub is known to be out of reach, or at the
  /// deadline. Any thread.
  virtual void when_history_is_whole(const model::WorkspaceId& workspace,
                                     std::function<base::Instant()> deadline, std::function<void()> then) = 0;

  /// False while a hub is configured that has not told this store yet what its workspaces are and hold, and
  /// may soon. Whoever acts before may see the local workspace alone. Any thread.
  virtual bool is_introduced() = 0;
  /// Calls `then` exactly once, on the core thread: when the store has what its workspaces hold, when the hub
  /// is known to be out of reach, or at the deadline; from then on is_introduced. Any thread.
  virtual void when_introduced(std::function<base::Instant()> deadline, std::function<void()> then) = 0;
};

/// The sync of a store that is bound to no hub: nothing to do and nothing to wait for.
class NoHub final : public SyncControl {
 public:
  void local_commit() override {}
  void request_sync() override {}
  SyncReport report() override;
  bool is_settled(const model::WorkspaceId&) override { return true; }
  void when_settled(std::function<bool()> condition, std::function<base::Instant()> deadline,
                    std::function<void()> then) override;
  void when_history_is_whole(const model::WorkspaceId& workspace, std::function<base::Instant()> deadline,
                             std::function<void()> then) override;
  bool is_introduced() override { return true; }
  void when_introduced(std::function<base::Instant()> deadline, std::function<void()> then) override;
};

/// "live", "connecting" or "offline".
std::string_view name_of(const replica::Connection& connection);

} // namespace memsync::agent
