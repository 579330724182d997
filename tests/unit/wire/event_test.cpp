#include "messages.h"

using namespace memsync;
using namespace memsync::wire;
using namespace memsync::wire::tests;

namespace {

template <class Event>
Event read_back(const Event& event) {
  const StreamEvent any = event;
  const auto read = decode_event(event_name(any), encode_event(any));
  REQUIRE(read);
  REQUIRE(*read);
  REQUIRE(encode_event(**read) == encode_event(any));
  return std::get<Event>(**read);
}

} // namespace

TEST_CASE("every event of the stream reads back as it was written") {
  for_many([](Messages& messages) {
    const auto workspace = messages.id<model::WorkspaceId>();
    const auto hello =
        read_back(StreamHello{workspace, model::Epoch{messages.number()}, model::Sequence{messages.number()},
                              model::Sequence{messages.number()}, model::Sequence{messages.number()}});
    REQUIRE(hello.workspace == workspace);
    const auto heartbeat = read_back(StreamHeartbeat{
        {{workspace, model::Cursor{model::Epoch{messages.number()}, model::Sequence{messages.number()}}}}});
    REQUIRE(heartbeat.heads.size() == 1);
    read_back(StreamResync{workspace, messages.text()});
    read_back(StreamMember{workspace});
    read_back(StreamRevoked{workspace, messages.id<model::UserId>(), model::Epoch{messages.number()}});
    read_back(StreamGoaway{static_cast<std::int64_t>(messages.number() >> 1u)});
  });
}

TEST_CASE("a range of the log reads back with its entries, or without them to be pulled") {
  for_many([](Messages& messages) {
    const StreamOps range{messages.id<model::WorkspaceId>(),
                          model::Epoch{messages.number()},
                          model::Sequence{messages.number()},
                          model::Sequence{messages.number()},
                          {}};
    const model::Entry entry = messages.entry();
    const auto with = decode_event("ops", encode_ops_event(range, {encode_entry(entry)}));
    REQUIRE(with);
    REQUIRE(std::get<StreamOps>(**with).entries == std::vector<model::Entry>{entry});
    const auto without = decode_event("ops", encode_ops_event(range, {}));
    REQUIRE(without);
    REQUIRE(std::get<StreamOps>(**without).entries.empty());
    REQUIRE(std::get<StreamOps>(**without).to == range.to);
  });
}

TEST_CASE("an event of an unknown name is skipped whatever its data") {
  const auto read = decode_event("lagged", "not json");
  REQUIRE(read);
  CHECK_FALSE(*read);
}

TEST_CASE("malformed data of a known event is refused and the member named") {
  Messages messages(1);
  const auto workspace = messages.id<model::WorkspaceId>();
  const auto check = [](const StreamEvent& event, const std::vector<std::string>& required) {
    const std::string name(event_name(event));
    CAPTURE(name);
    check_malformed(
        parse(encode_event(event)),
        [&](const base::Json& json) -> base::Result<> {
          TRY(decode_event(name, json.dump()));
          return {};
        },
        required);
    CHECK_FALSE(decode_event(name, "{"));
  };
  check(StreamHello{workspace, {}, {}, {}, {}}, {"workspace", "epoch", "head", "floor", "replayed_from"});
  check(StreamHeartbeat{{{workspace, model::Cursor{}}}}, {"heads"});
  check(StreamResync{workspace, "reason"}, {"workspace"});
  check(StreamMember{workspace}, {"workspace"});
  check(StreamGoaway{5}, {});
  base::Json ops = parse(encode_ops_event({workspace, {}, {}, {}, {}}, {}));
  for (const char* member : {"workspace", "epoch", "from", "to"}) {
    base::Json bad = ops;
    bad.erase(member);
    CHECK(decode_event("ops", bad.dump()).error().message.find(member) != std::string::npos);
  }
}
