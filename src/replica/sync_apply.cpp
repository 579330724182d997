#include "model/limits.h"
#include "model/tree.h"
#include "replica/history_writer.h"
#include "replica/sync_transaction.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::Entry;
using storage::Statement;
using storage::WriteTxn;

namespace {

constexpr std::chrono::hours k_acknowledged_kept{7 * 24};
constexpr std::uint64_t k_acknowledged_count = 10'000;

/// A page of more is catching up: its new nodes are readable at once and indexed in slices afterwards,
/// which halves the time until a long absence is made up for.
constexpr std::size_t k_indexed_at_once = 50;

/// One page of log entries on its way into one workspace.
class Page {
 public:
  Page(WriteTxn& txn, const WorkspaceRow& row, std::size_t entries)
      : txn_(txn),
        row_(row),
        overlay_(txn, row, store_user(txn),
                 entries > k_indexed_at_once ? Indexing::deferred : Indexing::immediate),
        history_(txn, row.key, row.cursor.epoch) {}

  /// False, and nothing is done, for an operation of another store that shares this replica's id.
  bool take(const Entry& entry) {
    const Origin origin = origin_of(entry);
    if (origin == Origin::copy_of_this_store) return false;
    history_.record(entry, overlay_.state());
    if (origin == Origin::outbox) take_own(entry);
    install(entry);
    const bool is_as_expected = origin == Origin::outbox && entry.status == model::Status::applied;
    if (changes_tree(entry) && !is_as_expected) tree_changed_ = true;
    if (origin == Origin::elsewhere && may_free_from_delete(entry)) tree_changed_ = true;
    if (brings_awaited(entry)) tree_changed_ = true;
    has_new_node_ = has_new_node_ || (origin == Origin::elsewhere && makes_node(entry));
    clock_ = std::max(clock_, entry.clock);
    cursor_ = entry.sequence;
    ++applied_.entries;
    return true;
  }

  Applied finish(model::Sequence head, base::Timestamp now) {
    if (tree_changed_ && !overlay_.is_empty()) {
      overlay_.replay_all();
    } else {
      overlay_.replay(std::move(affected_));
    }
    txn_.run("UPDATE workspace SET cursor = ?2, head = max(head, ?3) WHERE key = ?1", row_.key.value,
             cursor_.value, std::max(head, cursor_).value);
    raise_clock(txn_, clock_);
    if (applied_.own > 0) trim_acknowledged();
    if (has_new_node_) applied_.queued = queue_stranded(txn_, overlay_, row_, now);
    return applied_;
  }

 private:
  enum class Origin { elsewhere, outbox, copy_of_this_store };

  Origin origin_of(const Entry& entry) {
    if (entry.replica != row_.replica) return Origin::elsewhere;
    Statement outbox = txn_.prepare("SELECT hash FROM outbox WHERE workspace = ?1 AND n = ?2");
    outbox.bind_all(row_.key.value, entry.n);
    if (!outbox.step()) return entry.n >= row_.next_n ? Origin::copy_of_this_store : Origin::elsewhere;
    return outbox.column_hash(0) == entry.hash ? Origin::outbox : Origin::copy_of_this_store;
  }

  /// An operation leaves the outbox with its own entry.
  void take_own(const Entry& entry) {
    affected_.merge(
        entry.status == model::Status::rejected
            ? keep_rejected(txn_, overlay_, row_, entry.n, entry.code.value_or(ErrorCode::internal), entry.at)
            : acknowledge(txn_, overlay_, row_, entry.n, entry.at));
    applied_.own += 1;
    applied_.merged += entry.status == model::Status::merged || entry.status == model::Status::superseded;
    applied_.conflicts += entry.status == model::Status::conflict;
    applied_.rejected += entry.status == model::Status::rejected;
  }

  void install(const Entry& entry) {
    ReplicaState& state = overlay_.state();
    for (const auto& effect : entry.nodes)
      if (state.install(effect)) affected_.insert({ItemKind::node, effect.node.id.str()});
    for (const auto& item : entry.relationships)
      if (state.install(item)) affected_.insert({ItemKind::relationship, item.id.str()});
    for (const auto& item : entry.comments)
      if (state.install(item)) affected_.insert({ItemKind::comment, item.id.str()});
    for (const auto& item : entry.conflicts)
      if (state.install(item)) affected_.insert({ItemKind::conflict, item.id.str()});
  }

  /// Where nodes are and which are deleted decides how operations on other nodes apply.
  static bool changes_tree(const Entry& entry) {
    return std::any_of(entry.nodes.begin(), entry.nodes.end(), [](const model::NodeEffect& effect) {
      return !effect.is_new &&
             (effect.fields.has(model::Field::deleted) || effect.fields.has(model::Field::place));
    });
  }

