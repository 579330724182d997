#include "net/server/item_json.h"

#include <algorithm>

#include "hub/memory_view.h"
#include "model/number.h"
#include "wire/json_reader.h"

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::Json;
using base::Result;

namespace {

/// The JSON text of a register as a value; null when there is none.
Json value_of(const std::string& text) {
  if (text.empty()) return nullptr;
  auto json = base::parse_json(text);
  return json ? *std::move(json) : Json(text);
}

Json side_of(const std::string& value, const model::Stamp& stamp, const std::string& name) {
  return {{"value", value_of(value)},
          {"author", stamp.author.view()},
          {"author_name", name},
          {"at", base::format_rfc3339(stamp.clock.time())}};
}

Result<> refuse_unknown(const Json& json, std::string_view what,
                        std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : json.items())
    if (std::find(known.begin(), known.end(), name) == known.end())
      return Error{ErrorCode::validation,
                   fmt::format("{}.{} is not known; the members are {}", what, name, fmt::join(known, ", "))};
  return {};
}

/// A position in the log; a member that is no such number is told by `reader`.
std::optional<model::Sequence> read_sequence(wire::ObjectReader& reader, const char* name) {
  constexpr auto k_end = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const auto number = reader.optional_u64(name);
  if (!number) return std::nullopt;
  if (*number == 0 || *number >= k_end)
    return reader.fail(name, "must be the sequence of a change"), std::nullopt;
  return model::Sequence{*number};
}

std::optional<base::Timestamp> read_when(wire::ObjectReader& reader, const char* name, base::Timestamp now) {
  const auto text = reader.optional_text(name);
  if (!text) return std::nullopt;
  const auto time = base::parse_time(*text, now);
  if (!time) reader.fail(name, "must be a time such as 2026-01-31T12:00:00Z, 2026-01-31 or 3d");
  return time;
}

/// A text that null clears.
std::optional<std::string> clearable_text(wire::ObjectReader& reader, const Json& json, const char* name) {
  if (json.contains(name) && json[name].is_null()) return std::string();
  return reader.optional_text(name);
}

Result<std::vector<std::string>> read_tags(const Json& json) {
  std::vector<std::string> tags;
  if (json.is_null()) return tags;
  const Error wrong{ErrorCode::validation, "node.tags must be a list of strings"};
  if (!json.is_array()) return wrong;
  for (const Json& tag : json) {
    if (!tag.is_string()) return wrong;
    tags.push_back(tag.get<std::string>());
  }
  return tags;
}

} // namespace

Json to_json(const hub::NodeView& view) {
  Json json = Json::parse(hub::encode_memory(view.node, view.document));
  json["key"] = view.node.place.value.key;
  if (!view.node.is_document_root()) return json;
  json["nodes"] = view.nodes;
  if (view.node.strategy.value) json["strategy"] = model::name_of(*view.node.strategy.value);
  return json;
}

Json to_json(const hub::CommentView& view) {
  const model::Comment& comment = view.comment;
  Json json = {{"id", comment.id.view()},
               {"node", comment.node.view()},
               {"text", comment.text},
               {"author", comment.created.author.view()},
               {"author_name", view.author_name},
               {"at", base::format_rfc3339(comment.stamp.clock.time())},
               {"sequence", wire::number_text(comment.stamp.sequence.value)}};
  if (!comment.created.client.empty()) json["client"] = comment.created.client;
  if (!comment.created.session.empty()) json["session"] = comment.created.session;
  return json;
}

Json to_json(const hub::ConflictView& view) {
  const model::Conflict& conflict = view.conflict;
  Json json = {{"id", conflict.id.view()},
               {"kind", model::name_of(conflict.kind)},
               {"node", conflict.node.view()},
               {"document", view.document.view()},
               {"title", view.title},
               {"field", model::name_of(conflict.field)},
               {"base", value_of(conflict.base)},
               {"local", side_of(conflict.local, conflict.local_stamp, view.local_name)},
               {"server", side_of(conflict.server, conflict.server_stamp, view.server_name)},
               {"proposed", value_of(conflict.proposed)},
               {"opened", wire::number_text(conflict.opened.value)},
               {"state", conflict.resolved ? "resolved" : "open"}};
  if (!conflict.resolved) return json;
  if (conflict.resolution) json["resolution"] = model::name_of(*conflict.resolution);
  json["resolved_by"] = conflict.resolved_at.author.view();
  json["resolved_at"] = base::format_rfc3339(conflict.resolved_at.clock.time());
  return json;
}

Json to_json(const hub::Reverted& reverted) {
  const auto step_json = [](const hub::RevertedStep& step) {
    Json json = {{"node", step.node.view()}, {"title", step.title}};
    if (step.field) json["field"] = model::name_of(*step.field);
    return json;
  };
  Json operations = Json::array(), skipped = Json::array();
  for (const hub::RevertedStep& step : reverted.operations) {
    operations.push_back(step_json(step));
    operations.back()["op"] = step.what;
  }
  for (const hub::RevertedStep& step : reverted.skipped) {
    skipped.push_back(step_json(step));
    skipped.back().update({{"what", step.what}, {"reason", step.reason}});
  }
  return {{"operations", std::move(operations)},
          {"skipped", std::move(skipped)},
          {"head", wire::number_text(reverted.head.value)}};
}

