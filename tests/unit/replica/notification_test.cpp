#include <doctest/doctest.h>
#include <set>

#include "replica/damage.h"
#include "replica/notification_sync.h"
#include "replica/notifications.h"
#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using model::Notification;
using model::NotificationKind;

namespace {

/// Ann's store, with what the hub tells her.
struct Told : TeamStore {
  SyncStore sync{*replica, 0};

  Notification made(const std::string& text, bool is_read = false) {
    clock.advance(std::chrono::seconds(1));
    Notification each;
    each.id = model::NotificationId::random(random);
    each.workspace = id;
    each.kind = NotificationKind::mentioned;
    each.at = clock.now();
    each.actor = bob;
    each.actor_name = "Bob";
    each.text = text;
    each.is_read = is_read;
    return each;
  }
  bool take(std::uint64_t after, std::uint64_t to, const std::vector<Notification>& rows) {
    return must(sync.take_notifications(epoch, after, to, rows));
  }
  std::vector<Notification> list(bool only_unread = false) {
    return read([&](Reader& reader) { return must(reader.notifications({only_unread, 50, ""})).rows; });
  }
  std::size_t unread() {
    return read([](Reader& reader) { return reader.unread_count(); });
  }
  model::Cursor at() { return must(sync.notification_cursor()); }
};

/// The part of the engine that fetches them, with a network that a test answers.
struct Fetching : Told {
  std::vector<HubRequest> sent;
  NotificationSync engine{*replica, sync, [this](HubRequest request) {
                            sent.push_back(std::move(request));
                            return std::uint64_t{sent.size()};
                          }};

  void advance() { must(engine.advance()); }
  template <class Content>
  void answer(std::uint64_t request, Content content) {
    CHECK(engine.owns(request));
    HubAnswer message{request, std::move(content), std::nullopt};
    must(engine.take(message));
  }
  wire::NotificationChanges changes(std::uint64_t after, std::uint64_t to,
                                    std::vector<Notification> rows = {}, bool more = false) {
    return {epoch, after, to, more, std::move(rows)};
  }
  void event(std::uint64_t after, std::uint64_t to, std::vector<Notification> rows) {
    wire::StreamNotifications told{epoch, after, to, std::move(rows)};
    must(engine.take(told));
  }
  template <class Request>
  const Request& last() {
    REQUIRE_FALSE(sent.empty());
    REQUIRE(std::holds_alternative<Request>(sent.back()));
    return std::get<Request>(sent.back());
  }
};

} // namespace

TEST_CASE_FIXTURE(Told, "notifications are listed newest first and kept as they were told") {
  const Notification first = made("one"), second = made("two");
  CHECK(take(0, 2, {first, second}));
  const auto rows = list();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0] == second);
  CHECK(rows[1] == first);
  CHECK(unread() == 2);
  CHECK(at() == model::Cursor{epoch, model::Sequence{2}});
  CHECK(findings().empty());
}

TEST_CASE_FIXTURE(
    Told, "a range that does not follow what is known is not taken; one given twice changes nothing") {
  const Notification first = made("one"), second = made("two");
  CHECK(take(0, 2, {first}));
  CHECK_FALSE(take(3, 4, {second}));
  CHECK(list().size() == 1);
  CHECK(take(0, 2, {first}));
  CHECK(take(1, 3, {second}));
  CHECK(list().size() == 2);
  CHECK(at().sequence.value == 3);
}

TEST_CASE_FIXTURE(Told, "what was made at one time is listed in the order in which it was made") {
  std::vector<Notification> rows;
  for (int i = 0; i < 12; ++i) {
    rows.push_back(made(std::to_string(i)));
    rows.back().at = rows.front().at;
    rows.back().sequence =
        model::Sequence{static_cast<std::uint64_t>(9 + i / 2)}; // also several by one change
  }
  std::vector<Notification> read_late = rows; // of a change that came before, but was read after
  std::rotate(read_late.begin(), read_late.begin() + 2, read_late.end());
  take(0, 12, read_late);
  std::vector<Notification> listed;
  std::string cursor;
  do {
    const auto page = read([&](Reader& reader) { return must(reader.notifications({false, 5, cursor})); });
    listed.insert(listed.end(), page.rows.begin(), page.rows.end());
    cursor = page.next_cursor;
  } while (!cursor.empty());
  std::reverse(listed.begin(), listed.end());
  CHECK(listed == rows);
  take(0, 12, rows); // given again: nothing moves
  CHECK(list().back() == rows.front());
}

