#include "wire/effect_codec.h"

#include "messages.h"

using namespace memsync;
using namespace memsync::wire;
using namespace memsync::wire::tests;

TEST_CASE("a whole node reads back as it was stored") {
  for_many([](Messages& messages) {
    const model::Node node = messages.node();
    const auto read = decode_node(encode_node(node));
    REQUIRE(read);
    REQUIRE(*read == node);
    REQUIRE(encode_node(*read) == encode_node(node));
  });
}

TEST_CASE("an effect reads back with exactly its registers") {
  for_many([](Messages& messages) {
    const model::NodeEffect effect = messages.effect();
    const auto read = decode_effect(parse(text_of(&append_effect, effect)));
    REQUIRE(read);
    REQUIRE(*read == effect);
  });
}

TEST_CASE("an effect of no register carries the edit mark alone") {
  Messages messages(1);
  model::NodeEffect effect;
  effect.node.id = messages.id<model::NodeId>();
  effect.node.edits.record(model::Sequence{4}, messages.id<model::ReplicaId>());
  const auto read = decode_effect(parse(text_of(&append_effect, effect)));
  REQUIRE(read);
  CHECK(*read == effect);
}

TEST_CASE("registers set together share one stamp") {
  Messages messages(2);
  model::Node node;
  node.id = messages.id<model::NodeId>();
  node.created_at = messages.stamp();
  model::for_each_register(node, [&](model::Field, auto& reg) { reg.stamp = node.created_at; });
  CHECK(parse(encode_node(node))["stamps"].size() == 1);
}

TEST_CASE("registers that were never set are not written") {
  Messages messages(3);
  model::Node node;
  node.id = messages.id<model::NodeId>();
  node.title = {"title", messages.stamp()};
  CHECK(parse(encode_node(node))["f"].size() == 1);
}

TEST_CASE("registers of a newer version are kept with their stamp, stored and sent on") {
  Messages messages(4);
  model::NodeEffect effect;
  effect.node.id = messages.id<model::NodeId>();
  effect.node.title = {"title", messages.stamp()};
  effect.fields.add(model::Field::title);
  base::Json json = parse(text_of(&append_effect, effect));
  json["stamps"].push_back({"12", "34", "", ""});
  json["f"]["mood"] = {1, {{"a", 1}}};
  json["f"]["odd"] = "not a register";
  const auto read = decode_effect(parse(json.dump()));
  REQUIRE(read);
  CHECK(read->node.unknown.at("mood") == R"([["12","34","",""],{"a":1}])");

  model::Node stored;
  model::install(stored, model::whole(read->node));
  const auto again = decode_node(encode_node(stored));
  REQUIRE(again);
  CHECK(again->unknown == read->node.unknown);
  CHECK(again->unknown.size() == 2);
}

TEST_CASE("a malformed node is refused and the member named") {
  Messages messages(5);
  model::Node node = messages.node();
  node.unknown["mood"] = "1";
  const base::Json json = parse(encode_node(node));
  check_malformed(json, &decode_effect, {"id", "f", "born", "by"});
  for (const auto& [field, value] : json["f"].items()) {
    for (const base::Json& bad :
         {base::Json("x"), base::Json::array({0}), base::Json::array({99, "x"}), base::Json::array({-1, "x"}),
          base::Json::array({0, base::Json::object()})}) {
      CAPTURE(field);
      base::Json changed = json;
      changed["f"][field] = bad;
      const auto read = decode_effect(changed);
      REQUIRE_FALSE(read);
      CHECK(read.error().message.find(field) != std::string::npos);
    }
  }
}

TEST_CASE("a stamp is four texts of the right form") {
  Messages messages(6);
  const base::Json json = parse(encode_node(messages.node()));
  for (const base::Json& bad :
       {base::Json::array(), base::Json::array({"1", "2", ""}), base::Json({"1", "2", "", 4}),
        base::Json({"x", "2", "", ""}), base::Json({"1", "-2", "", ""}), base::Json({"1", "2", "short", ""}),
        base::Json({"1", "2", "", "short"})}) {
    base::Json changed = json;
    changed["stamps"][0] = bad;
    CHECK(decode_effect(changed).error().message.find("stamp") != std::string::npos);
  }
}

