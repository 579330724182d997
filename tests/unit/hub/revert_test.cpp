#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;
using model::OperationKind;

namespace {

/// A plan of Olga's that Mia works on.
struct Plan : HubFixture {
  Person mia = member("mia");
  Writer olgas{random}, mias{random};
  model::NodeId document = add(olga, olgas, "Plan");
  model::NodeId node = add(olga, olgas, "Step", document);

  NodeView view(const model::NodeId& id) { return must(hub->node(olga.principal, team, id)); }
  bool is_visible(const model::NodeId& id) { return hub->node(olga.principal, team, id).has_value(); }
  model::Sequence head() { return pull(olga, 0, 1).range.head; }
  /// Mia's change of a node, decided on what is there now.
  model::Operation change(OperationKind kind, const model::NodeId& target) {
    mias.base = head();
    return mias.start(kind, target);
  }
  void write(model::Operation operation, const std::string& session) {
    operation.session = session;
    const auto answer = push(mia, mias, {Writer::sealed(std::move(operation))});
    REQUIRE(answer.results.at(0).status == Status::applied);
  }
  model::NodeId create(const std::string& title, const std::string& session) {
    auto operation = change(OperationKind::create, model::NodeId::random(random));
    operation.fields.title = title;
    operation.place = model::Place{document, "W"};
    const model::NodeId id = operation.target_node();
    write(std::move(operation), session);
    return id;
  }
  void retitle(const std::string& title, const std::string& session) {
    auto operation = change(OperationKind::update, node);
    operation.fields.title = title;
    write(std::move(operation), session);
  }
  void set_content(const std::string& text, const std::string& session) {
    auto operation = change(OperationKind::update, node);
    operation.fields.content = model::TextChange{text, base::Hash128::of(view(node).node.content.value)};
    write(std::move(operation), session);
  }
  void edit(const Person& person, const NodeEdit& wanted) {
    must(hub->edit_node(person.principal, team, node, std::nullopt, wanted));
  }
  /// The time from which on things count as later.
  base::Timestamp later() {
    clock.advance(std::chrono::minutes(1));
    return clock.now();
  }
  RevertRequest session_since(const std::string& session, base::Timestamp since) {
    RevertRequest request;
    request.user = mia.id;
    request.session = session;
    request.since = since;
    return request;
  }
  Reverted revert(const RevertRequest& request) { return must(hub->revert(olga.principal, team, request)); }
};

std::vector<std::string> names_of(const std::vector<RevertedStep>& steps) {
  std::vector<std::string> names;
  for (const RevertedStep& step : steps) names.push_back(step.what);
  std::sort(names.begin(), names.end());
  return names;
}
using Names = std::vector<std::string>;

} // namespace

TEST_CASE("the hub takes back all that a session wrote since a time, in every way it wrote it") {
  Plan f;
  f.retitle("Good", "s");
  const auto since = f.later();
  f.retitle("Bad", "other");
  f.retitle("Worse", "s");
  f.set_content("made up", "s");
  const auto nonsense = f.create("Nonsense", "s");
  auto relate = f.change(OperationKind::relate, model::NodeId::random(f.random));
  relate.relationship_type = "SOLVES";
  relate.from = f.node;
  relate.to = nonsense;
  f.write(relate, "s");
  f.write(f.change(OperationKind::complete, f.node), "s");
  auto assign = f.change(OperationKind::assign, f.node);
  assign.fields.assignee = f.mia.id;
  f.write(assign, "s");
  auto comment = f.change(OperationKind::comment, model::NodeId::random(f.random));
  comment.node = f.node;
  comment.text = "hm";
  f.write(comment, "s");

  const Reverted reverted = f.revert(f.session_since("s", since));
  CHECK(names_of(reverted.operations) == Names{"assign", "delete", "reopen", "unrelate", "update", "update"});
  CHECK(names_of(reverted.skipped) == Names{"comment"});
  CHECK(reverted.head == f.head());
  const model::Node after = f.view(f.node).node;
  CHECK(after.title.value == "Bad");
  CHECK(after.content.value.empty());
  CHECK_FALSE(after.completed.value);
  CHECK(after.assignee.value.is_empty());
  CHECK_FALSE(f.is_visible(nonsense));
  const auto entry = f.entries(f.olga).back();
  CHECK(entry.by.author == f.olga.id);
  CHECK(f.revert(f.session_since("s", since)).operations.empty());
  f.check_sound();
}

TEST_CASE(
    "what others made of it since survives: their values, their part of a text, what they wrote below") {
  Plan f;
  f.set_content("one\n\ntwo\n\nthree", "before");
  const auto since = f.later();
  f.set_content("one\n\nBAD\n\ntwo\n\nthree", "s");
  f.retitle("Bad", "s");
  const auto section = f.create("Section", "s");
  const auto note = f.create("Note", "s");
  NodeEdit olgas;
  olgas.title = "Olga's";
  olgas.content = "one\n\nBAD\n\ntwo\n\nthree and four";
  f.edit(f.olga, olgas);
  f.olgas.base = f.head();
  const auto below = f.add(f.olga, f.olgas, "Olga's own", section);
  NodeEdit renamed;
  renamed.title = "Olga's note";
  must(f.hub->edit_node(f.olga.principal, f.team, note, std::nullopt, renamed));

  const Reverted reverted = f.revert(f.session_since("s", since));
  CHECK(names_of(reverted.operations) == Names{"update"});
  CHECK(names_of(reverted.skipped) == Names{"create", "create", "title"});
  CHECK(f.view(f.node).node.title.value == "Olga's");
  CHECK(f.view(f.node).node.content.value == "one\n\ntwo\n\nthree and four");
  CHECK(f.is_visible(below));
  CHECK(f.is_visible(note));
  f.check_sound();
}

