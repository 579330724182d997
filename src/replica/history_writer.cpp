#include "replica/history_writer.h"

#include "model/register_text.h"

namespace memsync::replica {

using model::Entry;
using model::Field;
using model::Node;
using model::NodeEffect;
using model::NodeId;
using model::OperationKind;
using storage::Statement;

namespace {

/// Bounds the walk to a root when damage has closed the tree into a ring.
constexpr std::size_t k_max_walk = 10'000;

/// The node an entry is about; empty when neither entry nor tree tell.
NodeId subject_of(const Entry& entry, model::State& tree) {
  switch (entry.kind) {
    case OperationKind::comment: {
      if (!entry.comments.empty()) return entry.comments.front().node;
      const auto comment = tree.find_comment(model::id_cast<model::CommentId>(entry.target));
      return comment ? comment->node : NodeId{};
    }
    case OperationKind::relate:
    case OperationKind::unrelate: {
      if (!entry.relationships.empty()) return entry.relationships.front().from;
      const auto found = tree.find_relationship(model::id_cast<model::RelationshipId>(entry.target));
      return found ? found->from : NodeId{};
    }
    case OperationKind::resolve: {
      if (!entry.conflicts.empty()) return entry.conflicts.front().node;
      const auto conflict = tree.find_conflict(model::id_cast<model::ConflictId>(entry.target));
      return conflict ? conflict->node : NodeId{};
    }
    case OperationKind::create:
    case OperationKind::update:
    case OperationKind::remove:
    case OperationKind::restore:
    case OperationKind::move:
    case OperationKind::complete:
    case OperationKind::reopen:
    case OperationKind::assign: return model::id_cast<NodeId>(entry.target);
  }
  return {};
}

NodeId root_above(model::State& tree, NodeId id) {
  for (std::size_t steps = 0; steps < k_max_walk; ++steps) {
    const auto link = tree.find_link(id);
    if (!link || link->parent.is_empty()) return id;
    id = link->parent;
  }
  return id;
}

/// The text of every register of `before` that was ever set, by field.
std::optional<std::string> old_text(const std::optional<Node>& before, Field field) {
  if (!before) return std::nullopt;
  bool was_set = false;
  model::for_each_register(*before, [&](Field each, const auto& reg) {
    if (each == field) was_set = !(reg.stamp == model::Stamp{});
  });
  return was_set ? std::optional(model::register_text(*before, field)) : std::nullopt;
}

} // namespace

void HistoryWriter::record(const Entry& entry, ReplicaState& confirmed_before) {
  record(entry, confirmed_before, [&](const NodeId& id) { return confirmed_before.find_confirmed(id); });
}

void HistoryWriter::record(const Entry& entry, model::State& tree, const FindBefore& find_before) {
  const NodeId subject = subject_of(entry, tree);
  const auto about = std::find_if(entry.nodes.begin(), entry.nodes.end(),
                                  [&](const NodeEffect& effect) { return effect.node.id == subject; });
  const bool is_new = about != entry.nodes.end() && about->is_new;
  const std::optional<Node> before = is_new || subject.is_empty() ? std::nullopt : find_before(subject);

  std::string title = before ? before->title.value : "";
  NodeId parent = before ? before->place.value.parent : NodeId{};
  if (about != entry.nodes.end()) {
    if (about->fields.has(Field::title)) title = about->node.title.value;
    if (about->fields.has(Field::place)) parent = about->node.place.value.parent;
  }
  const NodeId document = parent.is_empty() ? subject : root_above(tree, parent);
  if (!put_log(entry, subject, document, title)) return;

  for (const NodeEffect& effect : entry.nodes)
    if (!effect.is_new)
      record_node(entry, effect, effect.node.id == subject ? before : find_before(effect.node.id));
  for (const model::LostValue& lost : entry.lost)
    put_change(entry, lost.node, lost.field, true, std::nullopt, lost.value);
}

void HistoryWriter::record_node(const Entry& entry, const NodeEffect& effect,
                                const std::optional<Node>& before) {
  model::for_each_register(effect.node, [&](Field field, const auto& reg) {
    if (!effect.fields.has(field)) return;
    const std::optional<std::string> old_value = old_text(before, field);
    std::string new_value;
    model::append_value(new_value, reg.value);
    if (old_value != new_value) put_change(entry, effect.node.id, field, false, old_value, new_value);
  });
}

void HistoryWriter::put_change(const Entry& entry, const NodeId& node, Field field, bool lost,
                               const std::optional<std::string>& old_value, const std::string& new_value) {
  txn_.run(
      "INSERT OR REPLACE INTO change (workspace, sequence, node, field, lost, old_value, new_value) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      workspace_.value, entry.sequence.value, node, model::name_of(field), lost, old_value, new_value);
}

/// Whether the log has that row of this epoch; a row of another one is about to be replaced.
bool HistoryWriter::is_known(model::Sequence sequence) {
  if (!newest_) {
    Statement row = txn_.prepare("SELECT max(sequence) FROM log WHERE workspace = ?1");
    row.bind_all(workspace_.value);
    newest_ = row.step() ? row.column_u64(0) : 0;
  }
  if (sequence.value > *newest_) return newest_ = sequence.value, false;
  Statement known = txn_.prepare("SELECT epoch FROM log WHERE workspace = ?1 AND sequence = ?2");
  known.bind_all(workspace_.value, sequence.value);
  if (!known.step()) return false;
  if (known.column_u64(0) == epoch_.value) return true;
  known.reset();
  txn_.run("DELETE FROM change WHERE workspace = ?1 AND sequence = ?2", workspace_.value, sequence.value);
  return false;
}

bool HistoryWriter::put_log(const Entry& entry, const NodeId& node, const NodeId& document,
                            const std::string& title) {
  if (is_known(entry.sequence)) return false;
  txn_.run(
      "INSERT OR REPLACE INTO log (workspace, sequence, epoch, replica, n, kind, target, node, document, "
      "title, "
      "author, client, session, project, at, tx, status, code) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
      workspace_.value, entry.sequence.value, epoch_.value, entry.replica.view(), entry.n,
      entry.newer_kind.empty() ? model::name_of(entry.kind) : std::string_view(entry.newer_kind),
      entry.target.view(), node.view(), document.view(), title, entry.by.author.view(), entry.by.client,
      entry.by.session, entry.by.project, entry.at, entry.tx.view(), model::name_of(entry.status),
      entry.code ? base::error_info(*entry.code).name : std::string_view());
  return true;
}

} // namespace memsync::replica
