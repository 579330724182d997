#include "wire/notification_codec.h"

#include "wire/json_reader.h"

namespace memsync::wire {

using base::Json;
using base::Result;
using model::Notification;

namespace {

void put_text(Json& json, const char* name, std::string_view text) {
  if (!text.empty()) json[name] = text;
}

/// The JSON text of a register as a value.
void put_value(Json& json, const char* name, const std::string& text) {
  if (text.empty()) return;
  auto value = base::parse_json(text);
  json[name] = value ? *std::move(value) : Json(text);
}

std::string read_value(const ObjectReader& reader, std::string_view name) {
  const Json* value = reader.find(name);
  return value ? base::dump_json(*value) : std::string();
}

Json to_json(const std::vector<Notification>& notifications) {
  Json list = Json::array();
  for (const Notification& each : notifications) list.push_back(encode_notification(each));
  return list;
}

} // namespace

Json encode_notification(const Notification& notification) {
  Json json = {{"id", notification.id.view()},
               {"workspace", notification.workspace.view()},
               {"kind", model::name_of(notification.kind)},
               {"at", base::format_rfc3339(notification.at)},
               {"read", notification.is_read}};
  put_text(json, "actor", notification.actor.view());
  put_text(json, "actor_name", notification.actor_name);
  if (notification.sequence.value > 0) json["sequence"] = number_text(notification.sequence.value);
  put_text(json, "node", notification.node.view());
  put_text(json, "document", notification.document.view());
  put_text(json, "title", notification.title);
  if (notification.field) json["field"] = model::name_of(*notification.field);
  put_value(json, "yours", notification.yours);
  put_value(json, "now", notification.now);
  put_text(json, "conflict", notification.conflict.view());
  put_text(json, "text", notification.text);
  return json;
}

Result<Notification> decode_notification(const Json& json) {
  ObjectReader reader(json, "notification");
  Notification notification;
  notification.id = reader.id<model::NotificationId>("id");
  notification.workspace = reader.id<model::WorkspaceId>("workspace");
  notification.kind = reader.name<model::NotificationKind>("kind");
  const auto at = base::parse_time(reader.text("at"), base::Timestamp{});
  if (!at) reader.fail("at", "must be a time such as 2026-01-31T12:00:00Z");
  notification.at = at.value_or(base::Timestamp{});
  notification.is_read = reader.flag("read");
  notification.actor = reader.optional_id<model::UserId>("actor").value_or(model::UserId{});
  notification.actor_name = reader.optional_text("actor_name").value_or("");
  notification.sequence = model::Sequence{reader.optional_u64("sequence").value_or(0)};
  notification.node = reader.optional_id<model::NodeId>("node").value_or(model::NodeId{});
  notification.document = reader.optional_id<model::DocumentId>("document").value_or(model::DocumentId{});
  notification.title = reader.optional_text("title").value_or("");
  notification.field = reader.optional_name<model::Field>("field");
  notification.yours = read_value(reader, "yours");
  notification.now = read_value(reader, "now");
  notification.conflict = reader.optional_id<model::ConflictId>("conflict").value_or(model::ConflictId{});
  notification.text = reader.optional_text("text").value_or("");
  TRY(reader.result());
  return notification;
}

std::string encode(const NotificationChanges& changes) {
  return base::dump_json({{"epoch", number_text(changes.epoch.value)},
                          {"after", number_text(changes.after)},
                          {"to", number_text(changes.to)},
                          {"more", changes.more},
                          {"notifications", to_json(changes.notifications)}});
}

Result<NotificationChanges> decode_notification_changes(const Json& json) {
  ObjectReader reader(json, "changes");
  NotificationChanges changes;
  changes.epoch = model::Epoch{reader.u64("epoch")};
  changes.after = reader.u64("after");
  changes.to = reader.u64("to");
  changes.more = reader.flag("more");
  reader.list("notifications", changes.notifications, &decode_notification);
  TRY(reader.result());
  return changes;
}

Json to_json(const StreamNotifications& event) {
  Json json = {{"epoch", number_text(event.epoch.value)},
               {"after", number_text(event.after)},
               {"to", number_text(event.to)}};
  if (!event.notifications.empty()) json["notifications"] = to_json(event.notifications);
  return json;
}

std::string encode_mark_read(const std::vector<model::NotificationId>& ids) {
  Json list = Json::array();
  for (const model::NotificationId& id : ids) list.push_back(id.view());
  return base::dump_json({{"ids", std::move(list)}});
}

std::string encode(const NotificationsMarked& marked) { return base::dump_json({{"unread", marked.unread}}); }

Result<NotificationsMarked> decode_notifications_marked(const Json& json) {
  ObjectReader reader(json, "answer");
  const auto unread = reader.optional_int("unread");
  if (!unread || *unread < 0) reader.fail("unread", "must be a number from 0 on");
  TRY(reader.result());
  return NotificationsMarked{static_cast<std::uint64_t>(*unread)};
}

} // namespace memsync::wire