  /// Whether a delete of the outbox would, applied again, let go of what somebody else changed: one of a node
  /// above, also when a later operation of the outbox undid it.
  bool may_free_from_delete(const Entry& entry) {
    if (!outbox_deletes_) {
      Statement row =
          txn_.prepare("SELECT 1 FROM outbox WHERE workspace = ?1 AND kind IN ('delete', 'resolve') LIMIT 1");
      row.bind_all(row_.key.value);
      outbox_deletes_ = row.step();
    }
    if (!*outbox_deletes_) return false;
    const auto is_on_top = [&](const model::NodeId& id) {
      return overlay_.state().has_base({ItemKind::node, id.str()});
    };
    return std::any_of(entry.nodes.begin(), entry.nodes.end(), [&](const model::NodeEffect& effect) {
      const auto path = model::path_to_root(overlay_.state(), effect.node.id);
      return std::any_of(path.begin(), path.end(), is_on_top);
    });
  }

  bool brings_awaited(const Entry& entry) {
    const auto is_awaited = [&](const auto& item) { return overlay_.is_awaited(item.id.view()); };
    return std::any_of(
               entry.nodes.begin(), entry.nodes.end(),
               [&](const model::NodeEffect& effect) { return effect.is_new && is_awaited(effect.node); }) ||
           std::any_of(entry.relationships.begin(), entry.relationships.end(), is_awaited) ||
           std::any_of(entry.conflicts.begin(), entry.conflicts.end(), is_awaited);
  }

  static bool makes_node(const Entry& entry) {
    return std::any_of(entry.nodes.begin(), entry.nodes.end(),
                       [](const model::NodeEffect& effect) { return effect.is_new; });
  }

  /// Up to the first operation that is kept, for each replica id of this store: a look at every row took
  /// longer than applying the page.
  void trim_acknowledged() {
    const base::Timestamp oldest = hub_time(txn_, row_) - k_acknowledged_kept;
    std::optional<std::string> replica = next_acknowledged_replica("");
    for (; replica; replica = next_acknowledged_replica(*replica)) {
      // What was acknowledged when the hub's time was not known (`at` 0) has no age: it went with the first
      // row of the log, and a hub restored from a backup never got it back.
      txn_.run(
          "DELETE FROM acknowledged WHERE workspace = ?1 AND replica = ?2 AND n < coalesce((SELECT n FROM "
          "acknowledged WHERE workspace = ?1 AND replica = ?2 AND at >= ?3 AND n + ?4 >= ?5 ORDER BY n LIMIT "
          "1), 9223372036854775807) AND (at > 0 OR n + ?4 < ?5)",
          row_.key.value, *replica, oldest, k_acknowledged_count, row_.next_n);
    }
  }

  std::optional<std::string> next_acknowledged_replica(std::string_view after) {
    Statement row =
        txn_.prepare("SELECT min(replica) FROM acknowledged WHERE workspace = ?1 AND replica > ?2");
    row.bind_all(row_.key.value, after);
    if (!row.step() || row.is_null(0)) return std::nullopt;
    return std::string(row.column_text(0));
  }

  WriteTxn& txn_;
  const WorkspaceRow& row_;
  Overlay overlay_;
  HistoryWriter history_;
  std::set<ItemRef> affected_;
  bool tree_changed_ = false, has_new_node_ = false;
  std::optional<bool> outbox_deletes_; // looked up when it matters
  model::Sequence cursor_ = row_.cursor.sequence;
  model::Hlc clock_;
  Applied applied_;
};

} // namespace

Result<Applied> SyncStore::apply_entries(const model::WorkspaceId& id, model::Epoch epoch,
                                         std::span<const Entry> entries, model::Sequence head) {
  Applied applied;
  TRY(write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    if (epoch != row.cursor.epoch) return Error{ErrorCode::epoch, "these changes are of another log"};
    Page page(txn, row, entries.size());
    std::uint64_t expected = row.cursor.sequence.value + 1;
    bool is_gap = false, is_forked = false;
    for (const Entry& entry : entries) {
      if (entry.sequence.value < expected) continue;
      is_gap = entry.sequence.value > expected;
      is_forked = !is_gap && !page.take(entry);
      if (is_gap || is_forked) break;
      ++expected;
    }
    applied = page.finish(head, replica_.clock().now());
    applied.is_gap = is_gap;
    applied.is_forked = is_forked;
    return {};
  }));
  return applied;
}

} // namespace memsync::replica
