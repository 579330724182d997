#include "hub/device_flow.h"

#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;

namespace {

using Choice = DeviceFlow::Decision;

struct DeviceFixture : HubFixture {
  DeviceFlow& devices() { return hub->devices(); }
  DeviceFlow::Begun begin() { return must(devices().begin("memsync on a laptop", "192.0.2.1")); }
  void decide(const std::string& code, Choice decision) {
    must(devices().decide(olga.principal, code, decision, "192.0.2.7"));
  }
};

} // namespace

TEST_CASE("a terminal waits until somebody allows its code, and gets a token of theirs once") {
  DeviceFixture f;
  const auto begun = f.begin();
  CHECK(begun.user_code.size() == 9);
  CHECK(must(f.devices().poll(begun.device_code)).state == DeviceState::waiting);
  const auto request = must(f.devices().find(begun.user_code, "a"));
  CHECK(request.client == "memsync on a laptop");
  CHECK(request.address == "192.0.2.1");
  f.decide(begun.user_code, Choice::allow);
  const auto polled = must(f.devices().poll(begun.device_code));
  CHECK(polled.state == DeviceState::allowed);
  REQUIRE(polled.user);
  CHECK(polled.user->id == f.olga.id);
  CHECK(must(f.hub->authenticate(polled.token)).user == f.olga.id);
  CHECK(code_of(f.devices().poll(begun.device_code)) == ErrorCode::not_found);
}

TEST_CASE("a code is typed with or without its dash, in any case") {
  DeviceFixture f;
  for (const bool is_lower : {false, true}) {
    const auto begun = f.begin();
    std::string typed;
    for (const char c : begun.user_code)
      if (c != '-') typed += is_lower ? static_cast<char>(c | 0x20) : c;
    CHECK(must(f.devices().find(typed, "a")).user_code == begun.user_code);
  }
  for (const char* typed : {"", "BCDF", "BCDF-GHJ", "BCDF-GHJKL", "AEIO-UUUU", "BCDF_GHJK"}) {
    CAPTURE(typed);
    CHECK(code_of(f.devices().find(typed, "a")) == ErrorCode::not_found);
  }
}

TEST_CASE("a terminal that was denied, or waited ten minutes, gets nothing") {
  DeviceFixture f;
  const auto denied = f.begin();
  f.decide(denied.user_code, Choice::deny);
  const auto polled = must(f.devices().poll(denied.device_code));
  CHECK(polled.state == DeviceState::denied);
  CHECK(polled.token.empty());
  const auto late = f.begin();
  f.clock.advance(DeviceFlow::k_lifetime);
  CHECK(code_of(f.devices().decide(f.olga.principal, late.user_code, Choice::allow, "a")) ==
        ErrorCode::not_found);
  CHECK(code_of(f.devices().poll(late.device_code)) == ErrorCode::not_found);
  CHECK(code_of(f.devices().poll("msd_nonsense")) == ErrorCode::not_found);
}

TEST_CASE("a code is decided once") {
  DeviceFixture f;
  const auto begun = f.begin();
  f.decide(begun.user_code, Choice::deny);
  CHECK(code_of(f.devices().decide(f.olga.principal, begun.user_code, Choice::allow, "a")) ==
        ErrorCode::not_found);
}

TEST_CASE("a limited token allows no terminal") {
  DeviceFixture f;
  TokenRequest narrow{"reader", PermissionSet().add(model::Permission::memory_read), {}, {}};
  const auto reader = must(f.hub->authenticate(must(f.hub->create_token(f.olga.principal, narrow)).secret));
  CHECK(code_of(f.devices().decide(reader, f.begin().user_code, Choice::allow, "a")) ==
        ErrorCode::permission);
}

TEST_CASE("beginning, guessing codes and asking are limited") {
  DeviceFixture f;
  f.options.devices = {{2, 1}, {2, 1}, {2, 1}};
  f.reopen();
  const auto begun = f.begin();
  (void)f.begin();
  CHECK(code_of(f.devices().begin("x", "192.0.2.1")) == ErrorCode::rate_limited);
  for (int i = 0; i < 2; ++i)
    CHECK(code_of(f.devices().find("BCDF-GHJK", "192.0.2.9")) == ErrorCode::not_found);
  CHECK(code_of(f.devices().find("BCDF-GHJK", "192.0.2.9")) == ErrorCode::rate_limited);
  for (int i = 0; i < 2; ++i) must(f.devices().poll(begun.device_code));
  CHECK(code_of(f.devices().poll(begun.device_code)) == ErrorCode::rate_limited);
}
