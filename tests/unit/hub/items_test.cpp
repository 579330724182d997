#include <set>

#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;
using model::Resolution;

namespace {

/// A document with a node below it, written by Olga's replica.
struct Items : HubFixture {
  Writer writer{random};
  model::NodeId document = add(olga, writer, "Plan");
  model::NodeId node = add(olga, writer, "Step", document);

  NodeView view(const model::NodeId& id) { return must(hub->node(olga.principal, team, id)); }
  SeenVersion version(const model::NodeId& id) { return version_of(view(id).node); }
  Answer<NodeView> edit(const Person& person, const model::NodeId& id, const SeenVersion& seen,
                        const NodeEdit& change) {
    return hub->edit_node(person.principal, team, id, seen, change);
  }
  NodeEdit titled(const std::string& title) {
    NodeEdit change;
    change.title = title;
    return change;
  }
  /// Two texts of the node that nobody merges; the open conflict.
  model::ConflictId open_conflict() {
    Writer other(random);
    writer.base = other.base = pull(olga, 0, 1).range.head;
    const auto write = [&](Writer& by, const std::string& text) {
      auto op = by.start(model::OperationKind::update, node);
      op.fields.content = model::TextChange{text, base::Hash128::of("")};
      op.strategy = model::Strategy::manual;
      return push(olga, by, {Writer::sealed(op)}).results.at(0).conflict;
    };
    write(writer, "server's");
    return write(other, "local's").value();
  }
  std::size_t log_size() { return pull(olga, 0, 1).range.head.value; }
};

} // namespace

TEST_CASE("an edit through the API is an operation like any other, in the log and in history") {
  Items f;
  NodeEdit change = f.titled("Step 1");
  change.content = "text";
  change.tags = std::vector<std::string>{"a", "b"};
  change.importance = 0.9;
  const auto edited = must(f.edit(f.olga, f.node, f.version(f.node), change));
  CHECK(edited.node.title.value == "Step 1");
  CHECK(edited.node.content.value == "text");
  CHECK(edited.node.tags.value == std::vector<std::string>{"a", "b"});
  const auto entry = f.entries(f.olga).back();
  CHECK(entry.sequence == version_of(edited.node));
  CHECK(entry.by.author == f.olga.id);
  CHECK(entry.by.client == "memsync-api");
  CHECK(must(f.hub->node_history(f.olga.principal, f.team, f.node, "", 10)).rows.size() >= 3);
  f.check_sound();
}

TEST_CASE("people who are signed in edit the same node through the API, each on their own") {
  Items f;
  f.member("mia");
  for (const std::string name : {"olga", "mia", "olga"}) {
    CAPTURE(name);
    const std::string email = name + "@example.org";
    must(f.admin().set_password(email, "correct horse battery"));
    const auto made = must(f.hub->sign_in().log_in(email, "correct horse battery", "laptop", "a"));
    const Person person{made.user.id, made.access_token, must(f.hub->authenticate(made.access_token))};
    must(f.edit(person, f.node, f.version(f.node), f.titled("by " + name)));
    const auto entry = f.entries(f.olga).back();
    CHECK(entry.by.author == made.user.id);
    CHECK(entry.by.session == made.session.view());
  }
  f.check_sound();
}

TEST_CASE("an edit of several kinds is one transaction of an operation each") {
  Items f;
  NodeEdit change = f.titled("Step 1");
  change.completed = true;
  change.assignee = f.olga.id;
  must(f.edit(f.olga, f.node, f.version(f.node), change));
  const auto entries = f.entries(f.olga);
  REQUIRE(entries.size() == 5);
  CHECK(entries[2].kind == model::OperationKind::update);
  CHECK(entries[3].kind == model::OperationKind::complete);
  CHECK(entries[4].kind == model::OperationKind::assign);
  CHECK(entries[2].tx == entries[4].tx);
  CHECK_FALSE(entries[2].tx.is_empty());
  CHECK(entries[2].replica == entries[4].replica);
}

TEST_CASE("the operations of a token count on from one request to the next") {
  Items f;
  for (int i = 1; i <= 3; ++i)
    must(f.edit(f.olga, f.node, f.version(f.node), f.titled("T" + std::to_string(i))));
  const auto entries = f.entries(f.olga);
  CHECK(entries.back().n == 3);
  CHECK(entries[2].replica == entries[4].replica);
  CHECK(entries[2].replica != f.writer.id);
}

