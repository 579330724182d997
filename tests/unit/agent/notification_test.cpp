#include <doctest/doctest.h>

#include "agent/notifications.h"

using namespace memsync;
using namespace memsync::agent;
using model::Notification;
using model::NotificationKind;

namespace {

const model::UserId k_self = *model::UserId::parse("00000000000000000001");
const model::UserId k_ben = *model::UserId::parse("00000000000000000002");

Notification made(NotificationKind kind) {
  Notification each;
  each.kind = kind;
  each.actor = k_ben;
  each.actor_name = "Ben";
  each.title = "Plan";
  each.conflict = *model::ConflictId::parse("0123456789abcdefghjk");
  return each;
}

} // namespace

TEST_CASE("every kind of notification is one sentence") {
  Notification each = made(NotificationKind::assigned);
  CHECK(describe(each, k_self) == R"(Ben assigned "Plan" to you)");
  CHECK(describe(made(NotificationKind::completed), k_self) == R"(Ben completed "Plan")");
  each = made(NotificationKind::mentioned);
  each.text = "ask @me\nplease";
  CHECK(describe(each, k_self) == R"(Ben mentioned you in "Plan": ask @me please)");
  each = made(NotificationKind::overwritten);
  each.field = model::Field::title;
  each.yours = R"("A")";
  each.now = R"("B")";
  CHECK(describe(each, k_self) == R"(Ben overwrote your title of "Plan": yours "A", now "B")");
  each.kind = NotificationKind::merged;
  CHECK(describe(each, k_self) == R"(Your title of "Plan" was merged with that of Ben: yours "A", now "B")");
  each.kind = NotificationKind::conflict;
  CHECK(describe(each, k_self) ==
        R"(A conflict in title of "Plan" waits for a decision: yours "A", now "B" [0123456789])");
  each = made(NotificationKind::member_joined);
  each.text = "viewer";
  CHECK(describe(each, k_self) == "Ben joined as viewer");
  each.kind = NotificationKind::role_changed;
  CHECK(describe(each, k_self) == "Ben made you viewer of the workspace");
  each.actor = {};
  CHECK(describe(each, k_self) == "The operator of the hub made you viewer of the workspace");
}

TEST_CASE("whoever overwrote themselves from another machine is told so") {
  Notification each = made(NotificationKind::overwritten);
  each.actor = k_self;
  each.field = model::Field::importance;
  each.yours = "0.1";
  CHECK(describe(each, k_self) ==
        R"(You, from another machine, overwrote your importance of "Plan": yours "0.1", now nothing)");
}

TEST_CASE("values of a place say nothing to people, long ones are cut between characters") {
  Notification each = made(NotificationKind::overwritten);
  each.field = model::Field::place;
  each.yours = R"({"key":"V","parent":null})";
  CHECK(describe(each, k_self) == R"(Ben overwrote your place of "Plan")");
  std::string text = "\"";
  for (int i = 0; i < 100; ++i) text += "ä";
  const std::string shown = show_value(text + "\"", 51);
  CHECK(shown.size() == 50 + 3);
  CHECK(shown.ends_with("..."));
}
