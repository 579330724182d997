#include "model/limits.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/utf8.h"
#include "model/sibling_key.h"

namespace memsync::model {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

Result<> check_text(std::string_view name, std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes)
    return Error{ErrorCode::too_large, fmt::format("{} has {} bytes, the limit is {}: shorten or split it",
                                                   name, text.size(), max_bytes)};
  if (!base::is_valid_utf8(text)) return base::invalid(fmt::format("{} is not valid UTF-8", name));
  if (text.find('\0') != std::string_view::npos)
    return base::invalid(fmt::format("{} contains a NUL character", name));
  return {};
}

Result<> check_title(std::string_view title) {
  TRY(check_text("title", title, limits::k_title_characters * 4));
  const std::size_t characters = base::count_code_points(title);
  if (title.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return base::invalid("title is empty: name what this is in a few words");
  if (characters > limits::k_title_characters)
    return Error{ErrorCode::too_large,
                 fmt::format("title has {} characters, the limit is {}: move details to content", characters,
                             limits::k_title_characters)};
  if (title.find_first_of("\r\n") != std::string_view::npos) return base::invalid("title must be one line");
  return {};
}

Result<> check_tags(const SetChange& tags) {
  if (tags.add.size() > limits::k_tags || tags.remove.size() > limits::k_tags)
    return Error{ErrorCode::too_large, fmt::format("at most {} tags", limits::k_tags)};
  for (const auto* list : {&tags.add, &tags.remove})
    for (const std::string& tag : *list) {
      TRY(check_text("tag", tag, limits::k_tag_characters * 4));
      if (tag.empty()) return base::invalid("a tag is empty");
      if (base::count_code_points(tag) > limits::k_tag_characters)
        return Error{ErrorCode::too_large,
                     fmt::format("tag \"{}\" is longer than {} characters", tag, limits::k_tag_characters)};
    }
  return {};
}

Result<> check_context(std::string_view context) {
  TRY(check_text("context", context, limits::k_context_bytes));
  if (context.empty()) return {};
  const auto json = base::parse_json(context);
  if (!json || !json->is_object()) return base::invalid("context is not a JSON object");
  return {};
}

Result<> check_fields(const FieldChanges& fields) {
  if (fields.title) TRY(check_title(*fields.title));
  // An empty type is one that was cleared.
  if (fields.type && !fields.type->empty() && !is_slug(*fields.type, limits::k_type_characters))
    return base::invalid(
        fmt::format("type \"{}\" is not a slug: use letters, digits, - and _, at most {} characters",
                    *fields.type, limits::k_type_characters));
  if (fields.content) TRY(check_text("content", fields.content->text, limits::k_content_bytes));
  if (fields.tags) TRY(check_tags(*fields.tags));
  if (fields.importance && !(*fields.importance >= 0.0 && *fields.importance <= 1.0))
    return base::invalid("importance must be between 0 and 1");
  if (fields.context) TRY(check_context(*fields.context));
  if (fields.use_count &&
      (*fields.use_count > limits::k_increment || *fields.use_count < -limits::k_increment))
    return base::invalid(fmt::format("use_count changes by at most {} at once", limits::k_increment));
  return {};
}

Result<> check_key(std::string_view key) {
  if (key.empty() || key.size() > limits::k_key_bytes)
    return base::invalid("the sibling key is empty or too long");
  if (!is_sibling_key(key))
    return base::invalid("the sibling key has other characters than letters and digits");
  return {};
}

Result<> check_place(const Operation& operation) {
  if (!operation.place) return base::invalid(fmt::format("{} needs a place", name_of(operation.kind)));
  TRY(check_key(operation.place->key));
  if (operation.place->parent == operation.target_node())
    return base::invalid("a node cannot be its own parent");
  return {};
}

Result<> check_kind(const Operation& op) {
  switch (op.kind) {
    case OperationKind::create:
      if (!op.fields.title) return base::invalid("create needs a title");
      return check_place(op);
    case OperationKind::move: return check_place(op);
    case OperationKind::update:
      if (op.fields.fields().empty()) return base::invalid("update names no field to change");
      return {};
    case OperationKind::assign:
      if (!op.fields.assignee) return base::invalid("assign needs an assignee");
      return {};
    case OperationKind::comment:
      if (op.node.is_empty()) return base::invalid("comment needs a node");
      if (op.text.empty()) return base::invalid("the comment is empty");
      return check_text("comment", op.text, limits::k_comment_bytes);
    case OperationKind::relate:
      if (op.from.is_empty() || op.to.is_empty()) return base::invalid("relate needs from and to");
      if (op.from == op.to) return base::invalid("a node cannot be related to itself");
      if (!is_slug(op.relationship_type, limits::k_type_characters))
        return base::invalid(fmt::format("relationship type \"{}\" is not a slug", op.relationship_type));
      return {};
    case OperationKind::resolve:
      if (!op.resolution) return base::invalid("resolve needs a resolution");
      if (*op.resolution == Resolution::custom && op.text.empty())
        return base::invalid("resolve custom needs a value");
      // JSON text of the register: escapes make it longer than the value, which is checked when it is set.
      return check_text("resolved value", op.text, limits::k_operation_bytes);
    case OperationKind::remove:
    case OperationKind::restore:
    case OperationKind::complete:
    case OperationKind::reopen:
    case OperationKind::unrelate: return {};
  }
  return base::invalid("unknown kind of operation");
}

} // namespace

bool is_slug(std::string_view text, std::size_t max_characters) {
  if (text.empty() || text.size() > max_characters) return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
         std::string_view::npos;
}

Result<> validate_register(const Node& node, Field field) {
  FieldChanges one;
  switch (field) {
    case Field::type: one.type = node.type.value; break;
    case Field::title: one.title = node.title.value; break;
    case Field::content: one.content = TextChange{node.content.value, {}}; break;
    case Field::tags: one.tags = SetChange{node.tags.value, {}}; break;
    case Field::importance: one.importance = node.importance.value; break;
    case Field::context: one.context = node.context.value; break;
    case Field::place: return check_key(node.place.value.key);
    case Field::kind:
    case Field::completed:
    case Field::assignee:
    case Field::use_count:
    case Field::strategy:
    case Field::deleted: return {};
  }
  return check_fields(one);
}

namespace {

/// A field that this version does not know would be dropped without a trace.
Result<> check_version(const Operation& operation) {
  bool is_newer = operation.schema > k_operation_schema || !operation.newer_kind.empty();
  if (!operation.extra.empty()) {
    const auto extra = base::parse_json(operation.extra);
    is_newer = is_newer || !extra || extra->contains("fields");
  }
  if (is_newer)
    return base::invalid("the operation was written by a newer version of memsync: update this one");
  return {};
}

} // namespace

Result<> validate(const Operation& operation) {
  TRY(check_version(operation));
  if (operation.target.is_empty()) return base::invalid("the operation names no target");
  TRY(check_text("client", operation.client, limits::k_provenance_bytes));
  TRY(check_text("session", operation.session, limits::k_provenance_bytes));
  TRY(check_text("project", operation.project, limits::k_provenance_bytes));
  TRY(check_fields(operation.fields));
  return check_kind(operation);
}

} // namespace memsync::model
