#include "base/utf8.h"
#include "hub/mentions.h"
#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;
using model::Notification;
using model::NotificationKind;

namespace {

/// Everything that Person was told, oldest first, without who joined.
std::vector<Notification> told(HubFixture& f, const Person& person) {
  auto page = must(f.hub->notifications(person.principal, {}, "", 200));
  std::erase_if(page.rows,
                [](const Notification& each) { return each.kind == NotificationKind::member_joined; });
  std::reverse(page.rows.begin(), page.rows.end());
  return page.rows;
}

/// The one notification that Person got, of that kind.
Notification only(HubFixture& f, const Person& person, NotificationKind kind) {
  const auto rows = told(f, person);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].kind == kind);
  return rows[0];
}

/// A team of Olga and Ben, each with a replica, and a node that both have seen.
struct Two : HubFixture {
  Person ben = member("Ben");
  Writer hers{random}, his{random};
  model::NodeId node = add(olga, hers, "Plan");

  Two() { see(); }
  /// Both have read everything up to now.
  void see() {
    hers.base = his.base = model::Sequence{pull(olga, 0, 1).range.head};
    clock.advance(std::chrono::seconds(1));
    hers.clock.value += 1000u << 16u;
    his.clock.value += 1000u << 16u;
  }
  model::Operation write(Writer& writer, const std::string& text, const std::string& seen,
                         model::Strategy strategy = model::Strategy::merge) {
    auto op = writer.start(model::OperationKind::update, node);
    op.fields.content = model::TextChange{text, base::Hash128::of(seen)};
    op.strategy = strategy;
    return Writer::sealed(op);
  }
  model::Operation assign(Writer& writer, const model::UserId& user) {
    auto op = writer.start(model::OperationKind::assign, node);
    op.fields.assignee = user;
    return Writer::sealed(op);
  }
  model::Operation comment(Writer& writer, const std::string& text) {
    auto op = writer.start(model::OperationKind::comment, model::NodeId::random(random));
    op.node = node;
    op.text = text;
    return Writer::sealed(op);
  }
};

std::vector<wire::MemberInfo> people() {
  return {
      {model::UserId::parse("00000000000000000001").value(), "Ada Lovelace", "ada@example.org", Role::owner},
      {model::UserId::parse("00000000000000000002").value(), "Ada Byron", "byron@example.org", Role::member},
      {model::UserId::parse("00000000000000000003").value(), "Zoë", "zoe.k@example.org", Role::member}};
}

/// The last digits of the ids of whom the text names.
std::string named(const std::string& text) {
  std::string found;
  for (const Mention& mention : find_mentions(text, people())) found += mention.user.view().back();
  return found;
}

} // namespace

TEST_CASE("the author of an overwritten value is told of both values and by whom") {
  Two f;
  f.push(f.olga, f.hers, {f.hers.retitle(f.node, "Olga's")});
  f.his.clock.value += 1u << 16u; // later: wins
  f.push(f.ben, f.his, {f.his.retitle(f.node, "Ben's")});
  const auto notification = only(f, f.olga, NotificationKind::overwritten);
  CHECK(notification.yours == "\"Olga's\"");
  CHECK(notification.now == "\"Ben's\"");
  CHECK(notification.actor == f.ben.id);
  CHECK(notification.actor_name == "Ben");
  CHECK(notification.field == model::Field::title);
  CHECK(notification.node == f.node);
  CHECK(notification.title == "Ben's");
  CHECK_FALSE(notification.is_read);
  CHECK(told(f, f.ben).empty());
}

TEST_CASE("whoever pushes a value that loses is told, too") {
  Two f;
  f.hers.clock.value += 1u << 16u; // later: wins, although it came first
  f.push(f.olga, f.hers, {f.hers.retitle(f.node, "Olga's")});
  f.push(f.ben, f.his, {f.his.retitle(f.node, "Ben's")});
  const auto notification = only(f, f.ben, NotificationKind::overwritten);
  CHECK(notification.yours == "\"Ben's\"");
  CHECK(notification.now == "\"Olga's\"");
  CHECK(notification.actor == f.olga.id);
  CHECK(told(f, f.olga).empty());
}

