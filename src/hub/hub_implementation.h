#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "hub/accounts.h"
#include "hub/authorize.h"
#include "hub/commit_queue.h"
#include "hub/hub.h"
#include "hub/postbox.h"
#include "hub/push.h"

namespace memsync::hub {

/// How many rows a page of a list has that somebody asked `limit` of; 0: they did not say.
inline std::size_t page_size(std::size_t limit) {
  return limit == 0 ? model::limits::k_default_rows : std::min(limit, model::limits::k_max_rows);
}

/// A page of a list ends at about as many bytes of values, so that many full nodes are not one answer.
inline constexpr std::size_t k_page_bytes = std::size_t{1} << 20;

/// What the methods of Hub share. They are in hub.cpp (who and where) and in hub_*.cpp, a file for each
/// subject.
class Hub::Implementation {
 public:
  Implementation(base::Clock& clock_source, base::Random& random_source, HubStore& store_used,
                 Broker& broker_used, HubOptions options_given);
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;
  ~Implementation();

  void start_threads();
  bool has_threads() const { return options.threads == HubOptions::Threads::own; }

  /// A change that `principal` makes in `workspace` with `permission`: `f(Work&, Role)` in a transaction.
  template <class F>
  auto change(const Principal& principal, model::Permission permission, const model::WorkspaceId& workspace,
              F&& f) {
    using R = std::invoke_result_t<F, Work&, model::Role>;
    std::optional<wire::Problem> refused;
    auto answer = queue.write(
        [&](StoreTxn& txn) -> R {
          const base::Timestamp now = clock.now();
          const auto role = hub::authorize(txn, principal, permission, workspace, now);
          refused = role ? std::nullopt : std::optional(role.error());
          if (!role) return role.error();
          Work work{txn, random, now, principal.user};
          return f(work, *role);
        },
        has_threads());
    note_denial(principal, workspace, refused, answer);
    return answer;
  }

  /// The same for reading: `f(StoreReader&, Role)`.
  template <class F>
  auto read(const Principal& principal, model::Permission permission, const model::WorkspaceId& workspace,
            F&& f) {
    using R = std::invoke_result_t<F, StoreReader&, model::Role>;
    std::optional<wire::Problem> refused;
    auto answer = store.read([&](StoreReader& reader) -> R {
      const auto role = hub::authorize(reader, principal, permission, workspace, clock.now());
      refused = role ? std::nullopt : std::optional(role.error());
      if (!role) return role.error();
      return f(reader, *role);
    });
    note_denial(principal, workspace, refused, answer);
    return answer;
  }

  /// Of hub_items.cpp.
  template <class Write, class Show>
  auto edit_directly(const Principal& principal, model::Permission permission,
                     const model::WorkspaceId& workspace, Write&& write, Show&& show)
      -> std::invoke_result_t<Show, const PushEffect&, StoreTxn&>;

  /// `refused` by authorize; otherwise an item that is not there is no denial: somebody mistyped its id.
  template <class T>
  void note_denial(const Principal& principal, const model::WorkspaceId& workspace,
                   const std::optional<wire::Problem>& refused, const Answer<T>& answer) {
    if (refused)
      note_denial(principal, workspace, *refused);
    else if (!answer && answer.error().code != base::ErrorCode::not_found)
      note_denial(principal, workspace, answer.error());
  }
  /// Writes denials to the audit log, in the background and not without measure; passes over other problems.
  void note_denial(const Principal& principal, const model::WorkspaceId& workspace,
                   const wire::Problem& problem);

  void push(const Principal& principal, const model::WorkspaceId& workspace, wire::PushRequest request,
            std::function<void(Answer<wire::PushAnswer>)> done);

  /// `rate_limited` with the time to wait, or nothing.
  static Answer<> limit(RateLimiter& limiter, std::string_view key, double amount, base::Instant now,
                        std::string_view what);

  base::Clock& clock;
  base::Random& random;
  HubStore& store;
  Broker& broker;
  const HubOptions options;
  model::Epoch epoch;

  Metrics metrics;
  Counter& pushed;
  Counter& rejected;
  Counter& skewed;
  Counter& denied;
  Counter& pulled;
  Counter& snapshots;
  CursorBook cursors;
  Counter& compacted;
  Counter& purged;
  base::Result<Compacted> compact();

  std::mutex digests_mutex;
  std::map<model::WorkspaceId, wire::WorkspaceDigest> digests; // guarded by it; the last one of each

  RateLimiter push_requests, push_operations, stream_opens, invitation_tries, denials;
  RateLimiter socket_opens, socket_messages, presence_reports;
  SocketTickets socket_tickets;
  Rooms rooms;
  Streams streams;
  CommitQueue queue;
  Workplace workplace{clock, random, store, queue, has_threads()};
  SignIn sign_in;
  DeviceFlow devices;
  std::unique_ptr<Postbox> postbox; // none without a mailer or without threads

 private:
  void keep_house();

  std::thread writer_, pump_, keeper_;
  std::mutex keeper_mutex_;
  std::condition_variable keeper_wake_;
  bool is_stopping_ = false; // guarded by keeper_mutex_
};

} // namespace memsync::hub
