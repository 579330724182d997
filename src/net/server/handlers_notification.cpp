#include "net/server/account_json.h"
#include "net/server/handlers.h"
#include "net/server/list_query.h"
#include "wire/json_reader.h"

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::Json;
using base::Result;
using model::NotificationKind;

namespace {

constexpr std::size_t k_most_marks = 1'000;

Result<hub::NotificationFilter> read_filter(const Target& target) {
  hub::NotificationFilter filter;
  TRY_ASSIGN(filter.workspace, read_optional_workspace(target));
  TRY_ASSIGN(const auto unread, read_flag(target, "unread"));
  filter.only_unread = unread.value_or(false);
  return filter;
}

Result<model::Cursor> read_version(const Target& target) {
  const auto text = target.find("after");
  if (!text) return model::Cursor{};
  const auto after = model::Cursor::parse(*text);
  if (!after)
    return Error{ErrorCode::validation, "'after' must be EPOCH.VERSION as the answer before gave it"};
  return *after;
}

Result<hub::ReadMarks> read_marks(const Request& request) {
  TRY_ASSIGN(const auto json, request.json());
  wire::ObjectReader reader(json, "body");
  hub::ReadMarks marks;
  reader.each("ids", [&](const Json& item) -> Result<> {
    const auto id =
        item.is_string() ? model::NotificationId::parse(item.get_ref<const std::string&>()) : std::nullopt;
    if (!id) return Error{ErrorCode::validation, "body.ids must hold ids of notifications"};
    marks.ids.push_back(*id);
    return {};
  });
  const bool is_all = reader.flag("all");
  marks.workspace = reader.optional_id<model::WorkspaceId>("workspace_id");
  if (is_all == !marks.ids.empty()) reader.fail("", "needs either ids (at least one) or \"all\": true");
  if (marks.workspace && !is_all) reader.fail("workspace_id", "goes with \"all\": true");
  if (marks.ids.size() > k_most_marks)
    reader.fail("ids", fmt::format("holds more than {}: send them in several requests", k_most_marks));
  TRY(reader.result());
  return marks;
}

Result<hub::NotificationPreferences> read_preferences(const Request& request) {
  TRY_ASSIGN(const auto json, request.json());
  hub::NotificationPreferences preferences;
  for (const auto& [name, value] : json.items()) {
    const auto kind = model::find_by_name<NotificationKind>(name);
    if (!kind || !value.is_boolean())
      return Error{ErrorCode::validation,
                   fmt::format("give each kind as true or false; the kinds are {}",
                               fmt::join(model::EnumNames<NotificationKind>::names, ", "))};
    preferences[*kind] = value.get<bool>();
  }
  return preferences;
}

Response unread_response(std::uint64_t unread) {
  return Response::json(wire::encode(wire::NotificationsMarked{unread}));
}

Response preferences_response(const hub::NotificationPreferences& preferences) {
  Json json = Json::object();
  for (const auto& [kind, is_wanted] : preferences) json[std::string(model::name_of(kind))] = is_wanted;
  return Response::json(base::dump_json(json));
}

} // namespace

hub::Answer<Response> list_notifications(Call& call) {
  TRY_ASSIGN(const auto filter, read_filter(call.request.target));
  TRY_ASSIGN(const auto query, read_page_query(call.request.target));
  TRY_ASSIGN(const auto page, call.hub.notifications(call.caller(), filter, query.cursor, query.limit));
  return Response::json(page_json("notifications", page, &wire::encode_notification));
}

hub::Answer<Response> list_notification_changes(Call& call) {
  TRY_ASSIGN(const auto after, read_version(call.request.target));
  TRY_ASSIGN(const auto query, read_page_query(call.request.target));
  TRY_ASSIGN(const auto changes, call.hub.notification_changes(call.caller(), after, query.limit));
  return Response::json(wire::encode(changes));
}

hub::Answer<Response> count_unread(Call& call) {
  TRY_ASSIGN(const auto unread, call.hub.unread_count(call.caller()));
  return unread_response(unread);
}

hub::Answer<Response> mark_read(Call& call) {
  TRY_ASSIGN(const auto marks, read_marks(call.request));
  TRY_ASSIGN(const auto unread, call.hub.mark_read(call.caller(), marks));
  return unread_response(unread);
}

hub::Answer<Response> show_preferences(Call& call) {
  TRY_ASSIGN(const auto preferences, call.hub.notification_preferences(call.caller()));
  return preferences_response(preferences);
}

hub::Answer<Response> change_preferences(Call& call) {
  TRY_ASSIGN(const auto wanted, read_preferences(call.request));
  TRY_ASSIGN(const auto preferences, call.hub.change_notification_preferences(call.caller(), wanted));
  return preferences_response(preferences);
}

} // namespace memsync::net::server