TEST_CASE("somebody who overwrites themselves from another machine is told as well") {
  Two f;
  Writer laptop(f.random);
  laptop.base = f.hers.base;
  laptop.clock = f.hers.clock;
  f.push(f.olga, f.hers, {f.hers.retitle(f.node, "desk")});
  laptop.clock.value += 1u << 16u;
  f.push(f.olga, laptop, {laptop.retitle(f.node, "lap")});
  const auto notification = only(f, f.olga, NotificationKind::overwritten);
  CHECK(notification.yours == "\"desk\"");
  CHECK(notification.actor == f.olga.id);
}

TEST_CASE("two who wrote the same value lose nothing and are told nothing") {
  Two f;
  f.push(f.olga, f.hers, {f.hers.retitle(f.node, "same")});
  f.push(f.ben, f.his, {f.his.retitle(f.node, "same")});
  CHECK(told(f, f.olga).empty());
  CHECK(told(f, f.ben).empty());
}

TEST_CASE("both authors of texts that were merged see their own and the one that stands") {
  Two f;
  f.push(f.olga, f.hers, {f.write(f.hers, "one\ntwo\nthree\n", "")});
  f.see();
  f.push(f.olga, f.hers, {f.write(f.hers, "ONE\ntwo\nthree\n", "one\ntwo\nthree\n")});
  f.push(f.ben, f.his, {f.write(f.his, "one\ntwo\nTHREE\n", "one\ntwo\nthree\n")});
  const auto hers = only(f, f.olga, NotificationKind::merged);
  const auto his = only(f, f.ben, NotificationKind::merged);
  CHECK(hers.yours == R"("ONE\ntwo\nthree\n")");
  CHECK(his.yours == R"("one\ntwo\nTHREE\n")");
  CHECK(hers.now == R"("ONE\ntwo\nTHREE\n")");
  CHECK(his.now == hers.now);
  CHECK(hers.actor == f.ben.id);
  CHECK(his.actor == f.olga.id);
}

TEST_CASE("a conflict waits for both of its authors, each with their own value") {
  Two f;
  f.push(f.olga, f.hers, {f.write(f.hers, "hers", "")});
  const auto answer = f.push(f.ben, f.his, {f.write(f.his, "his", "", model::Strategy::manual)});
  REQUIRE(answer.results.at(0).conflict);
  const auto hers = only(f, f.olga, NotificationKind::conflict);
  const auto his = only(f, f.ben, NotificationKind::conflict);
  CHECK(hers.conflict == *answer.results[0].conflict);
  CHECK(hers.yours == "\"hers\"");
  CHECK(his.yours == "\"his\"");
  CHECK(his.now == "\"hers\"");
  CHECK(his.actor == f.olga.id);
}

TEST_CASE("whoever edited what somebody else deleted is told of the conflict, and by whom") {
  Two f;
  f.push(f.ben, f.his, {f.his.retitle(f.node, "edited")});
  f.push(f.olga, f.hers, {f.hers.remove(f.node)});
  CHECK(only(f, f.olga, NotificationKind::conflict).actor == f.ben.id);
  CHECK(only(f, f.ben, NotificationKind::conflict).actor == f.olga.id);
}

TEST_CASE("whose value does not stand when a conflict is settled is told, but not the one who settled it") {
  for (const bool keeps_hers : {true, false}) {
    Two f;
    const Person carl = f.member("Carl");
    Writer carls(f.random);
    f.push(f.olga, f.hers, {f.write(f.hers, "hers", "")});
    const auto answer = f.push(f.ben, f.his, {f.write(f.his, "his", "", model::Strategy::manual)});
    for (const Person& person : {f.olga, f.ben}) must(f.hub->mark_read(person.principal, {}));
    f.see();
    carls.base = f.hers.base;
    auto settle = carls.start(model::OperationKind::resolve, f.node);
    settle.target = model::id_cast<model::ItemId>(answer.results.at(0).conflict.value());
    settle.resolution = keeps_hers ? model::Resolution::keep_server : model::Resolution::keep_local;
    f.push(carl, carls, {Writer::sealed(settle)});
    const Person& loser = keeps_hers ? f.ben : f.olga;
    const auto rows = told(f, loser);
    const auto news = std::find_if(rows.begin(), rows.end(), [](const Notification& each) {
      return each.kind == NotificationKind::overwritten;
    });
    REQUIRE(news != rows.end());
    CHECK(news->yours == (keeps_hers ? "\"his\"" : "\"hers\""));
    CHECK(news->now == (keeps_hers ? "\"hers\"" : "\"his\""));
    CHECK(news->actor == carl.id);
    CHECK(told(f, keeps_hers ? f.olga : f.ben).size() == 1); // of the conflict
    CHECK(told(f, carl).empty());
  }
}