TEST_CASE("an edit decided on an older version is refused as stale and changes nothing") {
  Items f;
  const auto seen = f.version(f.node);
  must(f.edit(f.olga, f.node, seen, f.titled("first")));
  const auto size = f.log_size();
  CHECK(code_of(f.edit(f.olga, f.node, seen, f.titled("second"))) == ErrorCode::stale);
  CHECK(code_of(f.hub->remove_node(f.olga.principal, f.team, f.node, seen)) == ErrorCode::stale);
  CHECK(f.log_size() == size);
  CHECK(f.view(f.node).node.title.value == "first");
  must(f.edit(f.olga, f.node, std::nullopt, f.titled("whatever was there")));
}

TEST_CASE("a rejected edit says why and leaves no trace in the log") {
  Items f;
  const auto size = f.log_size();
  const auto long_title = f.edit(f.olga, f.node, f.version(f.node), f.titled(std::string(201, 'x')));
  CHECK(code_of(long_title) == ErrorCode::too_large);
  CHECK(long_title.error().detail.find("title") != std::string::npos);
  NodeEdit stranger;
  stranger.assignee = f.stranger("eve").id;
  const auto refused = f.edit(f.olga, f.node, f.version(f.node), stranger);
  CHECK(code_of(refused) == ErrorCode::validation);
  CHECK(refused.error().detail.find("member") != std::string::npos);
  CHECK(f.log_size() == size);
}

TEST_CASE("an edit that changes nothing writes nothing") {
  Items f;
  NodeEdit same;
  same.completed = false;
  same.tags = std::vector<std::string>{};
  const auto size = f.log_size();
  must(f.edit(f.olga, f.node, f.version(f.node), same));
  CHECK(f.log_size() == size);
}

TEST_CASE("roles decide about edits through the API as about pushes") {
  Items f;
  const Person viewer = f.member("vera", Role::viewer), member = f.member("max");
  CHECK(code_of(f.edit(viewer, f.node, f.version(f.node), f.titled("x"))) == ErrorCode::permission);
  CHECK(code_of(f.hub->add_comment(viewer.principal, f.team, f.node, "x")) == ErrorCode::permission);
  CHECK(must(f.hub->node(viewer.principal, f.team, f.node)).node.id == f.node);
  must(f.edit(member, f.node, f.version(f.node), f.titled("by max")));
  const auto refused = f.hub->remove_node(member.principal, f.team, f.node, std::nullopt);
  CHECK(code_of(refused) == ErrorCode::permission);
  CHECK(refused.error().detail.find("memory.delete") != std::string::npos);
  must(f.hub->remove_node(f.olga.principal, f.team, f.node, f.version(f.node)));
  CHECK(code_of(f.edit(f.stranger("eve"), f.node, std::nullopt, f.titled("x"))) == ErrorCode::not_found);
}

TEST_CASE("what is deleted, or below something deleted, is not found") {
  Items f;
  must(f.hub->remove_node(f.olga.principal, f.team, f.document, f.version(f.document)));
  CHECK(code_of(f.hub->node(f.olga.principal, f.team, f.node)) == ErrorCode::not_found);
  CHECK(code_of(f.edit(f.olga, f.node, std::nullopt, f.titled("x"))) == ErrorCode::not_found);
  CHECK(code_of(f.hub->comments(f.olga.principal, f.team, f.node, "", 10)) == ErrorCode::not_found);
  CHECK(must(f.hub->documents(f.olga.principal, f.team, "", 10)).rows.empty());
  CHECK(code_of(f.hub->document(f.olga.principal, f.team, f.document, "", 10)) == ErrorCode::not_found);
}

TEST_CASE("comments come oldest first, in pages, and name their authors") {
  Items f;
  const Person max = f.member("max");
  for (const char* text : {"one", "two", "three"})
    must(f.hub->add_comment(max.principal, f.team, f.node, text));
  const auto first = must(f.hub->comments(f.olga.principal, f.team, f.node, "", 2));
  REQUIRE(first.rows.size() == 2);
  CHECK(first.rows[0].comment.text == "one");
  CHECK(first.rows[0].author_name == "max");
  const auto rest = must(f.hub->comments(f.olga.principal, f.team, f.node, first.next_cursor, 2));
  REQUIRE(rest.rows.size() == 1);
  CHECK(rest.rows[0].comment.text == "three");
  CHECK(rest.next_cursor.empty());
  CHECK(code_of(f.hub->add_comment(max.principal, f.team, f.node, "")) == ErrorCode::validation);
  CHECK(code_of(f.hub->comments(f.olga.principal, f.team, f.node, "x", 2)) == ErrorCode::validation);
}