TEST_CASE("what others wrote into a node that goes keeps it, and everything above it") {
  Plan f;
  const auto since = f.later();
  const auto section = f.create("Section", "s");
  auto make = f.change(OperationKind::create, model::NodeId::random(f.random));
  make.fields.title = "Note";
  make.place = model::Place{section, "W"};
  const model::NodeId note = make.target_node();
  f.write(make, "s");
  NodeEdit olgas;
  olgas.content = "Olga's text";
  must(f.hub->edit_node(f.olga.principal, f.team, note, std::nullopt, olgas));
  auto update = f.change(OperationKind::update, note);
  update.fields.importance = 0.5;
  f.write(update, "s");
  CHECK(names_of(f.revert(f.session_since("s", since)).skipped) == Names{"create", "create"});
  CHECK(f.is_visible(note));
  CHECK(f.view(note).node.content.value == "Olga's text");
}

TEST_CASE("what others tidied up already, or who left, is no reason to leave the rest of a session") {
  Plan f;
  const Person tom = f.member("tom");
  NodeEdit toms;
  toms.assignee = tom.id;
  f.edit(f.olga, toms);
  f.olgas.base = f.head();
  const auto gone = f.add(f.olga, f.olgas, "Gone", f.document);
  const auto since = f.later();
  f.retitle("Bad", "s");
  auto assign = f.change(OperationKind::assign, f.node);
  assign.fields.assignee = f.mia.id;
  f.write(assign, "s");
  auto retitle = f.change(OperationKind::update, gone);
  retitle.fields.title = "Bad, too";
  f.write(retitle, "s");
  must(f.hub->remove_node(f.olga.principal, f.team, gone, std::nullopt));
  must(f.hub->remove_member(f.olga.principal, f.team, tom.id));
  const Reverted reverted = f.revert(f.session_since("s", since));
  CHECK(names_of(reverted.operations) == Names{"update"});
  CHECK(names_of(reverted.skipped) == Names{"assignee", "title"});
  CHECK(f.view(f.node).node.title.value == "Step");
}

TEST_CASE("one change goes back, or a node or document to a point whatever followed") {
  Plan f;
  f.retitle("First", "s");
  const auto first = f.head();
  f.retitle("Second", "s");
  RevertRequest change;
  change.change = first;
  CHECK(names_of(f.revert(change).skipped) == Names{"title"});
  change.change = f.head();
  f.revert(change);
  CHECK(f.view(f.node).node.title.value == "First");
  const auto point = f.clock.now();
  f.later();
  f.retitle("Third", "s");
  must(f.hub->remove_node(f.olga.principal, f.team, f.node, std::nullopt));
  f.create("Later", "s");
  RevertRequest back;
  back.document = f.document;
  back.to_time = point;
  CHECK(names_of(f.revert(back).operations) == Names{"delete", "restore", "update"});
  CHECK(f.view(f.node).node.title.value == "First");
  RevertRequest node;
  node.node = f.node;
  node.to_change = model::Sequence{2};
  f.revert(node);
  CHECK(f.view(f.node).node.title.value == "Step");
  RevertRequest unknown;
  unknown.change = model::Sequence{999};
  CHECK(code_of(f.hub->revert(f.olga.principal, f.team, unknown)) == ErrorCode::not_found);
  f.check_sound();
}

TEST_CASE("a revert needs what its operations need, and what others wrote the right to delete anybody's") {
  Plan f;
  const auto since = f.later();
  const auto refused = [&](const Person& person, const RevertRequest& request, std::string_view part) {
    const auto size = f.head();
    const auto answer = f.hub->revert(person.principal, f.team, request);
    CHECK(code_of(answer) == ErrorCode::permission);
    CHECK(answer.error().detail.find(part) != std::string::npos);
    CHECK(f.head() == size);
  };
  RevertRequest creation;
  creation.change = model::Sequence{1};
  refused(f.mia, creation, "memory.delete");
  f.retitle("Mia's", "s");
  const Person viewer = f.member("vera", Role::viewer);
  refused(viewer, f.session_since("s", since), "memory.write");
  const Person max = f.member("max");
  refused(max, f.session_since("s", since), "memory.delete");
  must(f.hub->revert(f.mia.principal, f.team, f.session_since("s", since)));
  CHECK(f.view(f.node).node.title.value == "Step");

  Writer maxs(f.random);
  maxs.base = f.head();
  auto operation = maxs.start(OperationKind::update, f.node);
  operation.fields.title = "Max's";
  operation.session = "s";
  f.push(max, maxs, {Writer::sealed(operation)});
  RevertRequest anybody = f.session_since("s", since);
  anybody.user.reset();
  CHECK(code_of(f.hub->revert(f.olga.principal, f.team, anybody)) == ErrorCode::validation);
}

TEST_CASE("a large revert is several transactions that are done together") {
  Plan f;
  const auto since = f.later();
  std::vector<model::Operation> operations;
  f.mias.base = f.head();
  for (int i = 0; i < 900; ++i) {
    auto operation = f.mias.start(OperationKind::create, model::NodeId::random(f.random));
    operation.fields.title = "junk";
    operation.place = model::Place{f.document, "W"};
    operation.session = "s";
    operations.push_back(Writer::sealed(operation));
  }
  f.push(f.mia, f.mias, operations);
  const auto before = f.head();
  CHECK(f.revert(f.session_since("s", since)).operations.size() == 900);
  CHECK_FALSE(f.is_visible(operations.front().target_node()));
  CHECK_FALSE(f.is_visible(operations.back().target_node()));
  CHECK(f.head().value == before.value + 900);
  f.check_sound();
}
