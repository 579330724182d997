#include "tests/unit/hub/stream_client.h"

using namespace memsync;
using namespace memsync::hub;

namespace {

/// Somebody in the team, and a comment by Olga that names them.
struct Mentioned : HubFixture {
  Person ben = member("Ben");
  Writer writer{random};
  model::NodeId node = add(olga, writer, "Plan");

  void mention(const std::string& text = "@ben") {
    auto op = writer.start(model::OperationKind::comment, model::NodeId::random(random));
    op.node = node;
    op.text = text;
    push(olga, writer, {Writer::sealed(op)});
  }
  /// The version up to which the person's notifications go.
  std::uint64_t version() { return must(hub->notification_changes(ben.principal, {}, 200)).to; }
};

} // namespace

TEST_CASE("a notification is delivered live, without an id, to its person and nobody else") {
  Mentioned f;
  f.mention("@ben early");
  Client ben(f, f.ben, ops(f)), olga(f, f.olga, ops(f));
  ben.settle();
  olga.settle();
  CHECK(ben.all<wire::StreamNotifications>().empty()); // what was there before is fetched
  const auto before = f.version();
  f.mention("@ben late");
  f.hub->streams().step();
  const std::string bytes = ben.take();
  const auto event = bytes.find("event: notification\n");
  REQUIRE(event != std::string::npos);
  const auto begin = bytes.rfind("\n\n", event);
  CHECK(bytes.substr(begin, bytes.find("\n\n", event) - begin).find("\nid:") == std::string::npos);
  ben.settle();
  olga.settle();
  const auto told = ben.all<wire::StreamNotifications>();
  REQUIRE(told.size() == 1);
  CHECK(told[0].after == before);
  CHECK(told[0].to == f.version());
  REQUIRE(told[0].notifications.size() == 1);
  CHECK(told[0].notifications[0].text == "@ben late");
  CHECK(olga.all<wire::StreamNotifications>().empty());
}

TEST_CASE("a damaged notification is only told to be there, and holds up no entry") {
  Mentioned f;
  Client ben(f, f.ben, ops(f));
  ben.settle();
  f.mention();
  const auto version = f.version();
  f.execute("UPDATE notification SET hash = zeroblob(16)");
  ben.settle();
  const auto told = ben.all<wire::StreamNotifications>();
  REQUIRE(told.size() == 1);
  CHECK(told[0].notifications.empty());
  CHECK(told[0].to == version);
  CHECK(ben.sequences().size() == 1);
}

TEST_CASE("what is read on one device is told to the others") {
  Mentioned f;
  Client ben(f, f.ben, ops(f));
  f.mention();
  ben.settle();
  must(f.hub->mark_read(f.ben.principal, {}));
  ben.settle();
  const auto told = ben.all<wire::StreamNotifications>();
  REQUIRE(told.size() == 2);
  CHECK(told[1].after == told[0].to);
  CHECK(told[1].notifications.at(0).id == told[0].notifications.at(0).id);
  CHECK(told[1].notifications.at(0).is_read);
}

TEST_CASE("of notifications that are not taken one event waits, and says what is to be fetched") {
  Mentioned f;
  Client ben(f, f.ben, ops(f));
  ben.settle();
  const auto before = f.version();
  for (int i = 0; i < 100; ++i) {
    f.mention();
    f.hub->streams().step();
  }
  ben.settle();
  const auto told = ben.all<wire::StreamNotifications>();
  REQUIRE(told.size() == 1);
  CHECK(told[0].after == before);
  CHECK(told[0].to == f.version());
  CHECK(told[0].notifications.empty());
  CHECK(ben.sequences().size() == 100);
}

TEST_CASE("notifications about a workspace that the stream does not carry are to be fetched") {
  Mentioned f;
  const auto other = must(f.hub->create_workspace(f.ben.principal, "Other")).id;
  Client ben(f, f.ben, {{other}, {}, StreamView::ops, {}});
  f.mention();
  ben.settle();
  const auto told = ben.all<wire::StreamNotifications>();
  REQUIRE(told.size() == 1);
  CHECK(told[0].notifications.empty());
}

TEST_CASE("a notification that waits when its person is removed never leaves") {
  Mentioned f;
  const auto other = must(f.hub->create_workspace(f.ben.principal, "Other")).id;
  Client ben(f, f.ben, {{f.team, other}, {}, StreamView::ops, {}});
  ben.settle();
  f.mention("@ben secret");
  f.hub->streams().step();
  must(f.hub->remove_member(f.olga.principal, f.team, f.ben.id));
  ben.settle();
  for (const auto& event : ben.events) CHECK(event.data.find("secret") == std::string::npos);
  const auto told = ben.all<wire::StreamNotifications>();
  REQUIRE(told.size() == 1);
  CHECK(told[0].notifications.empty());
}

TEST_CASE("view memories has no notifications") {
  Mentioned f;
  Client ben(f, f.ben, {{f.team}, {}, StreamView::memories, {}});
  f.mention();
  ben.settle();
  for (const auto& event : ben.events) CHECK(event.data.find("mentioned") == std::string::npos);
}
