#include "wire/socket_codec.h"

#include "wire/json_reader.h"

namespace memsync::wire {

using base::Error;
using base::ErrorCode;
using base::Json;
using base::Result;

namespace {

RoomName read_room(ObjectReader& reader) {
  const auto room = RoomName::parse(reader.text("room"));
  if (!room) reader.fail("room", "must be document:ID or node:ID");
  return room.value_or(RoomName{});
}

SocketSetCursor read_cursor(ObjectReader& reader) {
  SocketSetCursor request{read_room(reader), {}};
  if (const Json* cursor = reader.find("cursor")) request.cursor = base::dump_json(*cursor);
  if (request.cursor.size() > k_cursor_bytes)
    reader.fail("cursor", fmt::format("may have {} bytes of JSON", k_cursor_bytes));
  return request;
}

SocketEdit read_edit(ObjectReader& reader) {
  SocketEdit request;
  request.node = reader.id<model::NodeId>("node");
  if (const std::string version = reader.text("version"); version != "*") {
    const auto seen = model::parse_u64(version);
    if (!seen) reader.fail("version", "must be the `version` of the node that was read, or *");
    request.seen = model::Sequence{seen.value_or(0)};
  }
  const Json* changes = reader.find("changes");
  if (!changes || !changes->is_object()) reader.fail("changes", "must be an object");
  if (changes) request.changes = *changes;
  return request;
}

Json person_json(const SocketPerson& person) {
  return {{"socket", number_text(person.socket)},
          {"user", {{"id", person.user.view()}, {"name", person.name}}}};
}

Json member_json(const SocketMember& member) {
  Json json = person_json(member.person);
  json["presence"] = model::name_of(member.presence);
  const auto cursor = base::parse_json(member.cursor.empty() ? "null" : member.cursor);
  json["cursor"] = cursor ? *cursor : Json();
  return json;
}

std::string message(std::string_view type, const std::string& id, Json json) {
  json["type"] = type;
  if (!id.empty()) json["id"] = id;
  return base::dump_json(json);
}

} // namespace

std::string RoomName::str() const { return fmt::format("{}:{}", model::name_of(kind), id.view()); }

std::optional<RoomName> RoomName::parse(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto kind = model::find_by_name<RoomKind>(text.substr(0, colon));
  const auto id = model::NodeId::parse(text.substr(colon + 1));
  if (!kind || !id) return std::nullopt;
  return RoomName{*kind, *id};
}

Result<SocketRequest> decode_socket_request(const Json& json, std::string& id) {
  ObjectReader reader(json, "message");
  SocketRequest request;
  request.id = reader.optional_text("id").value_or("");
  if (request.id.size() > k_socket_request_id_bytes) {
    reader.fail("id", fmt::format("may have {} bytes", k_socket_request_id_bytes));
    request.id.clear();
  }
  id = request.id;
  const std::string type = reader.text("type");
  TRY(reader.result());
  if (type == "auth") {
    request.content = SocketAuth{reader.text("ticket")};
  } else if (type == "join") {
    request.content = SocketJoin{read_room(reader)};
  } else if (type == "leave") {
    request.content = SocketLeave{read_room(reader)};
  } else if (type == "presence") {
    request.content = SocketSetPresence{reader.name<model::PresenceState>("presence")};
  } else if (type == "cursor") {
    request.content = read_cursor(reader);
  } else if (type == "edit") {
    request.content = read_edit(reader);
  } else {
    return Error{ErrorCode::validation, "a message is of type auth, join, leave, presence, cursor or edit"};
  }
  TRY(reader.result());
  return request;
}

std::string encode_welcome(const std::string& id, const SocketPerson& person,
                           const model::WorkspaceId& workspace,
                           const std::optional<base::Timestamp>& expires_at) {
  Json json = person_json(person);
  json["workspace_id"] = workspace.view();
  json["expires_at"] = expires_at ? Json(base::format_rfc3339(*expires_at)) : Json();
  return message("welcome", id, std::move(json));
}

std::string encode_joined(const std::string& id, const RoomName& room,
                          const std::vector<SocketMember>& members) {
  Json list = Json::array();
  for (const SocketMember& member : members) list.push_back(member_json(member));
  return message("joined", id, {{"room", room.str()}, {"members", std::move(list)}});
}

std::string encode_entered(const RoomName& room, const SocketMember& member) {
  return message("entered", "", {{"room", room.str()}, {"member", member_json(member)}});
}

std::string encode_left(const std::string& id, const RoomName& room, const SocketPerson& person) {
  return message("left", id, {{"room", room.str()}, {"member", person_json(person)}});
}

std::string encode_presence(const RoomName& room, const SocketMember& member) {
  return message("presence", "", {{"room", room.str()}, {"member", member_json(member)}});
}

std::string encode_cursor(const RoomName& room, const SocketMember& member) {
  return message("cursor", "", {{"room", room.str()}, {"member", member_json(member)}});
}

std::string encode_edited(const std::string& id, const Json& memory) {
  return message("edited", id, {{"memory", memory}});
}

std::string encode_change(Json event, const std::vector<RoomName>& rooms) {
  event["change"] = event["type"];
  Json names = Json::array();
  for (const RoomName& room : rooms) names.push_back(room.str());
  event["rooms"] = std::move(names);
  return message("change", "", std::move(event));
}

std::string encode_socket_problem(const std::string& id, const Problem& problem) {
  Json json = {{"code", base::error_info(problem.code).name}, {"detail", problem.detail}};
  if (problem.retry_after_s) json["retry_after"] = *problem.retry_after_s;
  return message(problem.code == ErrorCode::rate_limited ? "rate_limited" : "error", id, std::move(json));
}

} // namespace memsync::wire
