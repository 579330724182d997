#include "messages.h"

using namespace memsync;
using namespace memsync::wire;
using namespace memsync::wire::tests;

namespace {

model::Entry full_entry() {
  Messages messages(1);
  model::Entry entry = messages.entry();
  entry.tx = messages.id<model::TxId>();
  entry.code = base::ErrorCode::stale;
  entry.nodes = {messages.effect()};
  entry.relationships = {messages.relationship()};
  entry.comments = {messages.comment()};
  entry.lost = {messages.lost()};
  entry.conflicts = {messages.conflict()};
  return entry;
}

} // namespace

TEST_CASE("a log entry reads back as it was written") {
  for_many([](Messages& messages) {
    const model::Entry entry = messages.entry();
    const std::string text = encode_entry(entry);
    const auto read = decode_entry(parse(text));
    REQUIRE(read);
    REQUIRE(*read == entry);
    REQUIRE(encode_entry(*read) == text);
  });
}

TEST_CASE("a malformed entry is refused and the member named") {
  check_malformed(parse(encode_entry(full_entry())), &decode_entry,
                  {"seq", "replica", "n", "hash", "kind", "target", "by", "hlc", "status"});
}

TEST_CASE("what is wrong inside of an item of an entry is refused") {
  const base::Json json = parse(encode_entry(full_entry()));
  for (const char* list : {"nodes", "relationships", "comments", "lost", "conflicts"}) {
    CAPTURE(list);
    base::Json bad = json;
    bad[list][0] = base::Json::object();
    const auto read = decode_entry(bad);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == base::ErrorCode::validation);
  }
}

TEST_CASE(
    "an entry of an operation that only a newer hub knows keeps its kind and effects, its nodes read-only") {
  base::Json json = parse(encode_entry(full_entry()));
  json["kind"] = "fold";
  json["status"] = "applied";
  json["note"] = "unknown member";
  json["code"] = "unknown code";
  const auto read = decode_entry(json);
  REQUIRE(read);
  CHECK(read->newer_kind == "fold");
  CHECK(parse(encode_entry(*read))["kind"] == "fold");
  model::NodeEffect expected = full_entry().nodes.at(0);
  expected.node.unknown["kind fold"] = "true";
  CHECK(read->nodes.at(0) == expected);
  CHECK(read->kind == model::OperationKind::update);
  CHECK(read->code == base::ErrorCode::internal);
}
