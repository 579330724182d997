#include "model/limits.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <functional>
#include <limits>

using namespace memsync;
using namespace memsync::model;
using base::ErrorCode;

namespace {

const auto k_id = *ItemId::parse("0123456789abcdefghjk");

Operation make(OperationKind kind) {
  Operation op;
  op.kind = kind;
  op.target = k_id;
  switch (kind) {
    case OperationKind::create:
      op.fields.title = "title";
      op.place = Place{{}, "V"};
      break;
    case OperationKind::move: op.place = Place{{}, "V"}; break;
    case OperationKind::update: op.fields.title = "title"; break;
    case OperationKind::assign: op.fields.assignee = UserId{}; break;
    case OperationKind::comment:
      op.node = id_cast<NodeId>(k_id);
      op.text = "text";
      break;
    case OperationKind::relate:
      op.from = id_cast<NodeId>(k_id);
      op.to = *NodeId::parse("0123456789abcdefghjm");
      op.relationship_type = "SOLVES";
      break;
    case OperationKind::resolve: op.resolution = Resolution::keep_local; break;
    case OperationKind::remove:
    case OperationKind::restore:
    case OperationKind::complete:
    case OperationKind::reopen:
    case OperationKind::unrelate: break;
  }
  return op;
}

/// Nothing: the operation is valid.
std::optional<ErrorCode> refusal(OperationKind kind, const std::function<void(Operation&)>& change) {
  Operation op = make(kind);
  change(op);
  const auto valid = validate(op);
  if (valid) return std::nullopt;
  CHECK_FALSE(valid.error().message.empty());
  return valid.error().code;
}

std::optional<ErrorCode> update_refusal(const std::function<void(FieldChanges&)>& change) {
  return refusal(OperationKind::update, [&](Operation& op) { change(op.fields); });
}

/// `count` characters of two bytes each.
std::string characters(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "\xc3\xa4";
  return text;
}

} // namespace

TEST_CASE("every kind of operation is valid in its plain form and needs a target") {
  for (std::size_t i = 0; i < EnumNames<OperationKind>::names.size(); ++i) {
    const auto kind = static_cast<OperationKind>(i);
    CAPTURE(name_of(kind));
    CHECK_FALSE(refusal(kind, [](Operation&) {}));
    CHECK(refusal(kind, [](Operation& op) { op.target = {}; }) == ErrorCode::validation);
  }
}

TEST_CASE("each kind needs its own members") {
  CHECK(refusal(OperationKind::create, [](Operation& op) { op.fields.title.reset(); }));
  CHECK(refusal(OperationKind::create, [](Operation& op) { op.place.reset(); }));
  CHECK(refusal(OperationKind::move, [](Operation& op) { op.place.reset(); }));
  CHECK(refusal(OperationKind::move, [](Operation& op) { op.place->parent = op.target_node(); }));
  CHECK(refusal(OperationKind::update, [](Operation& op) { op.fields = {}; }));
  CHECK(refusal(OperationKind::assign, [](Operation& op) { op.fields = {}; }));
  CHECK(refusal(OperationKind::comment, [](Operation& op) { op.text.clear(); }));
  CHECK(refusal(OperationKind::comment, [](Operation& op) { op.node = {}; }));
  CHECK(refusal(OperationKind::relate, [](Operation& op) { op.from = {}; }));
  CHECK(refusal(OperationKind::relate, [](Operation& op) { op.to = {}; }));
  CHECK(refusal(OperationKind::relate, [](Operation& op) { op.to = op.from; }));
  CHECK(refusal(OperationKind::relate, [](Operation& op) { op.relationship_type = "two words"; }));
  CHECK(refusal(OperationKind::resolve, [](Operation& op) { op.resolution.reset(); }));
  CHECK(refusal(OperationKind::resolve, [](Operation& op) { op.resolution = Resolution::custom; }));
}

TEST_CASE("texts are accepted at their limit and refused one beyond") {
  const auto title = [](std::size_t n) { return update_refusal([&](auto& f) { f.title = characters(n); }); };
  CHECK_FALSE(title(limits::k_title_characters));
  CHECK(title(limits::k_title_characters + 1) == ErrorCode::too_large);

  const auto content = [](std::size_t n) {
    return update_refusal([&](auto& f) { f.content = TextChange{std::string(n, 'x'), {}}; });
  };
  CHECK_FALSE(content(limits::k_content_bytes));
  CHECK(content(limits::k_content_bytes + 1) == ErrorCode::too_large);

  const auto context = [](std::size_t n) {
    return update_refusal([&](auto& f) { f.context = R"({"k":")" + std::string(n - 8, 'x') + R"("})"; });
  };
  CHECK_FALSE(context(limits::k_context_bytes));
  CHECK(context(limits::k_context_bytes + 1) == ErrorCode::too_large);

  const auto comment = [](std::size_t n) {
    return refusal(OperationKind::comment, [&](Operation& op) { op.text = std::string(n, 'x'); });
  };
  CHECK_FALSE(comment(limits::k_comment_bytes));
  CHECK(comment(limits::k_comment_bytes + 1) == ErrorCode::too_large);
}

