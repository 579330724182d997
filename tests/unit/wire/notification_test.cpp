#include "messages.h"

using namespace memsync;
using namespace memsync::wire;
using namespace memsync::wire::tests;
using model::Notification;

namespace {

Notification make(Messages& messages) {
  Notification each;
  each.id = messages.id<model::NotificationId>();
  each.workspace = messages.id<model::WorkspaceId>();
  each.kind = static_cast<model::NotificationKind>(messages.number() %
                                                   model::EnumNames<model::NotificationKind>::names.size());
  each.at = base::Timestamp(std::chrono::milliseconds(1'790'000'000'000 + messages.number() % 1'000'000'000));
  each.is_read = messages.number() % 2 == 0;
  if (messages.number() % 3 == 0) return each; // a membership event by the operator
  each.actor = messages.id<model::UserId>();
  each.actor_name = messages.text();
  each.sequence = model::Sequence{messages.number() | 1};
  each.node = messages.id<model::NodeId>();
  each.document = messages.id<model::DocumentId>();
  each.title = messages.text();
  each.field = static_cast<model::Field>(messages.number() % model::k_field_count);
  each.yours = base::dump_json(messages.text());
  each.now = "[1,true,null]";
  each.conflict = messages.id<model::ConflictId>();
  each.text = messages.text();
  return each;
}

} // namespace

TEST_CASE("a notification reads back as it was written, whatever is absent") {
  for_many([](Messages& messages) {
    const Notification each = make(messages);
    const auto read = decode_notification(parse(base::dump_json(encode_notification(each))));
    REQUIRE(read);
    CHECK(*read == each);
  });
}

TEST_CASE("a range of notifications reads back, as an answer and as an event") {
  for_many([](Messages& messages) {
    const NotificationChanges changes{model::Epoch{messages.number()},
                                      messages.number(),
                                      messages.number(),
                                      messages.number() % 2 == 0,
                                      {make(messages), make(messages)}};
    const auto read = decode_notification_changes(parse(encode(changes)));
    REQUIRE(read);
    CHECK(read->epoch == changes.epoch);
    CHECK(read->after == changes.after);
    CHECK(read->to == changes.to);
    CHECK(read->more == changes.more);
    CHECK(read->notifications == changes.notifications);
    const StreamEvent event =
        StreamNotifications{changes.epoch, changes.after, changes.to, changes.notifications};
    const auto told = decode_event("notification", encode_event(event));
    REQUIRE(told);
    REQUIRE(*told);
    CHECK(std::get<StreamNotifications>(**told).notifications == changes.notifications);
    CHECK(encode_event(**told) == encode_event(event));
  });
}

TEST_CASE("malformed notifications are refused and the member named") {
  Messages messages(1);
  Notification each = make(messages);
  each.field = model::Field::title;
  each.yours.clear(); // values may be anything
  each.now.clear();
  check_malformed(encode_notification(each),
                  [](const base::Json& json) -> base::Result<> {
                    TRY(decode_notification(json));
                    return {};
                  },
                  {"id", "workspace", "kind", "at"});
  base::Json bad = encode_notification(each);
  bad["at"] = "yesterday evening";
  CHECK_FALSE(decode_notification(bad));
  CHECK_FALSE(decode_notifications_marked(base::Json{{"unread", -1}}));
  CHECK(decode_notifications_marked(base::Json{{"unread", 3}})->unread == 3);
}
