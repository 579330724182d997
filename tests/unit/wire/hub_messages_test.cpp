#include "wire/hub_messages.h"

#include "messages.h"

using namespace memsync;
using namespace memsync::wire;
using namespace memsync::wire::tests;

namespace {

PushRequest push_request(Messages& messages) {
  return {messages.id<model::ReplicaId>(),
          model::Epoch{messages.number()},
          {messages.operation(), messages.operation()}};
}

PushAnswer push_answer(Messages& messages) {
  PushAnswer answer{
      model::Epoch{messages.number()}, model::Sequence{messages.number()}, messages.number(), {}};
  answer.results.push_back({messages.number(), model::Status::rejected, model::Sequence{messages.number()},
                            base::ErrorCode::validation, std::nullopt});
  answer.results.push_back({messages.number(), model::Status::conflict, model::Sequence{messages.number()},
                            std::nullopt, messages.id<model::ConflictId>()});
  return answer;
}

PullAnswer pull_answer(Messages& messages) {
  PullAnswer answer;
  answer.epoch = model::Epoch{messages.number()};
  answer.from = model::Sequence{messages.number()};
  answer.to = model::Sequence{messages.number()};
  answer.head = model::Sequence{messages.number()};
  answer.floor = model::Sequence{messages.number()};
  answer.more = messages.often();
  answer.entries = {messages.entry(), messages.entry()};
  return answer;
}

std::vector<std::string> texts_of(const std::vector<model::Entry>& entries) {
  std::vector<std::string> texts;
  for (const model::Entry& entry : entries) texts.push_back(encode_entry(entry));
  return texts;
}

Me account(Messages& messages) {
  Me me{messages.id<model::UserId>(), messages.text(), "a@example.org", model::Epoch{messages.number()}, {}};
  WorkspaceInfo workspace{messages.id<model::WorkspaceId>(),
                          messages.name<model::WorkspaceKind>(),
                          messages.text(),
                          messages.name<model::Role>(),
                          messages.name<model::Strategy>(),
                          {},
                          {}};
  workspace.members.push_back(
      {messages.id<model::UserId>(), messages.text(), "b@example.org", messages.name<model::Role>()});
  if (messages.often()) workspace.former.push_back({messages.id<model::UserId>(), messages.text(), "", {}});
  me.workspaces.push_back(workspace);
  return me;
}

} // namespace

TEST_CASE("a push reads back as it was written") {
  for_many([](Messages& messages) {
    const PushRequest request = push_request(messages);
    const auto read = decode_push_request(parse(encode(request)));
    REQUIRE(read);
    REQUIRE(read->replica == request.replica);
    REQUIRE(read->epoch == request.epoch);
    REQUIRE(read->operations == request.operations);
  });
}

TEST_CASE("a push of another protocol, or malformed, is refused and the member named") {
  Messages messages(1);
  const base::Json json = parse(encode(push_request(messages)));
  check_malformed(json, &decode_push_request, {"proto", "replica", "epoch", "ops"});
  base::Json newer = json;
  newer["proto"] = k_protocol + 1;
  CHECK(decode_push_request(newer).error().message.find("update the older") != std::string::npos);
  base::Json bad = json;
  bad["ops"][1].erase("kind");
  CHECK(decode_push_request(bad).error().message.find("kind") != std::string::npos);
}

TEST_CASE("a push answer reads back as it was written") {
  for_many([](Messages& messages) {
    const PushAnswer answer = push_answer(messages);
    const auto read = decode_push_answer(parse(encode(answer)));
    REQUIRE(read);
    REQUIRE(read->results == answer.results);
    REQUIRE(encode(*read) == encode(answer));
  });
  Messages messages(1);
  check_malformed(parse(encode(push_answer(messages))), &decode_push_answer, {"epoch", "head", "last_n"});
  base::Json json = parse(encode(push_answer(messages)));
  check_malformed(base::Json(json["results"][1]),
                  [&](const base::Json& result) {
                    json["results"] = base::Json::array({result});
                    return decode_push_answer(json);
                  },
                  {"n", "status", "sequence"});
}

TEST_CASE("a pull answer reads back as it was written") {
  for_many([](Messages& messages) {
    const PullAnswer answer = pull_answer(messages);
    const std::string text = encode_pull_answer(answer, texts_of(answer.entries));
    const auto read = decode_pull_answer(parse(text));
    REQUIRE(read);
    REQUIRE(read->entries == answer.entries);
    REQUIRE(encode_pull_answer(*read, texts_of(read->entries)) == text);
  });
  Messages messages(1);
  const PullAnswer answer = pull_answer(messages);
  check_malformed(parse(encode_pull_answer(answer, texts_of(answer.entries))), &decode_pull_answer,
                  {"epoch", "from", "to", "head", "floor"});
}

