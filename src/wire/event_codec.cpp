#include "wire/effect_codec.h"
#include "wire/hub_messages.h"
#include "wire/json_reader.h"

namespace memsync::wire {

using base::Json;
using base::Result;
using namespace model;

namespace {

Json to_json(const StreamHello& hello) {
  return {{"workspace", hello.workspace.view()},
          {"epoch", number_text(hello.epoch.value)},
          {"head", number_text(hello.head.value)},
          {"floor", number_text(hello.floor.value)},
          {"replayed_from", number_text(hello.replayed_from.value)}};
}
Json to_json(const StreamOps& ops) { return Json::parse(encode_ops_event(ops, {})); }
Json to_json(const StreamHeartbeat& heartbeat) {
  Json heads = Json::object();
  for (const auto& [workspace, cursor] : heartbeat.heads) heads[workspace.str()] = cursor.str();
  return {{"heads", std::move(heads)}};
}
Json to_json(const StreamResync& resync) {
  return {{"workspace", resync.workspace.view()}, {"reason", resync.reason}};
}
Json to_json(const StreamMember& member) { return {{"workspace", member.workspace.view()}}; }
Json to_json(const StreamRevoked& revoked) {
  return {{"workspace", revoked.workspace.view()},
          {"user", revoked.user.view()},
          {"epoch", number_text(revoked.epoch.value)},
          {"code", base::error_info(base::ErrorCode::removed).name}};
}
Json to_json(const StreamGoaway& goaway) { return {{"retry_ms", goaway.retry_ms}}; }

StreamEvent read_hello(ObjectReader& reader) {
  return StreamHello{reader.id<WorkspaceId>("workspace"), Epoch{reader.u64("epoch")},
                     Sequence{reader.u64("head")}, Sequence{reader.u64("floor")},
                     Sequence{reader.u64("replayed_from")}};
}

StreamEvent read_ops(ObjectReader& reader) {
  StreamOps ops{reader.id<WorkspaceId>("workspace"),
                Epoch{reader.u64("epoch")},
                Sequence{reader.u64("from")},
                Sequence{reader.u64("to")},
                {}};
  reader.list("entries", ops.entries, &decode_entry);
  return ops;
}

StreamEvent read_heartbeat(ObjectReader& reader) {
  StreamHeartbeat heartbeat;
  const Json* heads = reader.find("heads");
  if (!heads || !heads->is_object()) return reader.fail("heads", "must be an object"), heartbeat;
  for (const auto& [name, value] : heads->items()) {
    const auto workspace = WorkspaceId::parse(name);
    const auto cursor = value.is_string() ? Cursor::parse(value.get_ref<const std::string&>()) : std::nullopt;
    if (workspace && cursor) heartbeat.heads.emplace_back(*workspace, *cursor);
  }
  return heartbeat;
}

StreamEvent read_resync(ObjectReader& reader) {
  return StreamResync{reader.id<WorkspaceId>("workspace"), reader.optional_text("reason").value_or("")};
}
StreamEvent read_member(ObjectReader& reader) { return StreamMember{reader.id<WorkspaceId>("workspace")}; }
StreamEvent read_revoked(ObjectReader& reader) {
  return StreamRevoked{reader.id<WorkspaceId>("workspace"), reader.id<UserId>("user"),
                       Epoch{reader.u64("epoch")}};
}
StreamEvent read_goaway(ObjectReader& reader) {
  return StreamGoaway{reader.optional_int("retry_ms").value_or(0)};
}
StreamEvent read_notifications(ObjectReader& reader) {
  StreamNotifications event{Epoch{reader.u64("epoch")}, reader.u64("after"), reader.u64("to"), {}};
  reader.list("notifications", event.notifications, &decode_notification);
  return event;
}

StreamEvent read_presence(ObjectReader& reader) {
  StreamPresence event{reader.id<WorkspaceId>("workspace"), {}};
  reader.list("present", event.present, &decode_present);
  return event;
}

struct EventRow {
  std::string_view name;
  StreamEvent (*read)(ObjectReader&);
};
/// In the order of the alternatives of StreamEvent.
constexpr std::array<EventRow, std::variant_size_v<StreamEvent>> k_events{
    {{"hello", &read_hello},
     {"ops", &read_ops},
     {"heartbeat", &read_heartbeat},
     {"resync", &read_resync},
     {"member", &read_member},
     {"revoked", &read_revoked},
     {"goaway", &read_goaway},
     {"notification", &read_notifications},
     {"presence", &read_presence}}};

} // namespace

std::string_view event_name(const StreamEvent& event) { return k_events[event.index()].name; }

std::string encode_event(const StreamEvent& event) {
  return std::visit([](const auto& each) { return base::dump_json(to_json(each)); }, event);
}

std::string encode_ops_event(const StreamOps& range, const std::vector<std::string>& entries) {
  std::string out = fmt::format(R"({{"workspace":"{}","epoch":"{}","from":"{}","to":"{}")",
                                range.workspace.view(), range.epoch.value, range.from.value, range.to.value);
  if (!entries.empty()) out += R"(,"entries":[)" + join_texts(entries) + ']';
  return out += '}';
}

Result<std::optional<StreamEvent>> decode_event(std::string_view name, std::string_view data) {
  for (const EventRow& row : k_events) {
    if (row.name != name) continue;
    TRY_ASSIGN(auto json, base::parse_json(data));
    ObjectReader reader(json, row.name);
    StreamEvent event = row.read(reader);
    TRY(reader.result());
    return std::optional<StreamEvent>(std::move(event));
  }
  return std::optional<StreamEvent>();
}

} // namespace memsync::wire
