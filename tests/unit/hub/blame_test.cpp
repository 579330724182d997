#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;
using model::Field;
using model::Sequence;

namespace {

model::Operation rewrite(Writer& writer, const model::NodeId& node, const std::string& before,
                         const std::string& after, const std::string& session = "") {
  auto op = writer.start(model::OperationKind::update, node);
  op.fields.content = model::TextChange{after, base::Hash128::of(before)};
  op.client = "test/1";
  op.session = session;
  return Writer::sealed(op);
}

struct Story : HubFixture {
  Person bob = member("bob");
  Writer olgas{random}, bobs{random};
  model::NodeId node = add(olga, olgas, "One"); // sequence 1

  Story() {
    push(olga, olgas, {rewrite(olgas, node, "", "first\n\nsecond\n", "s-olga")});
    bobs.base = Sequence{2};
    push(bob, bobs, {rewrite(bobs, node, "first\n\nsecond\n", "first\n\nsecond word\n", "s-bob")});
    bobs.base = Sequence{3};
    push(bob, bobs, {bobs.retitle(node, "Two")}); // 4
  }
  Sequence head() {
    return must(
        store->read([&](StoreReader& reader) -> Answer<Sequence> { return reader.log_range(team).head; }));
  }
  std::vector<NodeDiff> diff_of(const DiffRequest& request) {
    return must(hub->diff(olga.principal, team, request, "", 10)).rows;
  }
  std::vector<NodeDiff> diff(std::uint64_t from, std::uint64_t to) {
    return diff_of({Sequence{from}, Sequence{to}, node, {}});
  }
  std::vector<Change> all_of(const UserChangeFilter& filter, std::size_t limit) {
    std::vector<Change> rows;
    std::string cursor;
    do {
      auto page = must(hub->user_history(olga.principal, team, filter, cursor, limit));
      CHECK(page.rows.size() <= limit);
      rows.insert(rows.end(), page.rows.begin(), page.rows.end());
      cursor = page.next_cursor;
    } while (!cursor.empty());
    return rows;
  }
};

std::vector<std::string> titles_of(const std::vector<NodeDiff>& nodes) {
  std::vector<std::string> titles;
  for (const NodeDiff& each : nodes) titles.push_back(each.title);
  std::sort(titles.begin(), titles.end());
  return titles;
}

} // namespace

TEST_CASE_FIXTURE(Story, "a diff has the values at both ends of each field, and the words of the content") {
  const auto changed = diff(1, 4);
  REQUIRE(changed.size() == 1);
  CHECK(changed[0].title == "Two");
  REQUIRE(changed[0].changes.size() == 2);
  CHECK(changed[0].changes[0].field == Field::title);
  CHECK(changed[0].changes[0].old_value == "\"One\"");
  CHECK(changed[0].changes[0].new_value == "\"Two\"");
  CHECK(changed[0].changes[0].author_name == "bob");
  CHECK(changed[0].changes[1].field == Field::content);
  CHECK_FALSE(changed[0].changes[1].old_value);
  CHECK(changed[0].changes[1].sequence.value == 3);
  CHECK(changed[0].words == "@@ line 1\n+ first\n+ \n+ second word\n");
  CHECK(diff(2, 3)[0].words == "@@ line 3\n~ second{+ word+}\n");
  CHECK(diff(3, 4)[0].words == "");
}

TEST_CASE_FIXTURE(Story, "a diff across the creation of a node shows all of it as new") {
  const auto made = diff(0, 3);
  REQUIRE(made.size() == 1);
  std::map<Field, std::string> values;
  for (const Change& change : made[0].changes) {
    CHECK_FALSE(change.old_value);
    values[*change.field] = change.new_value.value_or("");
  }
  CHECK(values[Field::title] == "\"One\"");
  CHECK(values[Field::content] == R"("first\n\nsecond word\n")");
  CHECK(values.count(Field::place) == 1);
  CHECK(values.count(Field::tags) == 0);
  CHECK(diff(0, 0).empty());
}

TEST_CASE_FIXTURE(Story, "what is again as it was is no difference, and lost values never are") {
  push(bob, bobs, {bobs.retitle(node, "One")});
  CHECK(diff(1, 5)[0].changes.size() == 1);
  CHECK(diff(3, 5).empty());
  Writer late(random);
  late.base = Sequence{3};
  late.clock.value -= 1;
  push(olga, late, {late.retitle(node, "late")});
  CHECK(diff(5, 6).empty());
}

