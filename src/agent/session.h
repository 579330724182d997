#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/project.h"
#include "agent/sync_control.h"
#include "replica/replica.h"

namespace memsync::agent {

/// Replicas for reading on any number of threads at once; each is used by one thread at a time and kept
/// for the next. Thread-safe.
class ReaderPool {
 public:
  using Open = std::function<base::Result<std::unique_ptr<replica::Replica>>()>;
  explicit ReaderPool(Open open) : open_(std::move(open)) {}

  bool can_open() const { return open_ != nullptr; }
  /// Calls `f(Replica&)`, which returns a Result.
  template <class F>
  auto use(F&& f) -> std::invoke_result_t<F, replica::Replica&> {
    TRY_ASSIGN(std::unique_ptr<replica::Replica> replica, take());
    auto result = f(*replica);
    give_back(std::move(replica));
    return result;
  }

 private:
  base::Result<std::unique_ptr<replica::Replica>> take();
  void give_back(std::unique_ptr<replica::Replica> replica);

  const Open open_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<replica::Replica>> idle_; // guarded by mutex_
};

/// Why a workspace is the current one, strongest first.
enum class WorkspaceReason { argument, chosen, environment, project, only_team, personal, local };
/// One sentence for people.
std::string_view explain(WorkspaceReason reason);

/// Everything one process knows: its store, whose words it writes down, what it works on and where.
class Session {
 public:
  struct Options {
    std::string client;                // "name/version" until set_client
    std::string session;               // the agent session; empty: unknown
    std::string environment_workspace; // MEMSYNC_WORKSPACE; empty: not set
    std::optional<Project> project;
    std::string version; // of memsync
  };

  /// `replica` is used on the core thread only. Without `open_reader` every read uses it too, and the
  /// Session belongs to that one thread (the command line). All must outlive the Session.
  Session(replica::Replica& replica, ReaderPool::Open open_reader, SyncControl& sync, Options options);

  // --- any thread
  /// Calls `f(Reader&)`, which returns a Result, in one read transaction.
  template <class F>
  auto read(F&& f) -> std::invoke_result_t<F, replica::Reader&> {
    return look([&](replica::Replica& replica) { return replica.read(std::forward<F>(f)); });
  }
  /// Calls `f(Replica&)`, which returns a Result and only reads.
  template <class F>
  auto look(F&& f) -> std::invoke_result_t<F, replica::Replica&> {
    return readers_.can_open() ? readers_.use(std::forward<F>(f)) : f(replica_);
  }
  const std::optional<Project>& project() const { return options_.project; }
  const std::string& version() const { return options_.version; }
  base::Timestamp now() { return replica_.clock().now(); }
  base::Instant instant() { return replica_.clock().instant(); }
  SyncControl& sync() { return sync_; }
  /// What this process claims about itself with every operation.
  replica::Claims claims() const;
  /// What the client called itself.
  void set_client(std::string_view name, std::string_view version);

  struct Chosen {
    replica::WorkspaceRow workspace;
    WorkspaceReason reason = WorkspaceReason::local;
  };
  /// The workspace named by `argument` (null: none), else the current one. Fails when a name fits none.
  base::Result<Chosen> choose_workspace(replica::Reader& reader, const std::optional<std::string>& argument);
  /// Where reading without a workspace looks: the current one, then personal, then local.
  base::Result<std::vector<replica::WorkspaceRow>> reading_scope(replica::Reader& reader,
                                                                 const std::optional<std::string>& argument);
  /// This process's choice from now on.
  void use_workspace(const model::WorkspaceId& workspace);

  // --- where this process is, for others to see; any thread
  /// An agent or person called a tool.
  void note_activity();
  /// And it was about that document, or a node in it.
  void note_place(const model::WorkspaceId& workspace, const model::DocumentId& document,
                  const model::NodeId& node = {});
  /// What others see: the workspace of the last place, else the current one. `session` and `state` are empty.
  base::Result<model::Presence> presence(replica::Reader& reader);
  base::Instant active_at() const;

  // --- core thread
  replica::Replica& replica() { return replica_; }
  /// What is edited from now on belongs to the tool call of that key (replica::Editor::Context); empty: to
  /// none.
  void begin_call(std::string key) { call_ = std::move(key); }
  /// Calls `f(Editor&)`, which returns a Result, in one write transaction; tells the sync when it
  /// committed.
  template <class F>
  auto edit(const model::WorkspaceId& workspace, std::optional<model::Strategy> strategy,
            std::optional<std::string> base_version, F&& f) -> std::invoke_result_t<F, replica::Editor&> {
    replica::Editor::Context context;
    context.strategy = strategy;
    context.base_version = std::move(base_version);
    return edit(workspace, std::move(context), std::forward<F>(f));
  }
  /// The same in a context, which gets this session's claims and call.
  template <class F>
  auto edit(const model::WorkspaceId& workspace, replica::Editor::Context context, F&& f)
      -> std::invoke_result_t<F, replica::Editor&> {
    context.claims = claims();
    context.call = call_;
    auto result = replica_.edit(workspace, std::move(context), std::forward<F>(f));
    if (result) sync_.local_commit();
    return result;
  }

 private:
  base::Error explain_unknown(replica::Reader& reader, base::Error error);

  replica::Replica& replica_;
  ReaderPool readers_;
  SyncControl& sync_;
  const Options options_;
  std::string call_; // of the core thread
  mutable std::mutex mutex_;
  std::string client_;                       // guarded by mutex_
  std::optional<model::WorkspaceId> chosen_; // guarded by mutex_
  model::Presence place_;                    // guarded by mutex_
  base::Instant active_at_;                  // guarded by mutex_
};

} // namespace memsync::agent
