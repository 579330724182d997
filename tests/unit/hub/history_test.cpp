#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;

namespace {

std::vector<Activity> read_all(HubFixture& f, const ActivityFilter& filter, std::size_t limit) {
  std::vector<Activity> rows;
  std::string cursor;
  do {
    const auto page = must(f.hub->activity(f.olga.principal, f.team, filter, cursor, limit));
    rows.insert(rows.end(), page.rows.begin(), page.rows.end());
    cursor = page.next_cursor;
  } while (!cursor.empty());
  return rows;
}

} // namespace

TEST_CASE("activity shows accepted changes and membership events, newest first, page by page") {
  HubFixture f;
  Writer writer(f.random);
  f.clock.advance(std::chrono::seconds(1));
  const auto document = f.add(f.olga, writer, "Notes");
  f.clock.advance(std::chrono::seconds(1));
  const Person mia = f.member("mia");
  f.clock.advance(std::chrono::seconds(1));
  Writer mias(f.random);
  const auto error = f.add(mia, mias, "ErrorA", document);
  const auto solution = f.add(mia, mias, "SolutionX", document);
  auto relate = mias.start(model::OperationKind::relate, model::NodeId::random(f.random));
  relate.relationship_type = "SOLVES";
  relate.from = solution;
  relate.to = error;
  auto forged = mias.create("rejected");
  forged.hash = {};
  forged.n = relate.n + 1;
  f.push(mia, mias, {Writer::sealed(relate), forged});

  for (const std::size_t limit : {1u, 2u, 100u}) {
    CAPTURE(limit);
    const auto rows = read_all(f, {}, limit);
    std::vector<std::string> actions;
    for (const Activity& row : rows) actions.push_back(row.action);
    CHECK(actions == std::vector<std::string>{"relate", "create", "create", "member_joined", "create",
                                              "workspace_created"});
    CHECK(rows[0].title == "SolutionX");
    CHECK(rows[0].to_title == "ErrorA");
    CHECK(rows[0].relationship_type == "SOLVES");
    CHECK(rows[0].user_name == "mia");
    CHECK(rows[2].document_title == "Notes");
    CHECK(rows[3].subject_name == "mia");
  }
  CHECK(read_all(f, {mia.id, {}, {}, {}, {}}, 2).size() == 4);
  CHECK(read_all(f, {{}, "create", {}, {}, {}}, 1).size() == 3);
  CHECK(read_all(f, {{}, {}, document, {}, {}}, 1).size() == 4);
  CHECK(read_all(f, {{}, {}, {}, f.clock.now(), {}}, 1).size() == 3);
  CHECK(read_all(f, {{}, {}, {}, {}, f.clock.now() - std::chrono::seconds(1)}, 1).size() == 3);
  CHECK(code_of(f.hub->activity(f.olga.principal, f.team, {}, "nonsense", 1)) == ErrorCode::validation);
}

TEST_CASE("a filter that matches nothing comes to the end of a long log in few steps") {
  HubFixture f;
  Writer writer(f.random);
  for (int batch = 0; batch < 11; ++batch) {
    std::vector<model::Operation> operations;
    for (int i = 0; i < 500; ++i) operations.push_back(writer.create("node"));
    f.push(f.olga, writer, std::move(operations));
  }
  ActivityFilter filter;
  filter.action = "resolve";
  const auto first = must(f.hub->activity(f.olga.principal, f.team, filter, "", 20));
  CHECK(first.rows.empty());
  REQUIRE_FALSE(first.next_cursor.empty());
  const auto second = must(f.hub->activity(f.olga.principal, f.team, filter, first.next_cursor, 20));
  CHECK(second.next_cursor.empty());
}

