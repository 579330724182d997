#pragma once

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "agent/sync_control.h"
#include "app/client_leadership.h"
#include "app/client_loop.h"
#include "app/client_sessions.h"
#include "base/bounded_queue.h"
#include "net/client/http_hub_client.h"

namespace memsync::app {

/// The sync of one process of a store. In the leading process it runs the engine and the network; in the
/// others it reads the leader's bulletin and asks it through files. Which one it is can change at any time.
class ClientSync final : public agent::SyncControl {
 public:
  /// The hub to talk to, or why not: nothing without a hub, an error that people read otherwise. Asked
  /// again when the settings may have changed.
  using FindAccess = std::function<base::Result<std::optional<net::client::HubAccess>>()>;
  struct Options {
    FindAccess find_access;
    std::string settings_path; // a change of this file asks find_access again
    /// What this process is doing and when it last did something, for others to see; nothing: not to be seen.
    struct Doing {
      model::Presence presence;
      base::Instant active_at;
    };
    std::function<std::optional<Doing>()> find_doing = [] { return std::nullopt; };
    /// After hub changes were applied or a commit of another process was seen. Core thread.
    std::function<void()> on_change = [] {};
  };

  /// `replica` and `loop` must outlive it; both are used on the core thread.
  static base::Result<std::unique_ptr<ClientSync>> open(replica::Replica& replica, ClientLoop& loop,
                                                        Options options);
  ~ClientSync() override;

  // --- core thread
  /// From now on this process leads if nobody else does. Before that there is no network and no lock.
  /// Does nothing when called again.
  void start_once();
  /// Looks at the settings now rather than within half a second.
  void settings_changed() { read_settings(); }
  /// ClientLoop::Turn.
  base::Instant turn(bool committed);
  /// Ends leadership and network. False when a thread still hangs in name resolution after `limit`: leave
  /// the process without destroying this object.
  bool stop(std::chrono::milliseconds limit);
  /// The hub this process is configured for, as find_access last said; nothing without one.
  const std::optional<net::client::HubAccess>& access() const { return access_; }

  // --- agent::SyncControl
  void local_commit() override;
  void request_sync() override;
  agent::SyncReport report() override;
  bool is_settled(const model::WorkspaceId& workspace) override;
  void when_settled(std::function<bool()> condition, std::function<base::Instant()> deadline,
                    std::function<void()> then) override;
  void when_history_is_whole(const model::WorkspaceId& workspace, std::function<base::Instant()> deadline,
                             std::function<void()> then) override;
  bool is_introduced() override { return is_introduced_; }
  void when_introduced(std::function<base::Instant()> deadline, std::function<void()> then) override;

 private:
  using Inbox = base::BoundedQueue<replica::EngineMessage>;
  struct Parked {
    std::function<bool()> condition;
    std::function<base::Instant()> deadline;
    std::function<void()> then;
  };
  /// What the leader runs. The inbox is its own, so that messages of an earlier network are not heard.
  struct Running {
    std::shared_ptr<Inbox> inbox;
    std::unique_ptr<net::client::HttpHubClient> network;
    std::unique_ptr<replica::Engine> engine;
    std::optional<replica::EngineMessage> held; // taken out of the inbox and not yet applied
    base::Instant due{};
    std::optional<std::vector<model::Presence>> told; // the sessions the engine knows of
  };
  struct Stepped {
    bool applied = false;  // something the network brought
    bool has_more = false; // to apply at once
  };

  /// What the processes of a store share beside the database.
  struct Files {
    SyncRequests requests;
    std::unique_ptr<Leadership> leadership;
  };

  ClientSync(replica::Replica& replica, ClientLoop& loop, Options options, Files files);

  void beat();
  void tell_presence();
  void read_settings();
  base::Result<> run_engine();
  void retire_engine();
  void lose_engine(const base::Error& error);
  base::Result<Stepped> step_engine(bool committed);
  std::optional<replica::EngineMessage> next_message();
  bool take_sync_requests();
  base::Result<> publish();
  void follow();
  void look_for_commits(bool& committed);
  void note_unindexed();
  base::Instant index_slice();
  base::Instant settle_parked();
  base::Result<> want_history(const model::WorkspaceId& workspace);
  bool has_whole_history(const model::WorkspaceId& workspace);
  bool has_met_hub();
  bool is_indexed_soon();
  base::Instant now() { return replica_.clock().instant(); }

  replica::Replica& replica_;
  ClientLoop& loop_;
  const Options options_;
  SyncRequests requests_;
  std::unique_ptr<Leadership> leadership_;
  SessionFiles sessions_;

  bool is_started_ = false;
  std::atomic<bool> is_introduced_ = false;
  std::optional<net::client::HubAccess> access_;
  std::optional<base::Error> obstacle_; // why there is no sync in spite of a hub
  std::string settings_stamp_;
  base::Instant beat_at_{}, lead_again_at_{}, look_at_{};
  std::int64_t data_version_ = 0;
  std::optional<Running> running_;                                   // while leading
  std::vector<std::unique_ptr<net::client::HttpHubClient>> retired_; // with threads that still end
  std::uint64_t requests_taken_ = 0;                                 // by the engine
  std::uint64_t own_request_ = 0;                                    // the last one of this process
  bool has_committed_ = false;                                       // locally, since the engine's last step
  bool asked_since_commit_ = false; // for a sync, since the last commit of this process
  bool may_need_index_ = true;
  base::Instant index_at_{}, index_by_{}; // when to index what came, and when at the latest
  std::list<Parked> parked_;

  mutable std::mutex mutex_;
  agent::SyncReport report_;             // guarded by mutex_
  std::set<model::WorkspaceId> settled_; // guarded by mutex_
  std::uint64_t answered_ = 0;           // guarded by mutex_
};

} // namespace memsync::app