TEST_CASE("the assignee is told once, and not of assigning themselves") {
  Two f;
  f.push(f.ben, f.his, {f.assign(f.his, f.ben.id)});
  CHECK(told(f, f.ben).empty());
  f.see();
  f.push(f.olga, f.hers, {f.assign(f.hers, {})});
  f.see();
  f.push(f.olga, f.hers, {f.assign(f.hers, f.ben.id)});
  f.see();
  f.push(f.olga, f.hers, {f.assign(f.hers, f.ben.id)});
  CHECK(only(f, f.ben, NotificationKind::assigned).actor == f.olga.id);
}

TEST_CASE("a task that is made for somebody, with their name in its text, tells both") {
  Two f;
  auto op = f.hers.create("Task");
  op.fields.assignee = f.ben.id;
  op.fields.content = model::TextChange{"for @ben", {}};
  f.push(f.olga, f.hers, {Writer::sealed(op)});
  const auto rows = told(f, f.ben);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].kind == NotificationKind::assigned);
  CHECK(rows[1].kind == NotificationKind::mentioned);
  CHECK(rows[1].text == "for @ben");
}

TEST_CASE("creator and assignee hear that their task was completed, not of its being opened again") {
  Two f;
  f.push(f.olga, f.hers, {f.assign(f.hers, f.ben.id)});
  f.see();
  const Person ada = f.member("Ada");
  Writer writer(f.random);
  writer.base = f.his.base;
  f.push(ada, writer, {Writer::sealed(writer.start(model::OperationKind::complete, f.node))});
  CHECK(told(f, f.olga).back().kind == NotificationKind::completed);
  CHECK(told(f, f.ben).back().kind == NotificationKind::completed);
  CHECK(told(f, f.ben).back().actor == ada.id);
  const auto before = told(f, f.ben).size();
  f.push(ada, writer, {Writer::sealed(writer.start(model::OperationKind::reopen, f.node))});
  CHECK(told(f, f.ben).size() == before);
}

TEST_CASE("a name in a comment is a mention, and one that was in the text before is not a new one") {
  Two f;
  f.push(f.olga, f.hers, {f.comment(f.hers, "what does @Ben say?")});
  CHECK(only(f, f.ben, NotificationKind::mentioned).text == "what does @Ben say?");
  f.see();
  f.push(f.olga, f.hers, {f.write(f.hers, "ask @ben", "")});
  CHECK(told(f, f.ben).size() == 2);
  f.see();
  f.push(f.olga, f.hers, {f.write(f.hers, "ask @ben today", "ask @ben")});
  CHECK(told(f, f.ben).size() == 2);
  f.see();
  f.push(f.ben, f.his, {f.comment(f.his, "I, @ben, agree")});
  CHECK(told(f, f.ben).size() == 2);
}

TEST_CASE("a mention is the longest name that fits, of whatever case, and no part of an address or word") {
  CHECK(named("@Ada Lovelace, look") == "1");
  CHECK(named("@ada lovelace") == "1");
  CHECK(named("@ada!") == "12");
  CHECK(named("@byron and @zoe.k.") == "23");
  CHECK(named("(@Zoë)") == "3");
  CHECK(named("@byron@example.org") == "2");
  CHECK(named("mail byron@example.org or x@ada") == "");
  CHECK(named("@adalyn @nobody @ @") == "");
  CHECK(named("@zoe.k twice @zoe.k") == "3");
}

TEST_CASE("the words of a mention are its line, cut between characters") {
  std::string text = "first line\n";
  for (int i = 0; i < 100; ++i) text += "ä";
  text += " @byron ";
  for (int i = 0; i < 100; ++i) text += "ö";
  const auto mentions = find_mentions(text + "\nlast", people());
  REQUIRE(mentions.size() == 1);
  CHECK(base::is_valid_utf8(mentions[0].words));
  CHECK(mentions[0].words.size() <= 200);
  CHECK(mentions[0].words.find("@byron") != std::string::npos);
}

