#include "tests/sim/model/replica.h"

#include <algorithm>
#include <fmt/format.h>

namespace memsync::model_sim {

using model::Operation;
using model::Sequence;

void seal(Operation& operation) {
  operation.hash = base::Hash128::of(fmt::format("{} {}", operation.session, operation.base.value));
}

namespace {

/// Sequences of an earlier log mean nothing in another one.
void rebase(Operation& operation) {
  operation.base = {};
  seal(operation);
}

} // namespace

bool Replica::apply(Items& items, const Operation& operation) {
  const model::Commit commit{Sequence{Sequence::k_first_provisional + operation.n}, operation.clock, id_, {}};
  ItemsState state(items, history_, &outbox_);
  return !model::apply(state, operation, commit).rejection;
}

const Items& Replica::visible() {
  if (!visible_) {
    visible_ = confirmed_;
    for (const Operation& operation : outbox_) apply(*visible_, operation);
  }
  return *visible_;
}

bool Replica::write(Operation operation) {
  visible();
  operation.n = next_n_;
  operation.base = cursor_;
  seal(operation);
  if (!apply(*visible_, operation)) return false;
  clock_ = std::max(clock_, operation.clock);
  ++next_n_;
  outbox_.push_back(std::move(operation));
  return true;
}

Replica::Taken Replica::take(const Page& page) {
  for (const auto& row : page.rows) {
    const model::Entry& entry = row->entry;
    if (page.epoch != epoch_ || entry.sequence.value > cursor_.value + 1) return Taken::gap;
    if (entry.sequence <= cursor_) continue;
    if (entry.replica == id_) {
      const bool is_own = is_in_outbox(entry);
      const bool is_open = !outbox_.empty() && outbox_.front().n <= entry.n;
      if (!is_own && (is_open || entry.n >= next_n_)) return Taken::forked;
      if (is_own) acknowledge(entry.n, entry.status == model::Status::rejected);
    }
    history_.record(entry, confirmed_);
    confirmed_.install(entry);
    clock_ = std::max(clock_, entry.clock);
    cursor_ = entry.sequence;
    visible_.reset();
  }
  return Taken::all;
}

bool Replica::is_in_outbox(const model::Entry& entry) const {
  return std::any_of(outbox_.begin(), outbox_.end(), [&](const Operation& operation) {
    return operation.n == entry.n && operation.hash == entry.hash;
  });
}

void Replica::acknowledge(std::uint64_t n, bool is_rejected) {
  const auto at =
      std::find_if(outbox_.begin(), outbox_.end(), [&](const Operation& each) { return each.n == n; });
  if (at == outbox_.end()) return;
  (is_rejected ? rejected_ : acknowledged_).push_back(std::move(*at));
  outbox_.erase(at);
  visible_.reset();
}

/// What the state already holds leaves the outbox; the rest leaves with its own entry.
void Replica::note_pushed(const Pushed& answer) {
  if (answer.epoch != epoch_) return;
  for (const model::PushResult& result : answer.results)
    if (result.sequence <= cursor_) acknowledge(result.n, result.status == model::Status::rejected);
}

std::vector<Mark> Replica::sent_marks() const {
  std::vector<Mark> marks;
  for (const Operation& operation : outbox_)
    if (operation.n <= sent_) marks.push_back({operation.n, operation.hash});
  return marks;
}

void Replica::renew(model::ReplicaId id, const std::vector<Mark>& accepted) {
  std::erase_if(outbox_, [&](const Operation& operation) {
    return std::any_of(accepted.begin(), accepted.end(),
                       [&](const Mark& mark) { return mark.hash == operation.hash; });
  });
  id_ = id;
  next_n_ = 1;
  sent_ = 0;
  acknowledged_.clear(); // of the earlier id
  for (Operation& operation : outbox_) operation.n = next_n_++;
  visible_.reset();
}

void Replica::adopt(const OtherEpoch& other) {
  std::vector<Operation> again = std::move(acknowledged_);
  again.insert(again.end(), outbox_.begin(), outbox_.end());
  std::erase_if(again, [&](const Operation& operation) { return operation.n <= other.last_n; });
  std::sort(again.begin(), again.end(), [](const Operation& a, const Operation& b) { return a.n < b.n; });
  for (Operation& operation : again) rebase(operation);
  acknowledged_.clear();
  outbox_ = std::move(again);
  visible_.reset();
}

void Replica::begin_snapshot(SnapshotOpened opened) {
  staging_ = Staging{std::move(opened), {}, {}, {}, std::nullopt};
  staging_->cursor = staging_->opened.at;
}

void Replica::stage(const SnapshotPage& page) {
  if (!staging_ || staging_->opened.session != page.session || staging_->end) return;
  if (!page.items.nodes.empty() && page.items.nodes.begin()->first <= staging_->key) return; // came twice
  staging_->items.nodes.insert(page.items.nodes.begin(), page.items.nodes.end());
  staging_->items.relationships.insert(page.items.relationships.begin(), page.items.relationships.end());
  staging_->items.comments.insert(page.items.comments.begin(), page.items.comments.end());
  staging_->items.conflicts.insert(page.items.conflicts.begin(), page.items.conflicts.end());
  staging_->key = page.next_key;
  staging_->end = page.end;
}

/// False when the page is not the continuation.
bool Replica::stage_tail(const Page& page) {
  if (!staging_ || page.epoch != staging_->opened.epoch) return false;
  for (const auto& row : page.rows) {
    const model::Entry& entry = row->entry;
    if (entry.sequence <= staging_->cursor) continue;
    if (entry.sequence.value != staging_->cursor.value + 1) return false;
    staging_->items.install(entry);
    if (entry.status != model::Status::rejected && entry.replica == id_ && is_in_outbox(entry))
      staging_->opened.contains.push_back(entry.n);
    clock_ = std::max(clock_, entry.clock);
    staging_->cursor = entry.sequence;
  }
  return true;
}

void Replica::finish_snapshot() {
  require(staging_ && staging_->end && staging_->cursor >= *staging_->end, "12: a snapshot without its tail");
  const bool is_other_log = epoch_.value != 0 && epoch_ != staging_->opened.epoch;
  confirmed_ = std::move(staging_->items);
  epoch_ = staging_->opened.epoch;
  cursor_ = staging_->cursor;
  history_ = {};
  for (const std::uint64_t n : staging_->opened.contains) acknowledge(n, false);
  if (is_other_log)
    for (Operation& operation : outbox_) rebase(operation); // what was written since adopt()
  staging_.reset();
  visible_.reset();
}

} // namespace memsync::model_sim
