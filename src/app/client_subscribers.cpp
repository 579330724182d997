#include "app/client_subscribers.h"

#include "agent/resources.h"
#include "base/log.h"

namespace memsync::app {

using base::Result;

namespace {

/// Beyond it every subscriber is better off reading again anyway.
constexpr std::size_t k_max_changes = 200;

/// May change which documents there are, or what they are called.
bool is_about_list(const replica::ActivityRow& row) {
  return row.node == row.document && row.kind != model::OperationKind::comment;
}

} // namespace

void Subscribers::look() {
  const auto done = replica_.read([&](replica::Reader& reader) { return compare(reader); });
  if (!done) base::log(base::LogLevel::debug, "subscribers wait: {}", done.error().message);
}

Result<> Subscribers::compare(replica::Reader& reader) {
  std::map<model::WorkspaceId, Changes> changed;
  bool is_status_changed = false;
  for (const replica::WorkspaceRow& row : reader.workspaces()) {
    const Seen now{row.cursor, reader.pending_count(row)};
    const auto [seen, is_new] = seen_.try_emplace(row.id, now);
    const Seen before = std::exchange(seen->second, now);
    is_status_changed = is_status_changed || before.pending != now.pending;
    if (is_new || before.cursor == now.cursor) continue;
    TRY_ASSIGN(changed[row.id], list_changes(reader, row, before.cursor));
  }
  if (is_status_changed || !changed.empty()) tell(reader, changed);
  return {};
}

Result<Subscribers::Changes> Subscribers::list_changes(replica::Reader& reader,
                                                       const replica::WorkspaceRow& row,
                                                       const model::Cursor& before) {
  Changes changes;
  replica::Reader::HistoryQuery query;
  // Another epoch counts anew: nothing says what is different.
  changes.is_everything = before.epoch != row.cursor.epoch;
  query.from = model::Sequence{before.sequence.value + 1};
  query.limit = k_max_changes;
  TRY_ASSIGN(const auto page, reader.activity(row, query));
  changes.is_everything = changes.is_everything || !page.next_cursor.empty();
  changes.has_other_documents = changes.is_everything;
  for (const replica::ActivityRow& each : page.rows) {
    changes.documents.insert(each.document);
    changes.has_other_documents = changes.has_other_documents || is_about_list(each);
  }
  return changes;
}

void Subscribers::tell(replica::Reader& reader, const std::map<model::WorkspaceId, Changes>& changed) {
  const bool has_other_documents = std::any_of(
      changed.begin(), changed.end(), [](const auto& entry) { return entry.second.has_other_documents; });
  if (has_other_documents) server_.resources_changed();
  for (const std::string& uri : server_.subscribed_uris()) {
    const auto subject = agent::find_subject(reader, uri);
    if (!subject) continue;
    bool is_updated = !subject->workspace;
    if (subject->workspace) {
      const auto entry = changed.find(*subject->workspace);
      if (entry == changed.end()) continue;
      is_updated = !subject->document || entry->second.is_everything ||
                   entry->second.documents.contains(*subject->document);
    }
    if (is_updated) server_.resource_updated(uri);
  }
}

} // namespace memsync::app