TEST_CASE("a stored node that cannot be read is corrupt, not invalid") {
  for (const char* text : {"", "{", "{}", "[]", R"({"id":"x"})"})
    CHECK(decode_node(text).error().code == base::ErrorCode::corrupt);
}

TEST_CASE("relationships, comments, conflicts and lost values read back") {
  for_many([](Messages& messages) {
    const auto relationship = messages.relationship();
    REQUIRE(*decode_relationship(parse(text_of(&append_relationship, relationship))) == relationship);
    const auto comment = messages.comment();
    REQUIRE(*decode_comment(parse(text_of(&append_comment, comment))) == comment);
    const auto conflict = messages.conflict();
    REQUIRE(*decode_conflict(parse(text_of(&append_conflict, conflict))) == conflict);
    const auto lost = messages.lost();
    REQUIRE(*decode_lost(parse(text_of(&append_lost, lost))) == lost);
  });
}

TEST_CASE("malformed items are refused and the member named") {
  Messages messages(7);
  model::Relationship relationship = messages.relationship();
  relationship.deleted = true;
  check_malformed(parse(text_of(&append_relationship, relationship)), &decode_relationship,
                  {"id", "type", "from", "to", "stamp"});
  check_malformed(parse(text_of(&append_comment, messages.comment())), &decode_comment,
                  {"id", "node", "text", "by", "stamp"});
  check_malformed(parse(text_of(&append_lost, messages.lost())), &decode_lost,
                  {"node", "field", "value", "stamp"});
  model::Conflict conflict = messages.conflict();
  conflict.base = conflict.local = conflict.server = conflict.proposed = "x";
  conflict.resolved = true;
  conflict.resolution = model::Resolution::merge;
  check_malformed(parse(text_of(&append_conflict, conflict)), &decode_conflict,
                  {"id", "kind", "node", "field", "opened", "local_stamp", "server_stamp"});
}

TEST_CASE("two texts of a node have the same registers when only their stamps differ") {
  for_many([](Messages& messages) {
    model::Node node = messages.node();
    const std::string text = encode_node(node);
    model::Node confirmed = node;
    // Each stamp becomes another one, as when the hub gives an operation its sequence.
    const auto confirm = [](model::Stamp& stamp) {
      if (!(stamp == model::Stamp{})) stamp.sequence.value += 1'000'000;
    };
    model::for_each_register(confirmed, [&](model::Field, auto& reg) { confirm(reg.stamp); });
    confirm(confirmed.created_at);
    confirmed.edits.last.value += 1;
    confirmed.created.author = model::UserId{};
    REQUIRE(encode_node(confirmed) != text);
    CHECK(has_same_registers(text, encode_node(confirmed)));

    model::Node retitled = confirmed;
    retitled.title = {node.title.value + "x", {model::Sequence{7}, {}, {}, {}}};
    CHECK_FALSE(has_same_registers(text, encode_node(retitled)));
    CHECK_FALSE(has_same_registers(text, encode_node(messages.node())));
  });
}

TEST_CASE("what a text says about stamps does not end its registers") {
  model::Node node;
  node.id = *model::NodeId::parse("0123456789abcdefghjk");
  node.content = {R"(},"new":true)", {model::Sequence{1}, {}, {}, {}}};
  node.title = {"a", {model::Sequence{1}, {}, {}, {}}};
  model::Node other = node;
  other.title.value = "b";
  CHECK(has_same_registers(encode_node(node), encode_node(node)));
  CHECK_FALSE(has_same_registers(encode_node(node), encode_node(other)));
  CHECK_FALSE(has_same_registers(encode_node(node), ""));
  CHECK_FALSE(has_same_registers("", ""));
}
