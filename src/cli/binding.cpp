#include "cli/binding.h"

namespace memsync::cli {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

Result<> check(const replica::Reader::Account& account, std::string_view hub, const model::UserId& user) {
  if (!account.hub.empty() && account.hub != hub)
    return Error{
        ErrorCode::permission,
        fmt::format("this memory belongs to the hub {}: use another MEMSYNC_HOME for {}", account.hub, hub)};
  if (!user.is_empty() && !account.user.is_empty() && account.user != user)
    return Error{ErrorCode::permission,
                 fmt::format("this memory belongs to {} on {}: use another MEMSYNC_HOME for another account",
                             account.name.empty() ? account.user.str() : account.name, account.hub)};
  return {};
}

} // namespace

Result<> check_binding(replica::Replica& replica, std::string_view hub, const model::UserId& user) {
  return replica.read([&](replica::Reader& reader) { return check(reader.account(), hub, user); });
}

Result<> bind_store(replica::Replica& replica, std::string_view hub) {
  TRY_ASSIGN(const auto account,
             replica.read([](replica::Reader& reader) -> Result<replica::Reader::Account> {
               return reader.account();
             }));
  if (account.hub == hub) return {};
  return replica.database().write([&](storage::WriteTxn& txn) -> Result<> {
    replica::Reader reader(txn, replica.clock().now());
    TRY(check(reader.account(), hub, {}));
    txn.run("UPDATE store SET hub = ?1", hub);
    return {};
  });
}

} // namespace memsync::cli
