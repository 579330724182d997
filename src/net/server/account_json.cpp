#include "net/server/account_json.h"

#include "hub/accounts.h"
#include "wire/json_reader.h"

namespace memsync::net::server {

using base::Json;
using model::name_of;

namespace {

void put(Json& json, const char* name, const std::string& text) {
  if (!text.empty()) json[name] = text;
}

void put_id(Json& json, const char* name, const auto& id) {
  if (!id.is_empty()) json[name] = id.view();
}

void put_time(Json& json, const char* name, const std::optional<base::Timestamp>& time) {
  if (time) json[name] = base::format_rfc3339(*time);
}

/// The stored JSON text of a register as a value.
Json value_of(const std::optional<std::string>& text) {
  if (!text) return nullptr;
  auto json = base::parse_json(*text);
  return json ? *std::move(json) : Json(*text);
}

} // namespace

Json to_json(const hub::Token& token) {
  Json scopes = Json::array();
  for (std::size_t i = 0; i < model::EnumNames<model::Permission>::names.size(); ++i)
    if (token.scopes.has(static_cast<model::Permission>(i)))
      scopes.push_back(model::EnumNames<model::Permission>::names[i]);
  Json workspaces = Json::array();
  for (const auto& id : token.workspaces) workspaces.push_back(id.view());
  Json json = {{"id", token.id.view()},
               {"name", token.name},
               {"scopes", std::move(scopes)},
               {"workspaces", std::move(workspaces)},
               {"created_at", base::format_rfc3339(token.created_at)}};
  put_time(json, "expires_at", token.expires_at);
  put_time(json, "revoked_at", token.revoked_at);
  put_time(json, "last_used_at", token.used_at);
  return json;
}

Json to_json(const hub::Session& session) {
  return {{"id", session.id.view()},
          {"kind", name_of(session.kind)},
          {"client", session.client},
          {"created_at", base::format_rfc3339(session.created_at)},
          {"last_used_at", base::format_rfc3339(session.used_at)},
          {"expires_at", base::format_rfc3339(session.expires_at)}};
}

Json to_json(const hub::Invitation& invitation, base::Timestamp now) {
  Json json = {{"id", invitation.id.view()},
               {"email", invitation.email},
               {"role", name_of(invitation.role)},
               {"created_at", base::format_rfc3339(invitation.created_at)},
               {"expires_at", base::format_rfc3339(invitation.expires_at)},
               {"status", hub::status_of(invitation, now)}};
  if (!invitation.invited_by.is_empty()) json["invited_by"] = invitation.invited_by.view();
  return json;
}

Json to_json(const hub::InvitationInfo& info) {
  return {{"email", info.email},
          {"workspace", info.workspace_name},
          {"invited_by", info.invited_by},
          {"role", name_of(info.role)},
          {"expires_at", base::format_rfc3339(info.expires_at)},
          {"account_exists", info.account_exists}};
}

Json to_json(const hub::Activity& row) {
  Json json = {{"at", base::format_rfc3339(row.at)}, {"action", row.action}};
  put_id(json, "user", row.user);
  put(json, "user_name", row.user_name);
  if (row.sequence.value > 0) {
    json["sequence"] = wire::number_text(row.sequence.value);
    json["status"] = name_of(row.status);
  }
  put_id(json, "node", row.node);
  put(json, "title", row.title);
  put_id(json, "document", row.document);
  put(json, "document_title", row.document_title);
  put_id(json, "to_node", row.to_node);
  put(json, "to_title", row.to_title);
  put(json, "relationship_type", row.relationship_type);
  put(json, "client", row.client);
  put(json, "session", row.session);
  put_id(json, "subject", row.subject);
  put(json, "subject_name", row.subject_name);
  put(json, "detail", row.detail);
  return json;
}

Json to_json(const hub::Change& change) {
  Json json = {{"sequence", wire::number_text(change.sequence.value)},
               {"op", name_of(change.kind)},
               {"lost", change.lost},
               {"author", change.author.view()},
               {"at", base::format_rfc3339(change.at)},
               {"status", name_of(change.status)}};
  put_id(json, "node", change.node);
  put(json, "title", change.title);
  if (change.field) {
    json["field"] = name_of(*change.field);
    json["old"] = value_of(change.old_value);
    json["new"] = value_of(change.new_value);
  }
  put(json, "author_name", change.author_name);
  put(json, "client", change.client);
  put(json, "session", change.session);
  return json;
}

Json to_json(const hub::NodeDiff& diff) {
  Json changes = Json::array();
  for (const hub::Change& change : diff.changes) changes.push_back(to_json(change));
  Json json = {{"node", diff.node.view()}, {"title", diff.title}, {"changes", std::move(changes)}};
  put(json, "diff", diff.words);
  return json;
}

namespace {

Json paragraph_json(const hub::ParagraphBlame& paragraph) {
  Json json = {{"line", paragraph.line}, {"text", paragraph.text}};
  if (!paragraph.writer) return json;
  const Json writer = to_json(*paragraph.writer);
  for (const char* name : {"sequence", "op", "author", "author_name", "at", "client", "session"})
    if (writer.contains(name)) json[name] = writer[name];
  return json;
}

} // namespace

Json to_json(const hub::Blame& blame) {
  Json changes = Json::array();
  for (const hub::Change& change : blame.changes) {
    Json row = to_json(change);
    row.erase("old"); // blame is about what stands there
    changes.push_back(std::move(row));
  }
  Json paragraphs = Json::array();
  for (const hub::ParagraphBlame& paragraph : blame.paragraphs.rows)
    paragraphs.push_back(paragraph_json(paragraph));
  Json json = {{"changes", std::move(changes)},
               {"paragraphs", std::move(paragraphs)},
               {"complete", blame.is_complete}};
  put(json, "next_cursor", blame.paragraphs.next_cursor);
  return json;
}

Json to_json(const hub::AuditEvent& event) {
  Json json = {{"id", wire::number_text(static_cast<std::uint64_t>(event.id))},
               {"at", base::format_rfc3339(event.at)},
               {"action", name_of(event.action)}};
  put_id(json, "actor", event.actor);
  put_id(json, "workspace", event.workspace);
  put_id(json, "subject", event.subject);
  put(json, "detail", event.detail);
  return json;
}

} // namespace memsync::net::server