TEST_CASE("history keeps old and new values, lost ones marked, and outlives the log's compaction") {
  HubFixture f;
  Writer writer(f.random), other(f.random);
  const auto node = f.add(f.olga, writer, "one");
  auto edit = writer.retitle(node, "two");
  edit.session = "s1";
  edit.client = "test/1";
  f.push(f.olga, writer, {Writer::sealed(edit)});
  other.base = model::Sequence{1};
  other.clock.value -= 1;
  f.push(f.olga, other, {other.retitle(node, "late")}); // concurrent and earlier: it loses
  f.push(f.olga, writer, {writer.retitle(node, "three")});
  must(f.store->write(
      [&](StoreTxn& txn) -> Answer<model::Sequence> { return txn.compact(f.team, model::Sequence{3}); }));
  std::vector<Change> rows;
  std::string cursor;
  do {
    const auto page = must(f.hub->node_history(f.olga.principal, f.team, node, cursor, 1));
    rows.insert(rows.end(), page.rows.begin(), page.rows.end());
    cursor = page.next_cursor;
  } while (!cursor.empty());
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].old_value == "\"two\"");
  CHECK(rows[0].new_value == "\"three\"");
  CHECK(rows[1].lost);
  CHECK(rows[1].new_value == "\"late\"");
  CHECK(rows[2].old_value == "\"one\"");
  CHECK(rows[2].session == "s1");
  CHECK(rows[2].author_name == "Olga");
  CHECK(must(f.hub->document_history(f.olga.principal, f.team, node, "", 10)).rows.size() == 3);
  must(f.store->read([&](StoreReader& reader) -> Answer<> {
    const auto at = [&](std::uint64_t sequence) {
      return reader.find_value_at(f.team, node, model::Field::title, model::Sequence{sequence});
    };
    CHECK_FALSE(at(0).has_value());
    CHECK(at(1) == "\"one\"");
    CHECK(at(2) == "\"two\"");
    CHECK(at(3) == "\"two\"");
    CHECK(at(4) == "\"three\"");
    return {};
  }));
}

TEST_CASE("a value that somebody else's change replaced unseen stays under its own author") {
  HubFixture f;
  const Person bob = f.member("bob");
  Writer olgas(f.random), bobs(f.random);
  const auto node = f.add(f.olga, olgas, "one");
  f.push(f.olga, olgas, {olgas.retitle(node, "Olga's")});
  bobs.base = model::Sequence{1};
  bobs.clock.value += 100; // above what Olga's second write, which had seen her first, was given
  f.push(bob, bobs, {bobs.retitle(node, "Bob's")}); // concurrent and later: it wins
  const auto page = must(f.hub->node_history(f.olga.principal, f.team, node, "", 10));
  const auto lost =
      std::find_if(page.rows.begin(), page.rows.end(), [](const Change& each) { return each.lost; });
  REQUIRE(lost != page.rows.end());
  CHECK(lost->new_value == "\"Olga's\"");
  CHECK(lost->author_name == "Olga");
}

TEST_CASE("the history of a range of the log is paged, newest first, and outlives compaction") {
  HubFixture f;
  Writer writer(f.random);
  const auto node = f.add(f.olga, writer, "one");
  f.push(f.olga, writer, {writer.retitle(node, "two")});
  f.push(f.olga, writer, {writer.retitle(node, "three")});
  must(f.store->write(
      [&](StoreTxn& txn) -> Answer<model::Sequence> { return txn.compact(f.team, model::Sequence{3}); }));
  const auto read = [&](std::uint64_t before, std::uint64_t after, std::size_t limit) {
    const auto page = must(
        f.hub->log_history(f.olga.principal, f.team, model::Sequence{before}, model::Sequence{after}, limit));
    return must(wire::decode_history_page(must(base::parse_json(wire::encode(page)))));
  };
  const auto newest = read(1'000, 0, 2);
  REQUIRE(newest.rows.size() == 2);
  CHECK(newest.more);
  CHECK(newest.rows[0].sequence.value == 3);
  CHECK(newest.rows[0].kind == "update");
  CHECK(newest.rows[0].by.author == f.olga.id);
  REQUIRE(newest.rows[0].changes.size() == 1);
  CHECK(newest.rows[0].changes[0].old_value == R"("two")");
  CHECK(newest.rows[0].changes[0].new_value == R"("three")");
  const auto oldest = read(2, 0, 2);
  CHECK(oldest.rows.at(0).kind == "create");
  CHECK_FALSE(oldest.more);
  CHECK(read(4, 2, 10).rows.size() == 1);
  CHECK(code_of(f.hub->log_history(f.stranger("sam").principal, f.team, {}, {}, 1)) == ErrorCode::not_found);
}