TEST_CASE("slugs, tags, keys, claims and increments are accepted at their limit and refused one beyond") {
  const auto type = [](std::size_t n) {
    return update_refusal([&](auto& f) { f.type = std::string(n, 't'); });
  };
  CHECK_FALSE(type(limits::k_type_characters));
  CHECK(type(limits::k_type_characters + 1));
  CHECK_FALSE(type(0)); // cleared

  const auto tags = [](std::size_t count, std::size_t length) {
    SetChange change;
    for (std::size_t i = 0; i < count; ++i) change.add.push_back(characters(length));
    return update_refusal([&](auto& f) { f.tags = change; });
  };
  CHECK_FALSE(tags(limits::k_tags, limits::k_tag_characters));
  CHECK(tags(limits::k_tags + 1, 1) == ErrorCode::too_large);
  CHECK(tags(1, limits::k_tag_characters + 1) == ErrorCode::too_large);
  CHECK(tags(1, 0) == ErrorCode::validation);
  CHECK(update_refusal([](auto& f) { f.tags = SetChange{{}, std::vector<std::string>(51, "x")}; }));

  const auto key = [](std::string text) {
    return refusal(OperationKind::move, [&](Operation& op) { op.place->key = std::move(text); });
  };
  CHECK_FALSE(key(std::string(limits::k_key_bytes, 'V')));
  CHECK(key(std::string(limits::k_key_bytes + 1, 'V')));
  CHECK(key(""));
  CHECK(key("V V"));

  const auto client = [](std::size_t n) {
    return refusal(OperationKind::remove,
                   [&](Operation& op) { op.client = op.session = op.project = std::string(n, 'c'); });
  };
  CHECK_FALSE(client(limits::k_provenance_bytes));
  CHECK(client(limits::k_provenance_bytes + 1) == ErrorCode::too_large);

  const auto uses = [](std::int64_t n) { return update_refusal([&](auto& f) { f.use_count = n; }); };
  CHECK_FALSE(uses(limits::k_increment));
  CHECK_FALSE(uses(-limits::k_increment));
  CHECK(uses(limits::k_increment + 1));
  CHECK(uses(std::numeric_limits<std::int64_t>::min()));
}

TEST_CASE("importance lies between 0 and 1") {
  const auto importance = [](double value) { return update_refusal([&](auto& f) { f.importance = value; }); };
  CHECK_FALSE(importance(0));
  CHECK_FALSE(importance(1));
  CHECK(importance(-0.001));
  CHECK(importance(1.001));
  CHECK(importance(std::numeric_limits<double>::quiet_NaN()));
}

TEST_CASE("a title is one line with something in it") {
  for (const char* title : {"", " \t", "two\nlines", "two\rlines"}) {
    CAPTURE(title);
    CHECK(update_refusal([&](auto& f) { f.title = title; }) == ErrorCode::validation);
  }
  CHECK_FALSE(update_refusal([](auto& f) { f.title = " padded "; }));
}

TEST_CASE("no text may hold NUL or broken UTF-8") {
  for (const std::string& bad : {std::string("a\0b", 3), std::string("\xff"), std::string("\xed\xa0\x80")}) {
    CHECK(update_refusal([&](auto& f) { f.title = bad; }) == ErrorCode::validation);
    CHECK(update_refusal([&](auto& f) { f.content = TextChange{bad, {}}; }) == ErrorCode::validation);
    CHECK(update_refusal([&](auto& f) { f.tags = SetChange{{bad}, {}}; }) == ErrorCode::validation);
    CHECK(update_refusal([&](auto& f) { f.context = bad; }) == ErrorCode::validation);
    CHECK(refusal(OperationKind::comment, [&](Operation& op) { op.text = bad; }) == ErrorCode::validation);
    CHECK(refusal(OperationKind::remove, [&](Operation& op) { op.session = bad; }) == ErrorCode::validation);
    CHECK(refusal(OperationKind::resolve, [&](Operation& op) { op.text = bad; }) == ErrorCode::validation);
  }
}

TEST_CASE("context is a JSON object or nothing") {
  for (const char* context : {"", "{}", R"({"a":{"b":[1]}})"})
    CHECK_FALSE(update_refusal([&](auto& f) { f.context = context; }));
  for (const char* context : {"[]", "1", "null", "{", R"({"a":1,"a":2})"}) {
    CAPTURE(context);
    CHECK(update_refusal([&](auto& f) { f.context = context; }) == ErrorCode::validation);
  }
}

TEST_CASE("a slug has letters, digits, hyphens and underscores") {
  CHECK(is_slug("DEPENDS_ON", 40));
  CHECK(is_slug("a-1", 40));
  for (const char* text : {"", "a b", "a.b", "\xc3\xa4", "a\n"}) CHECK_FALSE(is_slug(text, 40));
}

TEST_CASE("a register's value is held to the same limits wherever it came from") {
  Node node;
  node.title.value = std::string(limits::k_title_characters, 't');
  CHECK(validate_register(node, Field::title));
  node.title.value += 't';
  CHECK_FALSE(validate_register(node, Field::title));
  node.tags.value = {""};
  CHECK_FALSE(validate_register(node, Field::tags));
  node.importance.value = 2;
  CHECK_FALSE(validate_register(node, Field::importance));
  node.place.value.key = "not a key";
  CHECK_FALSE(validate_register(node, Field::place));
  for (const Field field : {Field::kind, Field::completed, Field::assignee, Field::use_count, Field::strategy,
                            Field::deleted, Field::content, Field::context})
    CHECK(validate_register(node, field));
}
