#include "model/merge_register.h"

#include <algorithm>
#include <fmt/format.h>

#include "model/limits.h"
#include "model/text_merge.h"

namespace memsync::model {

using base::Error;
using base::ErrorCode;
using base::Hash128;

namespace {

/// The same on hub and replicas, so that what a replica shows before the hub answered is the same conflict.
ConflictId conflict_id(const Operation& operation, Field field) {
  const base::Sha256 digest =
      base::sha256(fmt::format("conflict:{}:{}", operation.hash.hex(), name_of(field)));
  return ConflictId::from_bytes(
      std::span<const std::uint8_t, ConflictId::k_length>(digest.data(), ConflictId::k_length));
}

} // namespace

bool RegisterMerge::was_changed_unseen(const Node& node) const {
  bool changed = false;
  for_each_register(node, [&](Field, const auto& reg) { changed = changed || is_unseen(reg.stamp); });
  return changed;
}

Stamp RegisterMerge::stamp_over(const Stamp& seen) const {
  Stamp own = stamp();
  own.clock = std::max(own.clock, Hlc{seen.clock.value + 1});
  return own;
}

void RegisterMerge::set_fields(Node& node) {
  const FieldChanges& f = op_.fields;
  if (f.kind) set(node, Field::kind, node.kind, *f.kind);
  if (f.type) set(node, Field::type, node.type, *f.type);
  if (f.title) set(node, Field::title, node.title, *f.title);
  if (f.content) set_content(node, *f.content);
  if (f.importance) set(node, Field::importance, node.importance, *f.importance);
  if (f.context) set(node, Field::context, node.context, *f.context);
  if (f.completed) set(node, Field::completed, node.completed, *f.completed);
  if (f.assignee) set(node, Field::assignee, node.assignee, *f.assignee);
  if (f.strategy) set(node, Field::strategy, node.strategy, *f.strategy);
  if (f.tags) set_tags(node, *f.tags);
  if (f.use_count) add_uses(node, *f.use_count);
}

void RegisterMerge::set_tags(Node& node, const SetChange& change) {
  std::vector<std::string> tags;
  for (const std::string& tag : node.tags.value)
    if (std::find(change.remove.begin(), change.remove.end(), tag) == change.remove.end())
      tags.push_back(tag);
  tags.insert(tags.end(), change.add.begin(), change.add.end());
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  const bool is_seen = !is_unseen(node.tags.stamp);
  // Two who stayed within the limit may exceed it together; neither loses a tag for that.
  if (!was_edited_unseen(node) && tags.size() > limits::k_tags && tags.size() > node.tags.value.size()) {
    outcome_.rejection =
        Error{ErrorCode::too_large, fmt::format("the node would have {} tags, the limit is {}: "
                                                "remove some first",
                                                tags.size(), limits::k_tags)};
    return;
  }
  (is_seen ? tally.applied : tally.merged) = true;
  write(node.tags, Field::tags, std::move(tags));
}

void RegisterMerge::add_uses(Node& node, std::int64_t increment) {
  (is_unseen(node.use_count.stamp) ? tally.merged : tally.applied) = true;
  write(node.use_count, Field::use_count, node.use_count.value + increment);
}

bool RegisterMerge::has_seen_text(const Register<std::string>& content, const TextChange& change) const {
  if (content.stamp.sequence <= op_.base || Hash128::of(content.value) == change.base_text_hash) return true;
  // Without a hash of what was seen, only the stamp tells.
  return change.base_text_hash == Hash128{} && !is_unseen(content.stamp);
}

void RegisterMerge::set_content(Node& node, const TextChange& change, std::optional<std::string> seen) {
  Register<std::string>& content = node.content;
  if (seen ? content.value == *seen : has_seen_text(content, change)) {
    tally.applied = true;
    return write(content, Field::content, change.text);
  }
  if (content.value == change.text) return agree(Field::content, content);
  switch (op_.strategy) {
    case Strategy::client_wins: return overwrite(node, Field::content, content, change.text);
    case Strategy::server_wins: return lose(node, Field::content, value_text(change.text));
    case Strategy::manual:
    case Strategy::merge: break;
  }
  merge_content(node, change, seen ? std::move(seen) : find_base_text(node, change.base_text_hash));
}

void RegisterMerge::merge_content(Node& node, const TextChange& change,
                                  const std::optional<std::string>& base) {
  Register<std::string>& content = node.content;
  std::optional<TextMerge> merged;
  if (base) merged = merge_text(*base, change.text, content.value);
  if (merged && merged->text.size() > limits::k_content_bytes) merged.reset();
  if (op_.strategy == Strategy::manual || !merged || merged->has_conflict)
    return open_conflict(node, ConflictKind::field, Field::content, value_text(change.text),
                         merged ? value_text(merged->text) : "",
                         base ? std::optional(value_text(*base)) : std::nullopt);
  tally.merged = true;
  // The text as its author wrote it is the base of that author's next change (State::find_text).
  if (merged->text != change.text) note_lost(node.id, Field::content, value_text(change.text), stamp());
  write(content, Field::content, std::move(merged->text));
}

std::optional<std::string> RegisterMerge::find_base_text(const Node& node, const Hash128& hash) const {
  if (hash == Hash128::of("")) return "";
  auto text = text_in(state_.find_value_at(node.id, Field::content, op_.base));
  if (!text || Hash128::of(*text) != hash) text = state_.find_text(node.id, hash, op_.base);
  if (text && Hash128::of(*text) != hash) text.reset();
  return text;
}

void RegisterMerge::lose(const Node& node, Field field, std::string value) {
  note_lost(node.id, field, std::move(value), stamp());
  tally.superseded = true;
}

void RegisterMerge::open_conflict(const Node& node, ConflictKind kind, Field field, std::string local,
                                  std::string proposed, std::optional<std::string> base) {
  if (!base) base = state_.find_value_at(node.id, field, op_.base);
  Conflict conflict;
  conflict.id = conflict_id(op_, field);
  conflict.kind = kind;
  conflict.node = node.id;
  conflict.field = field;
  conflict.base = std::move(base).value_or("");
  conflict.local = std::move(local);
  conflict.server = register_text(node, field);
  conflict.proposed = std::move(proposed);
  conflict.local_stamp = stamp();
  for_each_register(node, [&](Field each, const auto& reg) {
    if (each == field) conflict.server_stamp = reg.stamp;
  });
  if (kind == ConflictKind::field) note_lost(node.id, field, conflict.local, conflict.local_stamp);
  conflict.opened = commit_.sequence;
  outcome_.conflicts.push_back(std::move(conflict));
  tally.conflict = true;
}

} // namespace memsync::model