Result<hub::SeenVersion> read_if_match(const Request& request) {
  std::string_view text = request.if_match;
  if (text == "*") return hub::SeenVersion();
  if (text.size() > 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  const auto version = model::parse_u64(text);
  if (!version)
    return Error{ErrorCode::validation,
                 "send If-Match with the node's `version` as GET shows it, so that nothing is overwritten "
                 "unseen; If-Match: * changes whatever is there"};
  return hub::SeenVersion(model::Sequence{*version});
}

Result<hub::NodeEdit> read_node_edit(const Json& json) {
  TRY(refuse_unknown(
      json, "node",
      {"kind", "type", "title", "content", "tags", "importance", "context", "completed", "assignee"}));
  wire::ObjectReader reader(json, "node");
  hub::NodeEdit edit;
  edit.kind = reader.optional_name<model::NodeKind>("kind");
  edit.type = clearable_text(reader, json, "type");
  edit.title = reader.optional_text("title");
  edit.content = clearable_text(reader, json, "content");
  if (json.contains("tags")) {
    TRY_ASSIGN(edit.tags, read_tags(json["tags"]));
  }
  if (const Json* importance = reader.find("importance")) {
    if (!importance->is_number()) reader.fail("importance", "must be a number from 0 to 1");
    if (importance->is_number()) edit.importance = importance->get<double>();
  }
  if (json.contains("context")) {
    const Json& context = json["context"];
    if (!context.is_object() && !context.is_null()) reader.fail("context", "must be an object or null");
    edit.context = context.is_null() ? std::string() : base::dump_json(context);
  }
  if (reader.find("completed")) edit.completed = reader.flag("completed");
  edit.assignee = reader.optional_id<model::UserId>("assignee");
  if (json.contains("assignee") && json["assignee"].is_null()) edit.assignee = model::UserId{};
  TRY(reader.result());
  if (edit.is_empty()) return Error{ErrorCode::validation, "node needs at least one member to change"};
  return edit;
}

Result<std::string> read_comment(const Request& request) {
  TRY_ASSIGN(const auto json, request.json());
  TRY(refuse_unknown(json, "comment", {"text"}));
  wire::ObjectReader reader(json, "comment");
  std::string text = reader.text("text");
  TRY(reader.result());
  return text;
}

Result<hub::Decision> read_decision(const Request& request) {
  TRY_ASSIGN(const auto json, request.json());
  TRY(refuse_unknown(json, "decision", {"resolution", "value", "version"}));
  wire::ObjectReader reader(json, "decision");
  hub::Decision decision;
  decision.resolution = reader.name<model::Resolution>("resolution");
  const bool is_custom = decision.resolution == model::Resolution::custom;
  if (json.contains("value") != is_custom)
    reader.fail("value", "goes with the resolution custom, and only with it");
  if (is_custom && json.contains("value")) decision.value = base::dump_json(json["value"]);
  if (const auto version = reader.optional_u64("version")) decision.seen = model::Sequence{*version};
  TRY(reader.result());
  return decision;
}

Result<hub::RevertRequest> read_revert(const Request& request, base::Timestamp now) {
  TRY_ASSIGN(const auto json, request.json());
  TRY(refuse_unknown(json, "revert", {"change", "user", "session", "since", "node", "document", "to"}));
  wire::ObjectReader reader(json, "revert");
  hub::RevertRequest wanted;
  wanted.change = read_sequence(reader, "change");
  wanted.user = reader.optional_id<model::UserId>("user");
  wanted.session = reader.optional_text("session").value_or("");
  wanted.since = read_when(reader, "since", now);
  wanted.node = reader.optional_id<model::NodeId>("node");
  wanted.document = reader.optional_id<model::DocumentId>("document");
  const auto to = reader.optional_text("to");
  const bool is_sequence = to && to->find_first_not_of("0123456789") == std::string::npos;
  if (is_sequence) wanted.to_change = read_sequence(reader, "to");
  if (to && !is_sequence) wanted.to_time = read_when(reader, "to", now);
  TRY(reader.result());
  const bool is_by_author = wanted.user || !wanted.session.empty();
  const bool goes_to_a_point = wanted.node || wanted.document;
  const int ways =
      (wanted.change ? 1 : 0) + (is_by_author ? 1 : 0) + (wanted.node ? 1 : 0) + (wanted.document ? 1 : 0);
  if (ways != 1)
    return Error{ErrorCode::validation,
                 "give `change`, or `user` and/or `session` with `since`, or `node` or `document` with `to`"};
  if (wanted.since.has_value() != is_by_author)
    return Error{ErrorCode::validation, "`since` goes with `user` or `session`, and they need it"};
  if (to.has_value() != goes_to_a_point)
    return Error{ErrorCode::validation, "`to` goes with `node` or `document`, and they need it"};
  return wanted;
}

} // namespace memsync::net::server
