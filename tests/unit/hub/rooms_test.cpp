#include "hub/rooms.h"

#include <doctest/doctest.h>

#include "base/json.h"

using namespace memsync;
using hub::Rooms;
using wire::RoomKind;
using wire::RoomName;

namespace {

struct Visitor final : hub::RoomVisitor {
  void deliver(const std::shared_ptr<const std::string>& message, std::string_view key) override {
    heard.push_back(base::Json::parse(*message));
    keys.emplace_back(key);
  }
  std::vector<base::Json> heard;
  std::vector<std::string> keys;
};

RoomName room(char letter) {
  return {RoomKind::document, *model::NodeId::parse(std::string(model::NodeId::k_length, letter))};
}

struct House {
  House() {
    rooms.enter(mary, here, {1, {}, "Mary"});
    rooms.enter(tom, here, {2, {}, "Tom"});
    rooms.enter(stranger, elsewhere, {3, {}, "Ann"});
  }
  Rooms rooms;
  Visitor mary, tom, stranger;
  model::WorkspaceId here = *model::WorkspaceId::parse(std::string(model::WorkspaceId::k_length, '1'));
  model::WorkspaceId elsewhere = *model::WorkspaceId::parse(std::string(model::WorkspaceId::k_length, '2'));
};

} // namespace

TEST_CASE("a room tells those in it who comes and goes, and nobody else") {
  House house;
  CHECK(house.rooms.join(house.mary, room('a'))->size() == 1);
  CHECK(house.rooms.join(house.stranger, room('a'))->size() == 1); // the same name in another workspace
  CHECK(house.rooms.join(house.tom, room('b'))->size() == 1);
  CHECK(house.mary.heard.empty());
  CHECK(house.rooms.join(house.tom, room('a'))->size() == 2);
  REQUIRE(house.mary.heard.size() == 1);
  CHECK(house.mary.heard[0]["type"] == "entered");
  CHECK(house.rooms.join(house.tom, room('a'))->size() == 2); // again: nobody is told
  CHECK(house.mary.heard.size() == 1);
  house.rooms.exit(house.tom);
  REQUIRE(house.mary.heard.size() == 2);
  CHECK(house.mary.heard[1]["type"] == "left");
  CHECK(house.mary.heard[1]["member"]["user"]["name"] == "Tom");
  CHECK(house.stranger.heard.empty());
  CHECK_FALSE(house.rooms.is_in(house.tom, room('a')));
  house.rooms.exit(house.tom);
}

TEST_CASE("presence goes to every room, a cursor to its own, both replaceable by newer ones") {
  House house;
  for (const char name : {'a', 'b'}) {
    house.rooms.join(house.mary, room(name));
    house.rooms.join(house.tom, room(name));
  }
  house.mary.heard.clear(), house.mary.keys.clear();
  house.rooms.set_presence(house.tom, model::PresenceState::idle);
  house.rooms.set_cursor(house.tom, room('b'), R"({"line":7})");
  REQUIRE(house.mary.heard.size() == 3);
  CHECK(house.mary.heard[0]["member"]["presence"] == "idle");
  CHECK(house.mary.heard[2]["member"]["cursor"]["line"] == 7);
  CHECK(house.mary.heard[2]["room"] == room('b').str());
  CHECK(house.mary.keys[0] != house.mary.keys[1]);
  CHECK(house.mary.keys[1] != house.mary.keys[2]);
  house.rooms.set_cursor(house.tom, room('b'), "");
  CHECK(house.mary.heard[3]["member"]["cursor"].is_null());
  CHECK(house.mary.keys[3] == house.mary.keys[2]);
}

TEST_CASE("one visitor is in a limited number of rooms") {
  House house;
  RoomName name = room('0');
  for (std::size_t i = 0; i < Rooms::k_rooms_of_visitor; ++i) {
    std::string id(model::NodeId::k_length, '0');
    id[0] = static_cast<char>('0' + i / 10);
    id[1] = static_cast<char>('0' + i % 10);
    name.id = *model::NodeId::parse(id);
    CHECK(house.rooms.join(house.mary, name));
  }
  CHECK_FALSE(house.rooms.join(house.mary, room('z')));
  CHECK(house.rooms.join(house.mary, name)); // it is in that one
  CHECK(house.rooms.leave(house.mary, name));
  CHECK_FALSE(house.rooms.leave(house.mary, name));
  CHECK(house.rooms.join(house.mary, room('z')));
}

TEST_CASE("the name of a room is its kind and an id") {
  const std::string id(model::NodeId::k_length, 'x');
  CHECK(RoomName::parse("node:" + id)->str() == "node:" + id);
  const std::vector<std::string> wrong{"", id, "node:", "hall:" + id, "node:" + id + "x", "node: " + id};
  for (const std::string& text : wrong) CHECK_FALSE(RoomName::parse(text));
}
