#include "tests/sim/model/hub.h"

#include <algorithm>

namespace memsync::model_sim {

using model::Operation;
using model::ReplicaId;
using model::Sequence;

PushAnswer HubWorkspace::push(const ReplicaId& replica, model::Epoch epoch,
                              const std::vector<Operation>& operations, base::Timestamp now,
                              const OnCommit& on_commit) {
  std::vector<Accepted>& accepted = accepted_[replica];
  if (epoch.value != 0 && epoch != epoch_) return OtherEpoch{epoch_, accepted.size()};
  Pushed answer{epoch_, {}, 0, {}};
  for (const Operation& operation : operations) {
    if (operation.n > accepted.size() + 1) return Gap{};
    if (operation.n == accepted.size() + 1) {
      commit(replica, operation, now);
      on_commit(*log_.back(), items_);
    } else if (accepted[operation.n - 1].hash != operation.hash) {
      Forked forked;
      for (const Accepted& each : accepted) forked.accepted.push_back({each.result.n, each.hash});
      return forked;
    }
    answer.results.push_back(accepted[operation.n - 1].result);
  }
  answer.head = head();
  answer.last_n = accepted.size();
  return answer;
}

void HubWorkspace::commit(const ReplicaId& replica, const Operation& operation, base::Timestamp now) {
  const model::Hlc latest{model::Hlc::from_time(now).value | 0xffffu};
  const model::Commit commit{Sequence{log_.size() + 1}, std::min(operation.clock, latest), replica, {}};
  ItemsState state(items_, history_);
  model::Outcome outcome = model::apply(state, operation, commit);

  auto row = std::make_shared<Row>();
  row->operation = operation;
  model::Entry& entry = row->entry;
  entry.sequence = commit.sequence;
  entry.replica = replica;
  entry.n = operation.n;
  entry.hash = operation.hash;
  entry.kind = operation.kind;
  entry.target = operation.target;
  entry.clock = commit.clock;
  entry.status = outcome.status;
  if (outcome.rejection) {
    require(!state.has_written(), "a rejected operation changed something");
    entry.code = outcome.rejection->code;
  }
  entry.nodes = std::move(outcome.nodes);
  entry.relationships = std::move(outcome.relationships);
  entry.comments = std::move(outcome.comments);
  entry.lost = std::move(outcome.lost);
  entry.conflicts = std::move(outcome.conflicts);
  history_.record(entry, state.before());
  accepted_[replica].push_back(
      {operation.hash, {operation.n, entry.status, entry.sequence, entry.code, std::nullopt}});
  log_.push_back(std::move(row));
}

PullAnswer HubWorkspace::pull(model::Cursor after, std::size_t limit) const {
  if (after.epoch != epoch_ || after.sequence < floor_ || after.sequence > head()) return Resync{};
  const std::size_t end = std::min<std::size_t>(log_.size(), after.sequence.value + limit);
  const auto first = log_.begin() + static_cast<std::ptrdiff_t>(after.sequence.value);
  return Page{epoch_, after.sequence, head(), Rows(first, log_.begin() + static_cast<std::ptrdiff_t>(end))};
}

SnapshotOpened HubWorkspace::open_snapshot(const ReplicaId& replica, const std::vector<Mark>& outstanding) {
  // A session of an earlier epoch must not pass for one of this.
  SnapshotOpened opened{epoch_.value * 1'000'000 + ++last_session_, epoch_, head(), {}};
  const std::vector<Accepted>& accepted = accepted_[replica];
  for (const Mark& mark : outstanding)
    if (mark.n <= accepted.size() && accepted[mark.n - 1].hash == mark.hash &&
        accepted[mark.n - 1].result.status != model::Status::rejected)
      opened.contains.push_back(mark.n);
  sessions_[opened.session] = opened.at;
  if (sessions_.size() > 8) sessions_.erase(sessions_.begin());
  return opened;
}

SnapshotAnswer HubWorkspace::snapshot_page(std::uint64_t session, const model::NodeId& after,
                                           std::size_t limit) const {
  if (!sessions_.contains(session)) return Resync{};
  SnapshotPage page;
  page.session = session;
  if (after.is_empty()) {
    page.items = items_;
    page.items.nodes.clear();
  }
  auto at = items_.nodes.upper_bound(after);
  for (; at != items_.nodes.end() && page.items.nodes.size() < limit; ++at) page.items.nodes.insert(*at);
  if (!page.items.nodes.empty()) page.next_key = page.items.nodes.rbegin()->first;
  if (at == items_.nodes.end()) page.end = head();
  return page;
}

void HubWorkspace::compact(Sequence floor) {
  for (const auto& [session, at] : sessions_) floor = std::min(floor, at);
  floor_ = std::max(floor_, floor);
}

void HubWorkspace::renew(model::Epoch epoch) {
  epoch_ = epoch;
  sessions_.clear();
}

} // namespace memsync::model_sim
