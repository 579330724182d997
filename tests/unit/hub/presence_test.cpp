#include "hub/presence.h"

#include "tests/unit/hub/stream_client.h"

using namespace memsync;
using namespace memsync::hub;
using model::Presence;
using model::PresenceKind;
using model::PresenceState;

namespace {

/// Olga and Ben in the team, and what they report.
struct Here : HubFixture {
  Person ben = member("Ben");

  Presence at(const std::string& session, PresenceState state = PresenceState::active) const {
    Presence presence;
    presence.session = session;
    presence.workspace = team;
    presence.state = state;
    presence.client = "claude-code/2";
    return presence;
  }
  std::size_t report(const Person& person, const std::vector<Presence>& sessions,
                     const std::string& reporter = "desk") {
    return must(hub->report_presence(person.principal, {reporter, sessions}));
  }
  std::string names() {
    std::string found;
    for (const auto& each : must(hub->present(olga.principal, team)))
      found += each.name + ":" + each.presence.session + " ";
    return found;
  }
};

std::string names_in(const wire::StreamPresence& event) {
  std::string found;
  for (const auto& each : event.present) found += each.name + " ";
  return found;
}

} // namespace

TEST_CASE("who reports is here, under the name that the hub knows, until they report no more") {
  Here f;
  CHECK(f.report(f.olga, {f.at("a"), f.at("b")}) == 2);
  f.report(f.ben, {f.at("c")});
  CHECK(f.names() == "Ben:c Olga:a Olga:b ");
  f.report(f.olga, {f.at("b")});
  CHECK(f.names() == "Ben:c Olga:b ");
  f.clock.advance(std::chrono::seconds(59));
  f.report(f.ben, {f.at("c")});
  f.clock.advance(std::chrono::seconds(1));
  CHECK(f.names() == "Ben:c ");
  f.report(f.ben, {});
  CHECK(f.names().empty());
}

TEST_CASE("reporters of one person, and tokens with the same reporter, do not end each other's sessions") {
  Here f;
  f.report(f.olga, {f.at("a")}, "desk");
  f.report(f.olga, {f.at("b")}, "laptop");
  const auto made = must(f.hub->create_token(f.olga.principal, {"other", PermissionSet::all(), {}, {}}));
  Person same = f.olga;
  same.principal = must(f.hub->authenticate(made.secret));
  f.report(same, {f.at("c")}, "desk");
  CHECK(f.names() == "Olga:a Olga:b Olga:c ");
}

TEST_CASE("sessions in workspaces that the reporter cannot read are left out") {
  Here f;
  const Person eve = f.stranger("eve");
  CHECK(f.report(eve, {f.at("x")}) == 0);
  CHECK(f.names().empty());
  CHECK(code_of(f.hub->present(eve.principal, f.team)) == ErrorCode::not_found);
}

TEST_CASE("a removed member is not shown, from that moment on") {
  Here f;
  f.report(f.ben, {f.at("c")});
  must(f.hub->remove_member(f.olga.principal, f.team, f.ben.id));
  CHECK(f.names().empty());
}

TEST_CASE("a room is everybody at that document or node") {
  Here f;
  Presence at_document = f.at("a"), at_node = f.at("b");
  at_document.document = model::NodeId::random(f.random);
  at_node.document = at_document.document;
  at_node.node = model::NodeId::random(f.random);
  f.report(f.olga, {at_document, at_node, f.at("c")});
  CHECK(must(f.hub->present_at(f.ben.principal, f.team, at_document.document)).size() == 2);
  CHECK(must(f.hub->present_at(f.ben.principal, f.team, at_node.node)).size() == 1);
  CHECK(must(f.hub->present_at(f.ben.principal, f.team, model::NodeId::random(f.random))).empty());
}

