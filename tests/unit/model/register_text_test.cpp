#include "model/register_text.h"

#include <doctest/doctest.h>
#include <limits>

using namespace memsync::model;

namespace {

Node full_node() {
  Node node;
  node.kind.value = NodeKind::task;
  node.type.value = "error";
  node.title.value = "quote \" and \xc3\xa4";
  node.content.value = "line\nline\ttab \x01";
  node.tags.value = {"a", "b c"};
  node.importance.value = 0.1;
  node.context.value = R"({"k":[1,2]})";
  node.completed.value = true;
  node.assignee.value = *UserId::parse("0123456789abcdefghjk");
  node.place.value = {*NodeId::parse("0123456789abcdefghjm"), "Vabc"};
  node.use_count.value = -7;
  node.strategy.value = Strategy::server_wins;
  node.deleted.value = true;
  return node;
}

} // namespace

TEST_CASE("every register's text reads back as its value") {
  for (const Node& node : {full_node(), Node{}}) {
    for (std::size_t i = 0; i < k_field_count; ++i) {
      const auto field = static_cast<Field>(i);
      CAPTURE(name_of(field));
      Node other;
      REQUIRE(set_register_text(other, field, register_text(node, field)));
      CHECK(register_text(other, field) == register_text(node, field));
    }
  }
}

TEST_CASE("numbers keep their exact value as text") {
  for (const double value : {0.0, 0.1, 1.0, 1.0 / 3, 5e-324, 1e300}) {
    double read = -1;
    CHECK(read_value(memsync::base::Json::parse(value_text(value)), read));
    CHECK(read == value);
  }
  std::int64_t least = 0;
  CHECK(read_value(memsync::base::Json::parse(value_text(std::numeric_limits<std::int64_t>::min())), least));
  CHECK(least == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("text of another type is refused and changes nothing") {
  struct Row {
    Field field;
    const char* text;
  };
  for (const Row& row :
       {Row{Field::title, "7"}, Row{Field::title, "null"}, Row{Field::title, "not json"},
        Row{Field::title, ""}, Row{Field::kind, R"("book")"}, Row{Field::tags, R"("a")"},
        Row{Field::tags, R"(["a",1])"}, Row{Field::importance, R"("0.5")"}, Row{Field::completed, "1"},
        Row{Field::assignee, R"("short")"}, Row{Field::place, R"({"key":"V"})"},
        Row{Field::place, R"({"key":1,"parent":null})"}, Row{Field::use_count, "1.5"},
        Row{Field::strategy, R"("best")"}, Row{Field::deleted, "null"}}) {
    CAPTURE(row.text);
    Node node = full_node();
    CHECK_FALSE(set_register_text(node, row.field, row.text));
    if (row.field != Field::strategy && row.field != Field::place) CHECK(node == full_node());
  }
}

TEST_CASE("cleared values have a text of their own") {
  CHECK(register_text(Node{}, Field::assignee) == "null");
  CHECK(register_text(Node{}, Field::strategy) == "null");
  CHECK(register_text(Node{}, Field::place) == R"({"key":"","parent":null})");
  CHECK(register_text(Node{}, Field::tags) == "[]");
  CHECK(register_text(Node{}, Field::importance) == "0.5");
}