TEST_CASE("documents are listed last edited first, and their visible nodes in pages that miss none") {
  Items f;
  const auto second = f.add(f.olga, f.writer, "Second");
  must(f.edit(f.olga, f.document, f.version(f.document), f.titled("Plan 2")));
  const auto first = must(f.hub->documents(f.olga.principal, f.team, "", 1));
  REQUIRE(first.rows.size() == 1);
  CHECK(first.rows[0].node.title.value == "Plan 2");
  CHECK(first.rows[0].nodes == 2);
  const auto rest = must(f.hub->documents(f.olga.principal, f.team, first.next_cursor, 5));
  REQUIRE(rest.rows.size() == 1);
  CHECK(rest.rows[0].node.id == second);

  std::set<model::NodeId> expected{f.document, f.node};
  for (int i = 0; i < 5; ++i) expected.insert(f.add(f.olga, f.writer, "below", f.node));
  const auto hidden = f.add(f.olga, f.writer, "hidden", f.document);
  f.add(f.olga, f.writer, "below hidden", hidden);
  must(f.hub->remove_node(f.olga.principal, f.team, hidden, std::nullopt));
  std::set<model::NodeId> found;
  std::string cursor;
  do {
    const auto page = must(f.hub->document(f.olga.principal, f.team, f.document, cursor, 3));
    CHECK(page.rows.size() <= 3);
    for (const NodeView& row : page.rows) CHECK(found.insert(row.node.id).second);
    cursor = page.next_cursor;
  } while (!cursor.empty());
  CHECK(found == expected);
  CHECK(code_of(f.hub->document(f.olga.principal, f.team, f.node, "", 3)) == ErrorCode::not_found);
  CHECK(code_of(f.hub->documents(f.olga.principal, f.team, "1-x", 3)) == ErrorCode::validation);
}

TEST_CASE("what is assigned to a person is listed last edited first, in pages, without what cannot be seen") {
  Items f;
  const Person mia = f.member("mia");
  std::vector<model::NodeId> mine;
  const auto assign = [&](const model::NodeId& id, const model::UserId& user) {
    NodeEdit change;
    change.assignee = user;
    must(f.edit(f.olga, id, std::nullopt, change));
  };
  const auto complete = [&](const model::NodeId& id) {
    NodeEdit change;
    change.completed = true;
    must(f.edit(mia, id, std::nullopt, change));
  };
  for (int i = 0; i < 5; ++i) {
    mine.push_back(f.add(f.olga, f.writer, fmt::format("task {}", i), f.document));
    assign(mine.back(), mia.id);
  }
  assign(f.node, f.olga.id);
  const auto tasks = [&](const Person& person, const TaskFilter& filter) {
    std::vector<std::string> titles;
    std::string cursor;
    do {
      const auto page = must(f.hub->tasks(person.principal, f.team, filter, cursor, 2));
      CHECK(page.rows.size() <= 2);
      for (const NodeView& each : page.rows) titles.push_back(each.node.title.value);
      cursor = page.next_cursor;
    } while (!cursor.empty());
    return titles;
  };
  using Titles = std::vector<std::string>;
  CHECK(tasks(mia, {}) == Titles{"task 4", "task 3", "task 2", "task 1", "task 0"});
  complete(mine[1]);
  CHECK(tasks(mia, {}) == Titles{"task 1", "task 4", "task 3", "task 2", "task 0"});
  CHECK(tasks(mia, {{}, true}) == Titles{"task 1"});
  CHECK(tasks(f.olga, {mia.id, false}) == Titles{"task 4", "task 3", "task 2", "task 0"});
  CHECK(tasks(f.olga, {}) == Titles{"Step"});
  assign(mine[4], {});
  must(f.hub->remove_node(f.olga.principal, f.team, mine[3], std::nullopt));
  CHECK(tasks(mia, {{}, false}) == Titles{"task 2", "task 0"});
  CHECK(code_of(f.hub->tasks(mia.principal, f.team, {}, "x", 2)) == ErrorCode::validation);
  must(f.hub->remove_node(f.olga.principal, f.team, f.document, std::nullopt));
  CHECK(tasks(mia, {}).empty());
  f.check_sound();
}