TEST_CASE("reports beyond the limits are refused by field") {
  Here f;
  const auto code = [&](const wire::PresenceReport& report) {
    return code_of(f.hub->report_presence(f.olga.principal, report));
  };
  CHECK(code({"", {}}) == ErrorCode::validation);
  CHECK(code({std::string(65, 'x'), {}}) == ErrorCode::validation);
  CHECK(code({"desk\n", {}}) == ErrorCode::validation);
  CHECK(code({"desk", {f.at("")}}) == ErrorCode::validation);
  Presence long_client = f.at("a");
  long_client.client = std::string(100'000, 'x');
  CHECK(code({"desk", {long_client}}) == ErrorCode::validation);
  CHECK(code({"desk", std::vector<Presence>(101, f.at("a"))}) == ErrorCode::too_large);
  f.options.presence_reports = {1, 1};
  f.reopen();
  f.report(f.olga, {});
  CHECK(code({"desk", {}}) == ErrorCode::rate_limited);
}

TEST_CASE("one person's sessions are bounded, whatever they report") {
  Here f;
  std::size_t taken = 0;
  for (int i = 0; i < 5; ++i)
    taken += f.report(f.olga, std::vector<Presence>(100, f.at("a")), "r" + std::to_string(i));
  CHECK(taken == PresenceBook::k_sessions_of_user);
}

TEST_CASE("a list is bounded and begins with the most active") {
  Here f;
  std::vector<Presence> away;
  for (int i = 0; i < 50; ++i) away.push_back(f.at("s" + std::to_string(i), PresenceState::away));
  f.report(f.ben, away);
  f.report(f.member("Abe"), away);
  f.report(f.olga, {f.at("o")});
  const auto present = must(f.hub->present(f.olga.principal, f.team));
  CHECK(present.size() == PresenceBook::k_listed);
  CHECK(present.front().name == "Olga");
}

TEST_CASE("a stream of view ops says who is here at once, and again whenever that changes") {
  Here f;
  f.report(f.ben, {f.at("c")});
  Client olga(f, f.olga, ops(f));
  olga.settle();
  REQUIRE(olga.all<wire::StreamPresence>().size() == 1);
  CHECK(names_in(olga.all<wire::StreamPresence>()[0]) == "Ben ");
  f.report(f.ben, {f.at("c")}); // heard of again: nothing new
  olga.settle();
  CHECK(olga.all<wire::StreamPresence>().size() == 1);
  f.report(f.ben, {f.at("c", PresenceState::idle)});
  olga.settle();
  REQUIRE(olga.all<wire::StreamPresence>().size() == 2);
  CHECK(olga.all<wire::StreamPresence>()[1].present.at(0).presence.state == PresenceState::idle);
  f.clock.advance(PresenceBook::k_stale);
  olga.settle();
  REQUIRE(olga.all<wire::StreamPresence>().size() == 3);
  CHECK(olga.all<wire::StreamPresence>()[2].present.empty());
  for (const auto& event : olga.events)
    if (event.event == "presence") CHECK(event.id.empty());
}

TEST_CASE("of presence that is not taken only the newest waits") {
  Here f;
  Client olga(f, f.olga, ops(f));
  olga.settle();
  for (int i = 0; i < 50; ++i) {
    f.report(f.ben, {f.at("session " + std::to_string(i))});
    f.hub->streams().step();
  }
  olga.settle();
  const auto told = olga.all<wire::StreamPresence>();
  REQUIRE(told.size() == 2);
  CHECK(told[1].present.at(0).presence.session == "session 49");
}

TEST_CASE("presence that waits when its reader is removed never leaves") {
  Here f;
  Client ben(f, f.ben, ops(f));
  ben.settle();
  f.report(f.olga, {f.at("secret")});
  f.hub->streams().step();
  must(f.hub->remove_member(f.olga.principal, f.team, f.ben.id));
  ben.settle();
  for (const auto& event : ben.events) CHECK(event.data.find("secret") == std::string::npos);
}

TEST_CASE("view memories does not say who is here") {
  Here f;
  f.report(f.ben, {f.at("c")});
  Client olga(f, f.olga, {{f.team}, {}, StreamView::memories, {}});
  olga.settle();
  for (const auto& event : olga.events) CHECK(event.data.find("Ben") == std::string::npos);
}
