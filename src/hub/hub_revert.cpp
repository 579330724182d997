#include <set>

#include "hub/direct_edit.h"
#include "hub/hub_implementation.h"
#include "model/compensation.h"
#include "model/register_text.h"
#include "wire/history_codec.h"
#include "wire/operation_codec.h"

namespace memsync::hub {

using base::ErrorCode;
using model::Field;
using model::Node;
using model::OperationKind;
using model::Permission;
using model::Role;
using model::Sequence;
using model::StepBack;
using model::WorkspaceId;
using model::WrittenChange;

namespace {

// More than this at once is not a mistake to undo but a restore from a backup.
constexpr std::size_t k_max_changes = 5'000;
// Together or not at all, and within what one transaction of a replica may hold.
constexpr std::size_t k_slice_operations = 400;
constexpr std::size_t k_slice_bytes = model::limits::k_tx_bytes / 2;

/// What the request is about, newest first, and who wrote it.
struct Found {
  std::vector<WrittenChange> changes;
  std::vector<model::UserId> authors; // each once
};

class Finder {
 public:
  Finder(StoreReader& reader, const WorkspaceId& workspace, const RevertRequest& request)
      : reader_(reader), workspace_(workspace), request_(request) {}

  Answer<Found> find() {
    constexpr std::size_t k_page_rows = 1'000;
    const Sequence after = start();
    Sequence before{reader_.log_range(workspace_).head.value + 1};
    if (request_.change) before.value = std::min(before.value, request_.change->value + 1);
    while (before.value > after.value + 1) {
      const auto rows = reader_.list_history(workspace_, before, after, k_page_rows, k_page_bytes);
      if (rows.empty()) break;
      for (const wire::HistoryRow& row : rows) take(row);
      if (found_.changes.size() > k_max_changes)
        return refuse(ErrorCode::too_large,
                      fmt::format("more than {} changes: take a later `since`", k_max_changes));
      before = rows.back().sequence;
    }
    return std::move(found_);
  }

 private:
  /// What is looked at comes after it.
  Sequence start() {
    if (request_.change) return Sequence{request_.change->value - 1};
    if (request_.to_change) return *request_.to_change;
    if (request_.to_time) return reader_.last_received_before(workspace_, *request_.to_time);
    return reader_.last_received_before(workspace_, *request_.since - std::chrono::milliseconds(1));
  }

  bool is_wanted(const wire::HistoryRow& row) const {
    if (request_.user && row.by.author != *request_.user) return false;
    if (!request_.session.empty() && row.by.session != request_.session) return false;
    if (request_.since && row.at < *request_.since) return false;
    return !request_.document || row.document == *request_.document;
  }

  void take(const wire::HistoryRow& row) {
    const auto kind = model::find_by_name<OperationKind>(row.kind);
    const auto status = model::find_by_name<model::Status>(row.status);
    if (!kind || !status || !is_wanted(row)) return;
    const std::size_t known = found_.changes.size();
    WrittenChange event{row.sequence, *kind, *status, row.target, row.node, row.title, {}, false, {}, {}};
    for (const wire::HistoryChange& each : row.changes) {
      WrittenChange change = event;
      change.field = model::find_by_name<Field>(each.field);
      if (!change.field || (request_.node && each.node != *request_.node)) continue;
      if (each.node != row.node) {
        const auto node = reader_.find_node(workspace_, each.node);
        change.title = node ? node->title.value : std::string();
      }
      change.node = each.node;
      change.is_lost = each.lost;
      change.old_value = each.old_value;
      change.new_value = each.new_value;
      found_.changes.push_back(std::move(change));
    }
    if (row.changes.empty() && (!request_.node || row.node == *request_.node))
      found_.changes.push_back(std::move(event));
    if (found_.changes.size() == known) return;
    if (std::find(found_.authors.begin(), found_.authors.end(), row.by.author) == found_.authors.end())
      found_.authors.push_back(row.by.author);
  }