TEST_CASE_FIXTURE(Told, "pages of notifications miss none") {
  std::vector<Notification> rows;
  for (int i = 0; i < 5; ++i) rows.push_back(made(std::to_string(i)));
  rows[2].at = rows[3].at; // the same moment
  take(0, 5, rows);
  std::set<model::NotificationId> found;
  std::string cursor;
  do {
    const auto page = read([&](Reader& reader) { return must(reader.notifications({false, 2, cursor})); });
    for (const auto& row : page.rows) CHECK(found.insert(row.id).second);
    cursor = page.next_cursor;
  } while (!cursor.empty());
  CHECK(found.size() == 5);
  for (const char* bad :
       {"x", "5", "5.x", "5.1.1.x", "-1.1.1.00000000000000000000", "5.00000000000000000000"})
    CHECK(code_of(replica->read([&](Reader& reader) {
            return reader.notifications({false, 2, bad});
          })) == base::ErrorCode::validation);
}

TEST_CASE_FIXTURE(Told, "what is read here counts at once and waits until the hub has heard of it") {
  const Notification first = made("one"), second = made("two");
  take(0, 2, {first, second});
  CHECK(must(mark_read(*replica, {first.id, first.id, model::NotificationId::random(random)})) == 1);
  CHECK(unread() == 1);
  CHECK(list(true).at(0).id == second.id);
  CHECK(must(sync.unsent_marks(10)) == std::vector{first.id});
  must(sync.note_marked({first.id}));
  CHECK(must(sync.unsent_marks(10)).empty());
  CHECK(must(mark_all_read(*replica)) == 1);
  CHECK(unread() == 0);
}

TEST_CASE_FIXTURE(Told, "what was read on another device is read here, with nothing left to tell") {
  Notification first = made("one");
  take(0, 1, {first});
  must(mark_read(*replica, {first.id}));
  first.is_read = true;
  take(1, 2, {first});
  CHECK(unread() == 0);
  CHECK(must(sync.unsent_marks(10)).empty());
}

TEST_CASE_FIXTURE(Told, "a restored hub that forgot what was read is told again") {
  const Notification first = made("one");
  take(0, 7, {first});
  must(mark_read(*replica, {first.id}));
  must(sync.note_marked({first.id}));
  CHECK(must(sync.take_notifications(model::Epoch{78}, 0, 1, {first})));
  CHECK(unread() == 0);
  CHECK(must(sync.unsent_marks(10)) == std::vector{first.id});
  CHECK(at() == model::Cursor{model::Epoch{78}, model::Sequence{1}});
}

TEST_CASE_FIXTURE(Told, "notifications go with the workspace from which this person was removed") {
  take(0, 1, {made("one")});
  must(sync.drop_workspace(id, epoch));
  CHECK(list().empty());
  CHECK(unread() == 0);
}

TEST_CASE_FIXTURE(Told, "what was read goes when newer ones are 90 days younger; what is unread stays") {
  take(0, 2, {made("old", true), made("old, unread")});
  clock.advance(std::chrono::days(91));
  take(2, 3, {made("new")});
  CHECK(list().size() == 2);
  CHECK(unread() == 2);
}