TEST_CASE("owners, administrators and whoever invited hear who joined; a new role is told to its holder") {
  HubFixture f;
  const Person ada = f.member("ada", Role::admin);
  const Person max = f.member("max");
  const auto invited = must(f.hub->invite(ada.principal, f.team, "new@example.org", Role::viewer));
  must(f.hub->accept_invitation(invited.token, "New", std::nullopt, "address"));
  const auto newest = [&](const Person& person) {
    return must(f.hub->notifications(person.principal, {}, "", 1)).rows;
  };
  for (const Person* person : std::initializer_list<const Person*>{&f.olga, &ada}) {
    REQUIRE(newest(*person).size() == 1);
    CHECK(newest(*person)[0].kind == NotificationKind::member_joined);
    CHECK(newest(*person)[0].actor_name == "New");
    CHECK(newest(*person)[0].text == "viewer");
  }
  CHECK(newest(max).empty());
  must(f.hub->change_role(f.olga.principal, f.team, max.id, Role::admin));
  REQUIRE(newest(max).size() == 1);
  CHECK(newest(max)[0].kind == NotificationKind::role_changed);
  CHECK(newest(max)[0].text == "admin");
}

TEST_CASE("reading is counted down, and follows the person and not the token") {
  Two f;
  for (int i = 0; i < 3; ++i) f.push(f.olga, f.hers, {f.comment(f.hers, "@ben")});
  CHECK(must(f.hub->unread_count(f.ben.principal)) == 3);
  const auto rows = told(f, f.ben);
  CHECK(must(f.hub->mark_read(f.ben.principal, {{rows[0].id}, {}})) == 2);
  CHECK(must(f.hub->mark_read(f.ben.principal, {{rows[0].id}, {}})) == 2);
  // Somebody else's id is passed over.
  CHECK(must(f.hub->mark_read(f.olga.principal, {{rows[1].id}, {}})) ==
        must(f.hub->unread_count(f.olga.principal)));
  CHECK(must(f.hub->unread_count(f.ben.principal)) == 2);
  const auto other = must(f.hub->create_token(f.ben.principal, {"phone", PermissionSet::all(), {}, {}}));
  const Principal phone = must(f.hub->authenticate(other.secret));
  CHECK(must(f.hub->notifications(phone, {{}, true}, "", 10)).rows.size() == 2);
  CHECK(must(f.hub->mark_read(phone, {{}, f.team})) == 0);
  CHECK(must(f.hub->unread_count(f.ben.principal)) == 0);
  CHECK(told(f, f.ben).size() == 3);
}

TEST_CASE("lists of notifications go on at their cursor") {
  Two f;
  for (int i = 0; i < 5; ++i) f.push(f.olga, f.hers, {f.comment(f.hers, "@ben " + std::to_string(i))});
  std::string cursor;
  std::string seen;
  int pages = 0;
  do {
    const auto page = must(f.hub->notifications(f.ben.principal, {}, cursor, 2));
    for (const auto& row : page.rows) seen += row.text.back();
    cursor = page.next_cursor;
    ++pages;
  } while (!cursor.empty());
  CHECK(seen == "43210");
  CHECK(pages == 3);
  CHECK(code_of(f.hub->notifications(f.ben.principal, {}, "x", 2)) == ErrorCode::validation);
}

TEST_CASE("a kind that is turned off is not made; the others are") {
  Two f;
  const auto changed =
      must(f.hub->change_notification_preferences(f.ben.principal, {{NotificationKind::mentioned, false}}));
  CHECK_FALSE(changed.at(NotificationKind::mentioned));
  CHECK(changed.at(NotificationKind::assigned));
  CHECK(changed.size() == model::EnumNames<NotificationKind>::names.size());
  f.push(f.olga, f.hers, {f.comment(f.hers, "@ben")});
  f.push(f.olga, f.hers, {f.assign(f.hers, f.ben.id)});
  only(f, f.ben, NotificationKind::assigned);
  must(f.hub->change_notification_preferences(f.ben.principal, {{NotificationKind::mentioned, true}}));
  f.push(f.olga, f.hers, {f.comment(f.hers, "@ben")});
  CHECK(told(f, f.ben).size() == 2);
}

TEST_CASE("a removed member is told nothing more and sees nothing of what they were told") {
  Two f;
  f.push(f.olga, f.hers, {f.comment(f.hers, "@ben secret")});
  CHECK(must(f.hub->unread_count(f.ben.principal)) == 1);
  must(f.hub->remove_member(f.olga.principal, f.team, f.ben.id));
  f.push(f.olga, f.hers, {f.comment(f.hers, "@ben more")});
  CHECK(told(f, f.ben).empty());
  CHECK(must(f.hub->unread_count(f.ben.principal)) == 0);
  CHECK(must(f.hub->notification_changes(f.ben.principal, {}, 10)).notifications.empty());
  CHECK(code_of(f.hub->notifications(f.ben.principal, {f.team, false}, "", 10)) == ErrorCode::removed);
}

