#include "wire/presence_codec.h"

#include "wire/json_reader.h"

namespace memsync::wire {

using base::Json;
using base::Result;
using model::Presence;
using model::PresentMember;

namespace {

Json encode_session(const Presence& presence) {
  Json json = {{"session", presence.session},
               {"workspace", presence.workspace.view()},
               {"kind", model::name_of(presence.kind)},
               {"state", model::name_of(presence.state)}};
  if (!presence.client.empty()) json["client"] = presence.client;
  if (!presence.document.is_empty()) json["document"] = presence.document.view();
  if (!presence.node.is_empty()) json["node"] = presence.node.view();
  return json;
}

Presence read_session(ObjectReader& reader) {
  Presence presence;
  presence.session = reader.text("session");
  presence.workspace = reader.id<model::WorkspaceId>("workspace");
  presence.kind = reader.name<model::PresenceKind>("kind");
  presence.state = reader.name<model::PresenceState>("state");
  presence.client = reader.optional_text("client").value_or("");
  presence.document = reader.optional_id<model::DocumentId>("document").value_or(model::DocumentId{});
  presence.node = reader.optional_id<model::NodeId>("node").value_or(model::NodeId{});
  return presence;
}

Result<Presence> decode_session(const Json& json) {
  ObjectReader reader(json, "session");
  Presence presence = read_session(reader);
  TRY(reader.result());
  return presence;
}

} // namespace

std::string encode(const PresenceReport& report) {
  Json sessions = Json::array();
  for (const Presence& each : report.sessions) sessions.push_back(encode_session(each));
  return base::dump_json({{"reporter", report.reporter}, {"sessions", std::move(sessions)}});
}

Result<PresenceReport> decode_presence_report(const Json& json) {
  ObjectReader reader(json, "heartbeat");
  PresenceReport report;
  report.reporter = reader.text("reporter");
  if (json.is_object() && !reader.find("sessions")) reader.fail("sessions", "is missing");
  reader.list("sessions", report.sessions, &decode_session);
  TRY(reader.result());
  return report;
}

std::string encode(const PresenceReported& reported) { return base::dump_json({{"seen", reported.seen}}); }

Result<PresenceReported> decode_presence_reported(const Json& json) {
  ObjectReader reader(json, "answer");
  const auto seen = reader.optional_int("seen");
  if (!seen || *seen < 0) reader.fail("seen", "must be a number from 0 on");
  TRY(reader.result());
  return PresenceReported{static_cast<std::uint64_t>(*seen)};
}

Json encode_present(const PresentMember& member) {
  Json json = encode_session(member.presence);
  json["user"] = member.user.view();
  json["name"] = member.name;
  json["last_seen"] = base::format_rfc3339(member.last_seen);
  return json;
}

Result<PresentMember> decode_present(const Json& json) {
  ObjectReader reader(json, "present");
  PresentMember member;
  member.user = reader.id<model::UserId>("user");
  member.name = reader.text("name");
  const auto seen = base::parse_time(reader.text("last_seen"), base::Timestamp{});
  if (!seen) reader.fail("last_seen", "must be a time such as 2026-01-31T12:00:00Z");
  member.last_seen = seen.value_or(base::Timestamp{});
  member.presence = read_session(reader);
  TRY(reader.result());
  return member;
}

Json to_json(const StreamPresence& event) {
  Json present = Json::array();
  for (const PresentMember& each : event.present) present.push_back(encode_present(each));
  return {{"workspace", event.workspace.view()}, {"present", std::move(present)}};
}

} // namespace memsync::wire