TEST_CASE_FIXTURE(
    Told, "a damaged notification is reported, not shown as something else, and fetched again by a repair") {
  const Notification good = made("good"), bad = made("bad words");
  take(0, 2, {good, bad});
  sql("UPDATE notification SET state = replace(state, 'bad words', 'worse ones')");
  CHECK(code_of(replica->read([](Reader& reader) { return reader.notifications({}); })) ==
        base::ErrorCode::corrupt);
  REQUIRE(findings().size() == 1);
  CHECK(findings()[0].find(bad.id.view()) != std::string::npos);
  must(repair(*replica, {}));
  CHECK(findings().empty());
  CHECK(list().size() == 1);
  CHECK(at() == model::Cursor{});
  take(0, 2, {good, bad});
  CHECK(list().size() == 2);
}

TEST_CASE_FIXTURE(Fetching, "a connection fetches page by page, and events go on from there") {
  engine.note_connected();
  advance();
  CHECK(last<GetNotifications>().after == model::Cursor{});
  answer(1, changes(0, 1, {made("one")}, true));
  advance();
  CHECK(last<GetNotifications>().after == model::Cursor{epoch, model::Sequence{1}});
  answer(2, changes(1, 2, {made("two")}));
  event(2, 3, {made("live")});
  advance();
  CHECK(sent.size() == 2);
  CHECK(list().size() == 3);
  event(1, 3, {made("known")});
  CHECK(list().size() == 3);
}

TEST_CASE_FIXTURE(Fetching, "an event that left something out, or does not follow, is fetched") {
  event(0, 4, {});
  advance();
  CHECK(last<GetNotifications>().after.sequence.value == 0);
  answer(1, changes(0, 4, {made("one")}));
  event(5, 6, {made("after a gap")});
  advance();
  CHECK(last<GetNotifications>().after.sequence.value == 4);
  CHECK(list().size() == 1);
}

TEST_CASE_FIXTURE(Fetching, "marks made offline reach the hub with the next connection") {
  take(0, 1, {made("one")});
  must(mark_read(*replica, {list().at(0).id}));
  engine.note_local_commit();
  advance();
  CHECK(last<MarkNotificationsRead>().ids.size() == 1);
  wire::Problem offline;
  offline.code = base::ErrorCode::offline;
  answer(1, offline);
  advance();
  CHECK(sent.size() == 1);
  CHECK(must(sync.unsent_marks(10)).size() == 1);
  engine.note_connected();
  advance();
  REQUIRE(sent.size() == 3);
  CHECK(std::holds_alternative<GetNotifications>(sent[1]));
  CHECK(last<MarkNotificationsRead>().ids.size() == 1);
  answer(3, wire::NotificationsMarked{0});
  CHECK(must(sync.unsent_marks(10)).empty());
  answer(2, changes(1, 1));
  advance();
  CHECK(sent.size() == 3);
}

TEST_CASE_FIXTURE(Fetching, "what failed within a connection is tried again a little later") {
  engine.note_connected();
  advance();
  wire::Problem offline;
  offline.code = base::ErrorCode::offline;
  answer(1, offline);
  advance();
  CHECK(sent.size() == 1);
  clock.advance(std::chrono::minutes(2));
  advance();
  CHECK(sent.size() == 2);
}

TEST_CASE_FIXTURE(Fetching, "whoever waits for a sync waits until the hub knows what was read") {
  take(0, 1, {made("one")});
  must(mark_read(*replica, {list().at(0).id}));
  engine.request_sync();
  advance();
  REQUIRE(sent.size() == 2);
  answer(1, changes(1, 1));
  advance();
  CHECK(engine.is_sync_requested());
  answer(2, wire::NotificationsMarked{0});
  advance();
  CHECK_FALSE(engine.is_sync_requested());
  CHECK(sent.size() == 2);
}

TEST_CASE_FIXTURE(Fetching,
                  "whoever waits for a sync waits for the notifications, but not for a hub without them") {
  engine.request_sync();
  CHECK(engine.is_sync_requested());
  advance();
  answer(1, changes(0, 0));
  advance();
  CHECK_FALSE(engine.is_sync_requested());
  engine.request_sync();
  advance();
  wire::Problem unknown;
  unknown.code = base::ErrorCode::not_found;
  answer(2, unknown);
  CHECK_FALSE(engine.is_sync_requested());
  advance();
  CHECK(sent.size() == 2);
}
