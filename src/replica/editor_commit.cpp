#include <fmt/format.h>

#include "base/json.h"
#include "base/utf8.h"
#include "model/limits.h"
#include "replica/editor.h"
#include "replica/history_writer.h"
#include "wire/operation_codec.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::NodeId;
using model::Operation;
using model::Outcome;
using storage::Statement;

namespace {

/// No host repeats a call later.
constexpr std::chrono::hours k_calls_kept{24};

/// What a process claims about itself comes from its environment: cut to what an operation may carry.
std::string claim(std::string_view text) {
  if (!base::is_valid_utf8(text) || text.find('\0') != std::string_view::npos) return {};
  return std::string(base::truncate_utf8(text, model::limits::k_provenance_bytes));
}

/// Context is a JSON object in canonical form, so that equal ones are equal texts.
Result<> make_canonical(std::optional<std::string>& context) {
  if (!context || context->empty()) return {};
  const auto json = base::parse_json(*context);
  if (!json || !json->is_object())
    return Error{ErrorCode::validation, fmt::format("context is no JSON object{}{}", json ? "" : ": ",
                                                    json ? "" : json.error().message)};
  *context = base::dump_json(*json);
  return {};
}

/// The state of the local workspace, which keeps nodes as they were before the operation wrote them.
class Remembering final : public model::State {
 public:
  explicit Remembering(ReplicaState& state) : state_(state) {}

  std::optional<model::Node> find_before(const NodeId& id) {
    const auto at = before_.find(id);
    return at == before_.end() ? state_.find_node(id) : at->second;
  }

  std::optional<model::Node> find_node(const NodeId& id) override { return state_.find_node(id); }
  std::optional<model::TreeLink> find_link(const NodeId& id) override { return state_.find_link(id); }
  std::optional<model::Relationship> find_relationship(const model::RelationshipId& id) override {
    return state_.find_relationship(id);
  }
  std::optional<model::Comment> find_comment(const model::CommentId& id) override {
    return state_.find_comment(id);
  }
  std::optional<model::Conflict> find_conflict(const model::ConflictId& id) override {
    return state_.find_conflict(id);
  }
  std::vector<NodeId> nodes_edited_after(model::Sequence sequence) override {
    return state_.nodes_edited_after(sequence);
  }
  std::optional<std::vector<NodeId>> find_children(const NodeId& id) override {
    return state_.find_children(id);
  }
  std::optional<std::string> find_value_at(const NodeId& id, model::Field field,
                                           model::Sequence sequence) override {
    return state_.find_value_at(id, field, sequence);
  }
  std::optional<std::string> find_text(const NodeId& id, const base::Hash128& hash,
                                       model::Sequence after) override {
    return state_.find_text(id, hash, after);
  }
  void put_node(const model::Node& node, model::FieldSet fields) override {
    if (!before_.contains(node.id)) before_[node.id] = state_.find_node(node.id);
    state_.put_node(node, fields);
  }
  void put_relationship(const model::Relationship& relationship) override {
    state_.put_relationship(relationship);
  }
  void put_comment(const model::Comment& comment) override { state_.put_comment(comment); }
  void put_conflict(const model::Conflict& conflict) override { state_.put_conflict(conflict); }

 private:
  ReplicaState& state_;
  std::map<NodeId, std::optional<model::Node>> before_;
};

model::Entry entry_of(const Operation& operation, const Outcome& outcome, model::Sequence sequence,
                      const model::ReplicaId& replica, const model::UserId& user, base::Timestamp at) {
  model::Entry entry;
  entry.sequence = sequence;
  entry.replica = replica;
  entry.n = operation.n;
  entry.hash = operation.hash;
  entry.kind = operation.kind;
  entry.target = operation.target;
  entry.by = {user, operation.client, operation.session, operation.project};
  entry.at = at;
  entry.clock = operation.clock;
  entry.tx = operation.tx;
  entry.status = outcome.status;
  entry.nodes = outcome.nodes;
  entry.relationships = outcome.relationships;
  entry.comments = outcome.comments;
  entry.lost = outcome.lost;
  entry.conflicts = outcome.conflicts;
  return entry;
}

} // namespace

Result<> Editor::commit(Operation operation) {
  const std::string_view kind = model::name_of(operation.kind);
  auto done = commit_checked(std::move(operation));
  if (!done) done.error().message = fmt::format("{}: {}", kind, done.error().message);
  return done;
}