TEST_CASE("the requests and answers of a snapshot read back") {
  for_many([](Messages& messages) {
    const SnapshotRequest request{
        messages.id<model::ReplicaId>(),
        {{messages.number(), messages.hash()}, {messages.number(), messages.hash()}}};
    const auto asked = decode_snapshot_request(parse(encode(request)));
    REQUIRE(asked);
    REQUIRE(asked->replica == request.replica);
    REQUIRE(asked->outstanding == request.outstanding);

    const SnapshotOpened opened{messages.text(),
                                model::Epoch{messages.number()},
                                model::Sequence{messages.number()},
                                {messages.number()},
                                messages.number()};
    const auto got = decode_snapshot_opened(parse(encode(opened)));
    REQUIRE(got);
    REQUIRE(got->contains == opened.contains);
    REQUIRE(encode(*got) == encode(opened));
  });
  Messages messages(1);
  check_malformed(parse(encode(SnapshotRequest{messages.id<model::ReplicaId>(), {{1, messages.hash()}}})),
                  &decode_snapshot_request, {"proto", "replica"});
  check_malformed(parse(encode(SnapshotOpened{"s", model::Epoch{1}, model::Sequence{2}, {3}, 4})),
                  &decode_snapshot_opened, {"session", "epoch", "at", "nodes"});
  base::Json bad = parse(encode(SnapshotRequest{messages.id<model::ReplicaId>(), {{1, messages.hash()}}}));
  bad["outstanding"][0]["hash"] = "short";
  CHECK(decode_snapshot_request(bad).error().message.find("hash") != std::string::npos);
}

TEST_CASE("a page of a snapshot reads back from the stored texts of its items") {
  for_many(
      [](Messages& messages) {
        const model::Node first = messages.node();
        const model::Node second = messages.node();
        const auto relationship = messages.relationship();
        const auto comment = messages.comment();
        const auto conflict = messages.conflict();
        SnapshotPageTexts texts;
        texts.session = messages.text();
        texts.nodes = join_texts({encode_node(first), encode_node(second)});
        texts.relationships = join_texts({text_of(&append_relationship, relationship)});
        texts.comments = join_texts({text_of(&append_comment, comment)});
        texts.conflicts = join_texts({text_of(&append_conflict, conflict)});
        texts.next_key = messages.text();
        if (messages.often()) texts.end = model::Sequence{messages.number()};
        const auto page = decode_snapshot_page(parse(encode(texts)));
        REQUIRE(page);
        REQUIRE(page->session == texts.session);
        REQUIRE(page->nodes == std::vector<model::NodeEffect>{model::whole(first), model::whole(second)});
        REQUIRE(page->relationships == std::vector<model::Relationship>{relationship});
        REQUIRE(page->comments == std::vector<model::Comment>{comment});
        REQUIRE(page->conflicts == std::vector<model::Conflict>{conflict});
        REQUIRE(page->next_key == texts.next_key);
        REQUIRE(page->end == texts.end);
      },
      50);
  SnapshotPageTexts last;
  last.session = "s";
  last.next_key = "k";
  last.end = model::Sequence{9};
  check_malformed(parse(encode(last)), &decode_snapshot_page, {"session"});
  CHECK(join_texts({}).empty());
}

TEST_CASE("an account reads back with its workspaces and members") {
  for_many([](Messages& messages) {
    const Me me = account(messages);
    const auto read = decode_me(parse(encode(me)));
    REQUIRE(read);
    REQUIRE(encode(*read) == encode(me));
    REQUIRE(read->workspaces.at(0).members.at(0).id == me.workspaces[0].members[0].id);
    REQUIRE(read->workspaces[0].former.size() == me.workspaces[0].former.size());
  });
  Messages messages(1);
  base::Json json = parse(encode(account(messages)));
  check_malformed(json, &decode_me, {"id", "name", "epoch"});
  check_malformed(base::Json(json["workspaces"][0]),
                  [&](const base::Json& workspace) {
                    json["workspaces"] = base::Json::array({workspace});
                    return decode_me(json);
                  },
                  {"id", "kind", "name", "role"});
}

TEST_CASE("an accepted invitation reads back") {
  Messages messages(1);
  const InvitationAccepted accepted{
      messages.id<model::UserId>(), "name",  "a@example.org", messages.id<model::WorkspaceId>(), "team",
      model::Role::admin,           "secret"};
  const base::Json json = parse(encode(accepted));
  const auto read = decode_invitation_accepted(json);
  REQUIRE(read);
  CHECK(encode(*read) == encode(accepted));
  check_malformed(json, &decode_invitation_accepted, {"user", "workspace", "token"});
}
