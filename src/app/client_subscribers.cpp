#include "app/client_subscribers.h"

#include <set>

#include "agent/resources.h"
#include "base/log.h"

namespace memsync::app {

namespace {

/// Beyond it every subscriber is better off reading again anyway.
constexpr std::size_t k_max_changes = 200;

} // namespace

void Subscribers::look() {
  std::set<std::string> changed;
  const auto done = replica_.read([&](replica::Reader& reader) -> base::Result<> {
    for (const replica::WorkspaceRow& row : reader.workspaces()) {
      const auto [seen, is_new] = seen_.try_emplace(row.id, row.cursor);
      const model::Cursor before = std::exchange(seen->second, row.cursor);
      if (is_new || before == row.cursor) continue;
      changed.insert({agent::status_uri(), agent::activity_uri(row.id)});
      replica::Reader::HistoryQuery query;
      query.from = model::Sequence{before.sequence.value + 1};
      query.limit = k_max_changes;
      TRY_ASSIGN(const auto page, reader.activity(row, query));
      for (const replica::ActivityRow& each : page.rows)
        changed.insert(agent::document_uri(row.id, each.document));
    }
    return {};
  });
  if (!done) base::log(base::LogLevel::debug, "subscribers wait: {}", done.error().message);
  for (const std::string& uri : changed) server_.resource_updated(uri);
}

} // namespace memsync::app