  StoreReader& reader_;
  const WorkspaceId workspace_;
  const RevertRequest& request_;
  Found found_;
};

/// The operation that gives the register its earlier value.
model::Operation restore_register(DirectEdit& direct, const Node& current, Field field, const Node& wanted) {
  const auto target = model::id_cast<model::ItemId>(current.id);
  const auto start = [&](OperationKind kind) { return direct.start(kind, target); };
  if (field == Field::completed)
    return start(wanted.completed.value ? OperationKind::complete : OperationKind::reopen);
  if (field == Field::deleted)
    return start(wanted.deleted.value ? OperationKind::remove : OperationKind::restore);
  if (field == Field::place) {
    auto move = start(OperationKind::move);
    move.place = wanted.place.value;
    return move;
  }
  if (field == Field::assignee) {
    auto assign = start(OperationKind::assign);
    assign.fields.assignee = wanted.assignee.value;
    return assign;
  }
  auto update = start(OperationKind::update);
  model::FieldChanges& fields = update.fields;
  if (field == Field::kind) fields.kind = wanted.kind.value;
  if (field == Field::type) fields.type = wanted.type.value;
  if (field == Field::title) fields.title = wanted.title.value;
  if (field == Field::content)
    fields.content = model::TextChange{wanted.content.value, base::Hash128::of(current.content.value)};
  if (field == Field::tags) fields.tags = model::set_change(current.tags.value, wanted.tags.value);
  if (field == Field::importance) fields.importance = wanted.importance.value;
  if (field == Field::context) fields.context = wanted.context.value;
  if (field == Field::use_count) fields.use_count = wanted.use_count.value - current.use_count.value;
  if (field == Field::strategy) fields.strategy = wanted.strategy.value;
  return update;
}

/// Takes the steps of one slice. `reason` of a step that needs nothing is empty.
class Taker {
 public:
  Taker(StoreTxn& txn, const WorkspaceId& workspace, DirectEdit& direct, Reverted& result)
      : txn_(txn), workspace_(workspace), direct_(direct), result_(result) {}

  std::size_t bytes() const { return bytes_; }

  void take(const StepBack& step) {
    switch (step.kind) {
      case StepBack::Kind::set_register: return set_register(step);
      case StepBack::Kind::remove_node: return remove_node(step);
      case StepBack::Kind::unrelate: return unrelate(step);
    }
  }

 private:
  void set_register(const StepBack& step) {
    const auto node = txn_.find_node(workspace_, step.node);
    if (!node) return skip(step, model::k_node_is_missing);
    const std::string current = model::register_text(*node, step.field);
    const auto value = model::value_to_restore(step, current);
    if (model::is_restored(step, current) || current == value) return;
    if (!value) return skip(step, model::k_changed_again);
    Node wanted = *node;
    if (!model::set_register_text(wanted, step.field, *value)) return skip(step, model::k_value_is_unknown);
    if (const char* obstacle = find_obstacle(*node, step.field, wanted)) return skip(step, obstacle);
    if (step.field == Field::deleted) restored_.insert(step.node);
    write(step, restore_register(direct_, *node, step.field, wanted));
  }

  void remove_node(const StepBack& step) {
    const auto node = txn_.find_node(workspace_, step.node);
    if (!node || node->deleted.value) return;
    if (!step.is_forced && !is_subtree_by(*node, node->created.author))
      return skip(step, model::k_changed_by_others);
    write(step, direct_.start(OperationKind::remove, model::id_cast<model::ItemId>(step.node)));
  }

  /// Why the operation would be refused, and with it all the others: others tidied up, or left.
  const char* find_obstacle(const Node& node, Field field, const Node& wanted) {
    if (node.deleted.value && field != Field::deleted && !restored_.contains(node.id))
      return model::k_node_is_deleted;
    if (field == Field::place && !wanted.place.value.parent.is_empty() &&
        !txn_.find_node(workspace_, wanted.place.value.parent))
      return model::k_parent_is_missing;
    if (field == Field::assignee && !wanted.assignee.value.is_empty()) {
      const auto member = txn_.find_member(workspace_, wanted.assignee.value);
      if (!member || member->removed) return model::k_assignee_has_left;
    }
    return nullptr;
  }

  /// Whether the node, all below it and what is said there are of one author.
  bool is_subtree_by(const Node& node, const model::UserId& author) {
    if (!model::is_all_by(node, author)) return false;
    for (const model::Comment& comment : txn_.list_comments(workspace_, node.id))
      if (comment.created.author != author) return false;
    for (const model::NodeId& id : txn_.find_children(workspace_, node.id)) {
      const auto child = txn_.find_node(workspace_, id);
      if (child && !child->deleted.value && !is_subtree_by(*child, author)) return false;
    }
    return true;
  }