TEST_CASE_FIXTURE(Story,
                  "a diff of a document tells of each node that changed or was made in it, page by page") {
  const auto old = add(olga, olgas, "Old", node);
  add(olga, olgas, "Quiet", node);
  const auto before = head();
  add(olga, olgas, "New", node);
  add(olga, olgas, "Elsewhere");
  olgas.base = head();
  push(olga, olgas, {olgas.retitle(old, "Renamed")});
  const DiffRequest request{before, head(), {}, node};
  CHECK(titles_of(diff_of(request)) == std::vector<std::string>{"New", "Renamed"});
  const auto first = must(hub->diff(olga.principal, team, request, "", 1));
  REQUIRE(first.rows.size() == 1);
  const auto second = must(hub->diff(olga.principal, team, request, first.next_cursor, 1));
  CHECK(second.next_cursor == "");
  CHECK(titles_of({first.rows[0], second.rows.at(0)}) == std::vector<std::string>{"New", "Renamed"});
}

TEST_CASE_FIXTURE(Story, "a page of a diff ends at a megabyte of values") {
  std::string text(120'000, 'x');
  for (int i = 0; i < 12; ++i) {
    const auto child = add(olga, olgas, "child", node);
    push(olga, olgas, {rewrite(olgas, child, "", text)});
  }
  const DiffRequest request{Sequence{4}, head(), {}, node};
  const auto page = must(hub->diff(olga.principal, team, request, "", 200));
  CHECK(page.rows.size() == 9);
  CHECK(must(hub->diff(olga.principal, team, request, page.next_cursor, 200)).rows.size() == 3);
}

TEST_CASE_FIXTURE(Story, "a diff says what is wrong with a range, an id or a cursor") {
  const auto ask = [&](std::uint64_t from, std::uint64_t to, const std::string& cursor = "") {
    return hub->diff(olga.principal, team, {Sequence{from}, Sequence{to}, node, {}}, cursor, 1);
  };
  CHECK(code_of(ask(3, 2)) == ErrorCode::validation);
  CHECK(ask(3, 2).error().detail.find("diff/2/3") != std::string::npos);
  CHECK(code_of(ask(1, 99)) == ErrorCode::not_found);
  CHECK(ask(1, 99).error().detail.find("is 4") != std::string::npos);
  CHECK(code_of(ask(1, 2, "x")) == ErrorCode::validation);
  const auto unknown = model::NodeId::random(random);
  CHECK(code_of(hub->diff(olga.principal, team, {{}, {}, unknown, {}}, "", 1)) == ErrorCode::not_found);
  CHECK(code_of(hub->diff(olga.principal, team, {{}, {}, {}, unknown}, "", 1)) == ErrorCode::not_found);
  CHECK(code_of(hub->diff(stranger("sam").principal, team, {{}, {}, node, {}}, "", 1)) ==
        ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Story, "blame names who wrote each field and each paragraph last, where and when") {
  const auto blame = must(hub->blame(olga.principal, team, node, "", 10));
  CHECK(blame.is_complete);
  std::map<Field, std::string> writers;
  for (const Change& change : blame.changes) writers[*change.field] = change.author_name;
  CHECK(writers ==
        std::map<Field, std::string>{{Field::title, "bob"}, {Field::content, "bob"}, {Field::place, "Olga"}});
  const auto& paragraphs = blame.paragraphs.rows;
  REQUIRE(paragraphs.size() == 2);
  CHECK(paragraphs[0].text == "first\n");
  CHECK(paragraphs[0].writer->author_name == "Olga");
  CHECK(paragraphs[0].writer->session == "s-olga");
  CHECK(paragraphs[1].line == 3);
  CHECK(paragraphs[1].writer->author_name == "bob");
  CHECK(paragraphs[1].writer->client == "test/1");
  CHECK(paragraphs[1].writer->session == "s-bob");
  CHECK(paragraphs[1].writer->sequence.value == 3);
  CHECK(paragraphs[1].writer->at == clock.now());
}

TEST_CASE_FIXTURE(Story, "blame is paged by paragraphs, and knows deleted nodes") {
  push(olga, olgas, {olgas.remove(node)});
  const auto first = must(hub->blame(olga.principal, team, node, "", 1));
  REQUIRE(first.paragraphs.rows.size() == 1);
  const auto second = must(hub->blame(olga.principal, team, node, first.paragraphs.next_cursor, 1));
  CHECK(second.paragraphs.rows.at(0).line == 3);
  CHECK(second.paragraphs.next_cursor == "");
  CHECK(second.changes.size() == first.changes.size());
  CHECK(code_of(hub->blame(olga.principal, team, node, "x", 1)) == ErrorCode::validation);
  CHECK(code_of(hub->blame(olga.principal, team, model::NodeId::random(random), "", 1)) ==
        ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Story, "a creation is blamed for the text that it brought") {
  auto create = olgas.start(model::OperationKind::create, model::NodeId::random(random));
  create.fields.title = "Whole";
  create.fields.content = model::TextChange{"as made\n", {}};
  create.place = model::Place{{}, "V"};
  push(olga, olgas, {Writer::sealed(create)});
  const auto blame = must(hub->blame(olga.principal, team, create.target_node(), "", 10));
  REQUIRE(blame.paragraphs.rows.size() == 1);
  CHECK(blame.paragraphs.rows[0].writer->author_name == "Olga");
  CHECK(blame.paragraphs.rows[0].writer->kind == model::OperationKind::create);
}

TEST_CASE_FIXTURE(Story, "of a content with very many versions blame reads the newest, and says so") {
  std::string text = "first\n\nsecond word\n";
  for (int i = 0; i < 501; ++i) {
    const std::string next = "first\n\nsecond word\n\n" + std::to_string(i) + "\n";
    bobs.base = head();
    push(bob, bobs, {rewrite(bobs, node, text, next)});
    text = next;
  }
  const auto blame = must(hub->blame(olga.principal, team, node, "", 10));
  CHECK_FALSE(blame.is_complete);
  REQUIRE(blame.paragraphs.rows.size() == 3);
  CHECK_FALSE(blame.paragraphs.rows[0].writer);
  CHECK(blame.paragraphs.rows[2].writer->author_name == "bob");
}

TEST_CASE_FIXTURE(Story, "the history of a person has all that they wrote, newest first, page by page") {
  clock.advance(std::chrono::hours(1));
  const auto child = add(bob, bobs, "Child", node);
  auto comment = bobs.start(model::OperationKind::comment, model::NodeId::random(random));
  comment.node = child;
  comment.text = "hm";
  comment.session = "s-bob";
  push(bob, bobs, {Writer::sealed(comment)});
  for (const std::size_t limit : {1u, 2u, 100u}) {
    CAPTURE(limit);
    const auto rows = all_of({bob.id, "", {}}, limit);
    REQUIRE(rows.size() == 4);
    CHECK(rows[0].kind == model::OperationKind::comment);
    CHECK_FALSE(rows[0].field);
    CHECK(rows[0].title == "Child");
    CHECK(rows[1].kind == model::OperationKind::create);
    CHECK(rows[2].field == Field::title);
    CHECK(rows[2].new_value == "\"Two\"");
    CHECK(rows[3].field == Field::content);
    CHECK(rows[3].author_name == "bob");
    CHECK(all_of({bob.id, "s-bob", {}}, limit).size() == 2);
    CHECK(all_of({bob.id, "", clock.now()}, limit).size() == 2);
  }
  CHECK(all_of({bob.id, "s-olga", {}}, 10).empty());
  CHECK(all_of({olga.id, "", {}}, 10).size() == 2);
}

TEST_CASE_FIXTURE(Story,
                  "what somebody's change replaced unseen is not told as theirs; what was rejected never") {
  Writer late(random);
  late.base = Sequence{3};
  late.clock.value += 100;
  push(olga, late, {late.retitle(node, "Olga's")}); // bob's title is lost
  auto forged = late.create("rejected");
  forged.hash = {};
  push(olga, late, {forged});
  for (const Change& change : all_of({olga.id, "", {}}, 10)) {
    CHECK(change.author == olga.id);
    CHECK_FALSE(change.lost);
  }
  CHECK(all_of({olga.id, "", {}}, 10).size() == 3);
}

TEST_CASE_FIXTURE(Story, "who left keeps their history; strangers have none") {
  must(hub->remove_member(olga.principal, team, bob.id));
  CHECK(all_of({bob.id, "", {}}, 10).size() == 2);
  const auto sam = stranger("sam");
  CHECK(code_of(hub->user_history(olga.principal, team, {sam.id, "", {}}, "", 1)) == ErrorCode::not_found);
  CHECK(code_of(hub->user_history(sam.principal, team, {bob.id, "", {}}, "", 1)) == ErrorCode::not_found);
  CHECK(code_of(hub->user_history(olga.principal, team, {bob.id, "", {}}, "x", 1)) == ErrorCode::validation);
}

TEST_CASE_FIXTURE(Story, "a page of changes ends at a megabyte of values") {
  std::string text = "first\n\nsecond word\n";
  for (char letter = 'a'; letter < 'k'; ++letter) {
    const std::string next(120'000, letter);
    bobs.base = head();
    push(bob, bobs, {rewrite(bobs, node, text, next)});
    text = next;
  }
  const auto page = must(hub->node_history(olga.principal, team, node, "", 200));
  CHECK(page.rows.size() == 4);
  CHECK_FALSE(page.next_cursor.empty());
}