Result<> Editor::commit_checked(Operation operation) {
  TRY(check_role(operation));
  TRY(make_canonical(operation.fields.context));
  complete(operation);
  TRY(model::validate(operation));
  TRY(check_unchanged(operation));
  TRY(check_size(operation));
  const bool is_local = workspace_.kind == model::WorkspaceKind::local;
  TRY_ASSIGN(Outcome outcome, is_local ? apply_to_log(operation) : apply_to_outbox(operation));
  write_.run("UPDATE store SET clock = ?1", operation.clock.value);
  if (operation.fields.strategy) strategies_.clear();
  if (receipt_.operations.empty() && !context_.call.empty()) record_call();
  receipt_.operations.push_back(std::move(operation));
  receipt_.outcomes.push_back(std::move(outcome));
  return {};
}

void Editor::record_call() {
  write_.run("DELETE FROM tool_call WHERE at < ?1", now_ - k_calls_kept);
  write_.run("INSERT INTO tool_call (key, at, answer) VALUES (?1, ?2, '') ON CONFLICT DO NOTHING",
             context_.call, now_);
}

void Editor::forget_rejected(const model::ReplicaId& replica, std::uint64_t n) {
  write_.run("DELETE FROM rejected WHERE workspace = ?1 AND replica = ?2 AND n = ?3", workspace_.key.value,
             replica, n);
}

void Editor::keep_answer(std::string_view answer) {
  write_.run("UPDATE tool_call SET answer = ?2 WHERE key = ?1", context_.call, answer);
}

/// Everything of an operation that does not depend on what it is for.
void Editor::complete(Operation& operation) {
  Statement store = txn_.prepare("SELECT clock, clock_offset FROM store");
  std::chrono::milliseconds offset{0};
  model::Hlc last;
  if (store.step()) {
    last.value = store.column_u64(0);
    offset = std::chrono::milliseconds(store.column_int64(1));
  }
  operation.n = workspace_.next_n;
  operation.base = std::min(context_.base.value_or(workspace_.cursor.sequence), workspace_.cursor.sequence);
  operation.clock = model::Hlc::next(last, now_ + offset);
  operation.client = claim(context_.claims.client);
  operation.session = claim(context_.claims.session);
  operation.project = claim(context_.claims.project);
  operation.strategy = context_.strategy ? *context_.strategy : strategy_for(operation.document);
  operation.if_base = context_.base_version.has_value();
  if (!context_.alone) operation.tx = tx_;
  wire::seal(operation);
}

model::Strategy Editor::strategy_for(const model::DocumentId& document) {
  auto known = strategies_.find(document);
  if (known == strategies_.end()) {
    const auto root = overlay_.state().find_node(document);
    known = strategies_.emplace(document, root ? root->strategy.value : std::nullopt).first;
  }
  return known->second.value_or(workspace_.strategy);
}

Result<> Editor::check_size(const Operation& operation) {
  const std::size_t bytes = wire::encode_operation(operation).size();
  if (bytes > model::limits::k_operation_bytes)
    return Error{ErrorCode::too_large,
                 fmt::format("the operation takes {} bytes, the limit is {}: split the text", bytes,
                             model::limits::k_operation_bytes)};
  if (context_.alone) return {};
  tx_bytes_ += bytes;
  if (receipt_.operations.size() == model::limits::k_tx_operations || tx_bytes_ > model::limits::k_tx_bytes)
    return Error{ErrorCode::too_large,
                 fmt::format("one edit has at most {} operations and {} bytes: make several edits",
                             model::limits::k_tx_operations, model::limits::k_tx_bytes)};
  return {};
}

Result<Outcome> Editor::apply_to_outbox(const Operation& operation) {
  // Before applying: a move leaves the document it is found in, and a resolved conflict still names its node.
  const NodeId node = node_of(overlay_.state(), operation);
  Outcome outcome = overlay_.apply(operation);
  if (outcome.rejection) return *std::move(outcome.rejection);
  insert_into_outbox(write_, workspace_.key, operation, node, now_);
  workspace_.next_n += 1;
  write_.run("UPDATE workspace SET next_n = ?2 WHERE key = ?1", workspace_.key.value, workspace_.next_n);
  receipt_.last_n = operation.n;
  return outcome;
}

Result<Outcome> Editor::apply_to_log(const Operation& operation) {
  const model::Sequence sequence{workspace_.cursor.sequence.value + 1};
  Remembering state(overlay_.state());
  Outcome outcome = model::apply(state, operation, {sequence, operation.clock, workspace_.replica, user_});
  if (outcome.rejection) return *std::move(outcome.rejection);
  HistoryWriter(write_, workspace_.key, workspace_.cursor.epoch)
      .record(entry_of(operation, outcome, sequence, workspace_.replica, user_, now_), state,
              [&](const NodeId& id) { return state.find_before(id); });
  workspace_.next_n += 1;
  workspace_.cursor.sequence = sequence;
  workspace_.head = sequence;
  write_.run("UPDATE workspace SET next_n = ?2, cursor = ?3, head = ?3 WHERE key = ?1", workspace_.key.value,
             workspace_.next_n, sequence.value);
  return outcome;
}

} // namespace memsync::replica
