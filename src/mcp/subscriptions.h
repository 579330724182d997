#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/exchange.h"
#include "mcp/provider.h"

namespace memsync::mcp {

inline constexpr std::size_t k_max_listens = 64;
inline constexpr std::size_t k_max_subscribed_uris = 1024; // per listen, and of a legacy session

/// What a `subscriptions/listen` request opted in to (revision 2026-07-28).
struct SubscriptionFilter {
  bool tools = false;
  bool prompts = false;
  bool resources = false;
  std::set<std::string, std::less<>> uris;
};

/// Reads `params.notifications`; -32602 when it is missing, of a wrong type or too long. What the
/// server never announces is left out, and so is not acknowledged.
wire::RpcResult<SubscriptionFilter> parse_subscription_filter(const wire::Json& params,
                                                              const ChangingLists& announced,
                                                              bool has_resources);

enum class ListKind { tools, prompts, resources };

/// Who wants to hear of changes, in both eras: a legacy session hears of every list and of the
/// resources it subscribed to; a modern client hears on each open `subscriptions/listen` of what that
/// one asked for. Thread-safe.
class Subscriptions {
 public:
  explicit Subscriptions(std::shared_ptr<Outlet> outlet) : outlet_(std::move(outlet)) {}

  /// A legacy session begins (again): earlier subscriptions of it are forgotten.
  void open_session();
  /// False when the session has k_max_subscribed_uris already.
  bool subscribe(std::string_view uri);
  void unsubscribe(std::string_view uri);

  /// Acknowledges and keeps `exchange` open until it is cancelled or end_listens(). False when there
  /// are k_max_listens already.
  bool listen(const std::shared_ptr<Exchange>& exchange, SubscriptionFilter filter);
  /// Ends every listen with its result; `result` lacks only the subscription id.
  void end_listens(const wire::Json& result);
  std::size_t count_listens();

  void list_changed(ListKind kind);
  void resource_updated(std::string_view uri);
  /// Every URI that somebody wants to hear of, as it was subscribed to.
  std::set<std::string, std::less<>> subscribed_uris();

 private:
  struct Listen {
    std::shared_ptr<Exchange> exchange;
    SubscriptionFilter filter;
  };

  void drop_closed();
  static void notify(const Listen& listen, std::string_view method, wire::Json params);

  const std::shared_ptr<Outlet> outlet_;
  std::mutex mutex_;
  bool has_session_ = false;                        // guarded by mutex_
  std::set<std::string, std::less<>> session_uris_; // guarded by mutex_
  std::vector<Listen> listens_;                     // guarded by mutex_
};

} // namespace memsync::mcp