  void unrelate(const StepBack& step) {
    const auto edge = txn_.find_relationship(workspace_, model::id_cast<model::RelationshipId>(step.target));
    if (!edge || edge->deleted || edge->stamp.sequence != step.sequence) return;
    write(step, direct_.start(OperationKind::unrelate, step.target));
  }

  std::optional<Field> field_of(const StepBack& step) const {
    return step.kind == StepBack::Kind::set_register ? std::optional(step.field) : std::nullopt;
  }
  void skip(const StepBack& step, std::string reason) {
    const auto field = field_of(step);
    result_.skipped.push_back({std::string(field ? model::name_of(*field) : "create"), step.node, step.title,
                               field, std::move(reason)});
  }
  void write(const StepBack& step, model::Operation operation) {
    bytes_ += wire::encode_operation(operation).size();
    result_.operations.push_back(
        {std::string(model::name_of(operation.kind)), step.node, step.title, field_of(step), ""});
    direct_.add(std::move(operation));
  }

  StoreTxn& txn_;
  const WorkspaceId workspace_;
  DirectEdit& direct_;
  Reverted& result_;
  std::set<model::NodeId> restored_; // by operations of this slice
  std::size_t bytes_ = 0;
};

/// Undoing what somebody else wrote, all at once, needs the right to delete anybody's memory.
Answer<> check_authors(StoreReader& reader, const Principal& principal, const WorkspaceId& workspace,
                       const RevertRequest& request, const Found& found, base::Timestamp now) {
  if (!request.since) return {};
  if (!request.user && found.authors.size() > 1)
    return refuse(ErrorCode::validation, "several people reported this session id: give `user`, too");
  if (found.authors.empty() || found.authors.front() == principal.user) return {};
  TRY(authorize(reader, principal, Permission::memory_delete, workspace, now));
  return {};
}

} // namespace

Answer<Reverted> Hub::revert(const Principal& principal, const WorkspaceId& workspace,
                             const RevertRequest& request) {
  Implementation& hub = *implementation_;
  // Found without the write lock: each step looks again at what it changes.
  TRY_ASSIGN(const auto plan,
             hub.read(principal, Permission::memory_write, workspace,
                      [&](StoreReader& reader, Role) -> Answer<model::CompensationPlan> {
                        TRY_ASSIGN(const Found found, Finder(reader, workspace, request).find());
                        if (request.change && found.changes.empty())
                          return refuse(ErrorCode::not_found, "no such change in this workspace");
                        TRY(check_authors(reader, principal, workspace, request, found, hub.clock.now()));
                        const bool is_forced = request.node || request.document;
                        return model::plan_compensation(found.changes, is_forced);
                      }));
  TRY(hub.limit(hub.push_requests, principal.key(), 1, hub.clock.instant(), "edits"));
  TRY(hub.limit(hub.push_operations, principal.key(), static_cast<double>(plan.steps.size()),
                hub.clock.instant(), "operations"));
  std::size_t accepted = 0;
  auto answer =
      hub.change(principal, Permission::memory_write, workspace, [&](Work& work, Role) -> Answer<Reverted> {
        accepted = 0;
        Reverted result;
        for (auto step = plan.steps.begin(); step != plan.steps.end();) {
          DirectEdit direct(work.txn, principal, workspace, work.now);
          Taker taker(work.txn, workspace, direct, result);
          const bool removes = model::is_removal(*step);
          for (std::size_t taken = 0; step != plan.steps.end() && taken < k_slice_operations &&
                                      taker.bytes() < k_slice_bytes && model::is_removal(*step) == removes;
               ++taken)
            taker.take(*step++);
          if (direct.is_empty()) continue;
          TRY_ASSIGN(const auto effect, direct.apply());
          accepted += effect.accepted;
        }
        result.head = work.txn.lock_head(workspace);
        return result;
      });
  if (!answer) return answer;
  for (const auto& [change, reason] : plan.impossible)
    answer->skipped.push_back(
        {std::string(model::name_of(change.kind)), change.node, change.title, {}, reason});
  if (accepted == 0) return answer;
  hub.pushed.add(accepted);
  hub.broker.publish(workspace, answer->head);
  return answer;
}

} // namespace memsync::hub
