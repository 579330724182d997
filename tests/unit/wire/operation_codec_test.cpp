#include "wire/operation_codec.h"

#include "messages.h"
#include "model/limits.h"

using namespace memsync;
using namespace memsync::wire;
using namespace memsync::wire::tests;

namespace {

base::Json json_of(const model::Operation& op) { return parse(encode_operation(op)); }

/// With every member set.
model::Operation full_operation() {
  Messages messages(1);
  for (;;) {
    const model::Operation op = messages.operation();
    const base::Json json = json_of(op);
    if (json.size() == 22 &&
        op.fields.fields() ==
            model::FieldSet({model::Field::kind, model::Field::type, model::Field::title,
                             model::Field::content, model::Field::tags, model::Field::importance,
                             model::Field::context, model::Field::completed, model::Field::assignee,
                             model::Field::use_count, model::Field::strategy}))
      return op;
  }
}

} // namespace

TEST_CASE("an operation reads back as it was written") {
  for_many([](Messages& messages) {
    const model::Operation op = messages.operation();
    const auto read = decode_operation(json_of(op));
    REQUIRE(read);
    REQUIRE(*read == op);
    REQUIRE(has_valid_hash(*read));
  });
}

TEST_CASE("a malformed operation is refused and the member named") {
  check_malformed(json_of(full_operation()), &decode_operation,
                  {"n", "hash", "kind", "target", "base", "hlc"});
}

TEST_CASE("a malformed field of an operation is refused and named") {
  const base::Json json = json_of(full_operation());
  for (const auto& [field, value] : json["fields"].items()) {
    for (const base::Json& bad : {base::Json(7.5), base::Json::object(), base::Json::array({1})}) {
      if (field == "tags" && bad.is_object()) continue; // an empty delta
      CAPTURE(field);
      base::Json changed = json;
      changed["fields"][field] = bad;
      const auto read = decode_operation(changed);
      REQUIRE_FALSE(read);
      CHECK(read.error().code == base::ErrorCode::validation);
      CHECK(read.error().message.find(field) != std::string::npos);
    }
  }
}

TEST_CASE("values of the wrong form are refused") {
  const base::Json json = json_of(full_operation());
  const std::pair<const char*, base::Json> rows[] = {{"n", "01"},
                                                     {"n", 7},
                                                     {"base", "-1"},
                                                     {"hlc", "1e3"},
                                                     {"target", "short"},
                                                     {"hash", "xyz"},
                                                     {"kind", ""},
                                                     {"strategy", "best"},
                                                     {"schema", 0},
                                                     {"schema", 4'000'000'000},
                                                     {"resolution", "all"},
                                                     {"tx", ""},
                                                     {"if_base", 1},
                                                     {"document", "x"},
                                                     {"place", base::Json::object()}};
  for (const auto& [member, value] : rows) {
    CAPTURE(member);
    base::Json bad = json;
    bad[member] = value;
    const auto read = decode_operation(bad);
    REQUIRE_FALSE(read);
    CHECK(read.error().message.find(member) != std::string::npos);
  }
}

TEST_CASE("members and fields of a newer version are kept, covered by the hash and passed on") {
  base::Json json = json_of(full_operation());
  json["ttl"] = {{"days", 3}};
  json["fields"]["mood"] = {{"set", "good"}};
  const auto read = decode_operation(json);
  REQUIRE(read);
  CHECK(read->extra == R"({"fields":{"mood":{"set":"good"}},"ttl":{"days":3}})");
  CHECK(encode_operation(*read) == json.dump());
  model::Operation sealed = *read;
  seal(sealed);
  CHECK(has_valid_hash(sealed));
  sealed.extra.clear();
  CHECK_FALSE(has_valid_hash(sealed));
}

TEST_CASE("a kind of a newer version is kept, covered by the hash and not applied by this one") {
  base::Json json = json_of(full_operation());
  json["kind"] = "pin";
  const auto read = decode_operation(json);
  REQUIRE(read);
  CHECK(read->newer_kind == "pin");
  CHECK(encode_operation(*read) == json.dump());
  CHECK_FALSE(has_valid_hash(*read));
  CHECK(model::validate(*read).error().code == base::ErrorCode::validation);
  json["kind"] = std::string(41, 'x');
  CHECK_FALSE(decode_operation(json));
}

TEST_CASE("an operation with fields of a newer version is not applied by this one") {
  model::Operation op;
  op.kind = model::OperationKind::complete;
  op.target = *model::ItemId::parse("0123456789abcdefghjk");
  CHECK(model::validate(op));
  op.extra = R"({"ttl":3})";
  CHECK(model::validate(op));
  op.extra = R"({"fields":{"mood":{"set":"good"}}})";
  CHECK(model::validate(op).error().code == base::ErrorCode::validation);
  op.extra.clear();
  op.schema = model::k_operation_schema + 1;
  CHECK(model::validate(op).error().code == base::ErrorCode::validation);
}

TEST_CASE("an operation is written sorted and compact, as the JSON library writes it") {
  for_many([](Messages& messages) {
    const model::Operation op = messages.operation();
    REQUIRE(encode_operation(op) == base::dump_json(json_of(op)));
    base::Json claims = json_of(op);
    claims.erase("n");
    claims.erase("hash");
    REQUIRE(canonical_text(op) == base::dump_json(claims));
  });
}

TEST_CASE("the hash covers everything but n") {
  const model::Operation op = full_operation();
  model::Operation renumbered = op;
  renumbered.n += 1;
  CHECK(has_valid_hash(renumbered));
  CHECK(canonical_text(renumbered) == canonical_text(op));

  const base::Json json = json_of(op);
  for (const auto& [member, value] : json.items()) {
    if (member == "n" || member == "hash") continue;
    CAPTURE(member);
    base::Json without = json;
    without.erase(member);
    const auto read = decode_operation(without);
    if (read && member != "schema") CHECK_FALSE(has_valid_hash(*read));
  }
}

TEST_CASE("canonical text is compact, sorted and the same on every run") {
  model::Operation op;
  op.n = 5;
  op.kind = model::OperationKind::update;
  op.target = *model::ItemId::parse("0123456789abcdefghjk");
  op.base = model::Sequence{7};
  op.clock = model::Hlc{9};
  op.fields.title = "\u00e4 \"x\"";
  op.fields.importance = 1;
  CHECK(canonical_text(op) ==
        "{\"base\":\"7\",\"fields\":{\"importance\":{\"set\":1.0},\"title\":{\"set\":\"\u00e4 \\\"x\\\"\"}},"
        "\"hlc\":\"9\",\"kind\":\"update\",\"schema\":1,\"target\":\"0123456789abcdefghjk\"}");
}