TEST_CASE("open conflicts are listed with every side and who wrote it, until they are decided") {
  Items f;
  const auto id = f.open_conflict();
  const auto page = must(f.hub->conflicts(f.olga.principal, f.team, "", 10));
  REQUIRE(page.rows.size() == 1);
  CHECK(page.rows[0].conflict.id == id);
  CHECK(page.rows[0].conflict.local == "\"local's\"");
  CHECK(page.rows[0].conflict.server == "\"server's\"");
  CHECK(page.rows[0].local_name == "Olga");
  CHECK(page.rows[0].title == "Step");
  CHECK(page.rows[0].document == f.document);
  const auto decided =
      must(f.hub->resolve(f.olga.principal, f.team, id, {Resolution::keep_local, "", f.version(f.node)}));
  CHECK(decided.status == Status::applied);
  CHECK(decided.conflict.conflict.resolved);
  CHECK(f.view(f.node).node.content.value == "local's");
  CHECK(must(f.hub->conflicts(f.olga.principal, f.team, "", 10)).rows.empty());
}

TEST_CASE("a conflict is decided once: later decisions are superseded") {
  Items f;
  const auto id = f.open_conflict();
  must(f.hub->resolve(f.olga.principal, f.team, id, {Resolution::keep_server, "", {}}));
  const auto again = must(f.hub->resolve(f.olga.principal, f.team, id, {Resolution::keep_local, "", {}}));
  CHECK(again.status == Status::superseded);
  CHECK(again.conflict.conflict.resolution == Resolution::keep_server);
  CHECK(f.view(f.node).node.content.value == "server's");
}

TEST_CASE("a decision on an older version of the node is stale, a value that does not fit is refused") {
  Items f;
  const auto id = f.open_conflict();
  const auto seen = f.version(f.node);
  must(f.edit(f.olga, f.node, seen, f.titled("changed since")));
  CHECK(code_of(f.hub->resolve(f.olga.principal, f.team, id, {Resolution::keep_local, "", seen})) ==
        ErrorCode::stale);
  CHECK(code_of(f.hub->resolve(f.olga.principal, f.team, id, {Resolution::custom, "[1]", {}})) ==
        ErrorCode::validation);
  CHECK(must(f.hub->conflicts(f.olga.principal, f.team, "", 10)).rows.size() == 1);
  must(f.hub->resolve(f.olga.principal, f.team, id, {Resolution::custom, "\"mine\"", f.version(f.node)}));
  CHECK(f.view(f.node).node.content.value == "mine");
  CHECK(code_of(f.hub->resolve(f.olga.principal, f.team, model::ConflictId::random(f.random),
                               {Resolution::keep_server, "", {}})) == ErrorCode::not_found);
}

TEST_CASE("pages of conflicts go on at their cursor") {
  Items f;
  std::set<model::ConflictId> opened;
  for (int i = 0; i < 3; ++i) {
    f.node = f.add(f.olga, f.writer, "Another", f.document);
    opened.insert(f.open_conflict());
  }
  std::set<model::ConflictId> found;
  std::string cursor;
  do {
    const auto page = must(f.hub->conflicts(f.olga.principal, f.team, cursor, 2));
    for (const ConflictView& row : page.rows) CHECK(found.insert(row.conflict.id).second);
    cursor = page.next_cursor;
  } while (!cursor.empty());
  CHECK(found == opened);
}

TEST_CASE("edits through the API are within the limits of a push") {
  Items f;
  f.options.push_requests = {2, 1};
  f.reopen();
  for (int i = 0; i < 2; ++i) must(f.hub->add_comment(f.olga.principal, f.team, f.node, "x"));
  CHECK(code_of(f.hub->add_comment(f.olga.principal, f.team, f.node, "x")) == ErrorCode::rate_limited);
}

TEST_CASE("an edit through the API reaches open streams") {
  Items f;
  std::uint64_t told = 0;
  const auto listening =
      f.broker.listen(f.team, [&](const model::WorkspaceId&, model::Sequence head) { told = head.value; });
  must(f.edit(f.olga, f.node, f.version(f.node), f.titled("live")));
  CHECK(told == f.log_size());
}