TEST_CASE("a token of another workspace shows nothing of this one") {
  Two f;
  f.push(f.olga, f.hers, {f.comment(f.hers, "@ben")});
  const auto personal = must(f.hub->me(f.ben.principal)).workspaces[0].id;
  const auto made =
      must(f.hub->create_token(f.ben.principal, {"narrow", PermissionSet::all(), {personal}, {}}));
  const Principal narrow = must(f.hub->authenticate(made.secret));
  CHECK(must(f.hub->notifications(narrow, {}, "", 10)).rows.empty());
  CHECK(must(f.hub->unread_count(narrow)) == 0);
  must(f.hub->mark_read(narrow, {}));
  CHECK(must(f.hub->unread_count(f.ben.principal)) == 1);
}

TEST_CASE("replicas are given what was made and what was read since, in ranges that miss nothing") {
  Two f;
  for (int i = 0; i < 5; ++i) f.push(f.olga, f.hers, {f.comment(f.hers, "@ben")});
  model::Cursor at;
  std::map<std::string, bool> known; // by id: is it read
  const auto follow = [&] {
    for (bool more = true; more;) {
      const auto changes = must(f.hub->notification_changes(f.ben.principal, at, 2));
      CHECK(changes.after == at.sequence.value);
      for (const auto& each : changes.notifications) known[each.id.str()] = each.is_read;
      at = {changes.epoch, model::Sequence{changes.to}};
      more = changes.more;
    }
  };
  follow();
  CHECK(known.size() == 5);
  must(f.hub->mark_read(f.ben.principal, {{told(f, f.ben)[2].id}, {}}));
  follow();
  CHECK(std::count_if(known.begin(), known.end(), [](const auto& each) { return each.second; }) == 1);
  must(f.hub->mark_read(f.ben.principal, {}));
  follow();
  CHECK(std::all_of(known.begin(), known.end(), [](const auto& each) { return each.second; }));
  // A version of another log says nothing about this one.
  const auto other = must(f.hub->notification_changes(f.ben.principal, {model::Epoch{1}, {}}, 10));
  CHECK(other.after == 0);
  CHECK(other.notifications.size() == 5);
}

TEST_CASE("an operation that comes again after a backup was restored tells nobody twice") {
  Two f;
  const auto comment = f.comment(f.hers, "@ben");
  f.push(f.olga, f.hers, {comment});
  const auto first = only(f, f.ben, NotificationKind::mentioned);
  must(f.hub->mark_read(f.ben.principal, {}));
  // The log lost the comment; the person's notification stayed.
  f.execute("DELETE FROM op_result WHERE n = 2");
  f.execute("UPDATE replica SET last_n = 1");
  f.execute("DELETE FROM comment");
  f.push(f.olga, f.hers, {comment});
  CHECK(only(f, f.ben, NotificationKind::mentioned).id == first.id);
  CHECK(must(f.hub->unread_count(f.ben.principal)) == 0);
}

TEST_CASE("a transaction that is rejected tells nobody") {
  Two f;
  auto mention = f.comment(f.hers, "@ben");
  auto bad = f.hers.retitle(model::NodeId::random(f.random), "nowhere");
  mention.tx = bad.tx = model::TxId::random(f.random);
  const auto answer = f.push(f.olga, f.hers, {Writer::sealed(mention), Writer::sealed(bad)});
  CHECK(answer.results.at(0).status == Status::rejected);
  CHECK(told(f, f.ben).empty());
}

TEST_CASE("notifications that were read go after 90 days, the others after a year") {
  Two f;
  f.push(f.olga, f.hers, {f.comment(f.hers, "@ben read")});
  must(f.hub->mark_read(f.ben.principal, {}));
  f.push(f.olga, f.hers, {f.comment(f.hers, "@ben unread")});
  f.age(std::chrono::days(89));
  must(f.hub->compact());
  CHECK(told(f, f.ben).size() == 2);
  f.age(std::chrono::days(2));
  must(f.hub->compact());
  CHECK(only(f, f.ben, NotificationKind::mentioned).text == "@ben unread");
  f.age(std::chrono::days(300));
  must(f.hub->compact());
  CHECK(told(f, f.ben).empty());
}
