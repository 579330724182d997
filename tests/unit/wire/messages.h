#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <functional>

#include "base/random.h"
#include "wire/effect_codec.h"
#include "wire/hub_messages.h"
#include "wire/operation_codec.h"

namespace memsync::wire::tests {

/// Random messages of the wire, reproducible from a seed, with every member set now and then.
class Messages {
 public:
  explicit Messages(std::uint64_t seed) : random_(seed) {}

  bool often() { return random_.below(4) != 0; }
  std::uint64_t number() { return random_.next() >> random_.below(64); }

  template <class Id>
  Id id() {
    return Id::random(random_);
  }

  template <class Enum>
  Enum name() {
    return static_cast<Enum>(random_.below(model::EnumNames<Enum>::names.size()));
  }

  base::Hash128 hash() { return base::Hash128::of(fmt::format("{}", random_.next())); }

  std::string text() {
    static constexpr std::string_view k_pieces[] = {
        "a", "word ", "\"", "\\", "\n", "\t", "\x01", "/", "\u00e4", "\U0001f600", "</script>", "{}"};
    std::string text;
    for (std::uint64_t i = 1 + random_.below(12); i > 0; --i)
      text += k_pieces[random_.below(std::size(k_pieces))];
    return text;
  }

  std::vector<std::string> texts() {
    std::vector<std::string> list(random_.below(4));
    for (std::string& each : list) each = text();
    return list;
  }

  double fraction() { return static_cast<double>(random_.below(1'000'000)) / 1'000'000; }

  model::Stamp stamp() {
    return {model::Sequence{1 + (number() >> 1u)}, model::Hlc{number()}, id<model::ReplicaId>(),
            often() ? id<model::UserId>() : model::UserId{}};
  }

  model::Provenance provenance() {
    model::Provenance by;
    if (often()) by.author = id<model::UserId>();
    if (often()) by.client = text();
    if (often()) by.session = text();
    if (often()) by.project = text();
    return by;
  }

  model::Place place() {
    return {often() ? id<model::NodeId>() : model::NodeId{}, "V00" + std::string(1, 'k')};
  }

  model::FieldChanges fields() {
    model::FieldChanges f;
    if (often()) f.kind = name<model::NodeKind>();
    if (often()) f.type = "decision";
    if (often()) f.title = text();
    if (often()) f.content = model::TextChange{text(), hash()};
    if (often()) f.tags = model::SetChange{texts(), texts()};
    if (often()) f.importance = fraction();
    if (often()) f.context = R"({"k":")" + std::string(random_.below(5), 'v') + R"("})";
    if (often()) f.completed = random_.below(2) == 0;
    if (often()) f.assignee = often() ? id<model::UserId>() : model::UserId{};
    if (often()) f.use_count = static_cast<std::int64_t>(random_.below(2'000)) - 1'000;
    if (often())
      f.strategy = often() ? std::optional(name<model::Strategy>()) : std::optional<model::Strategy>();
    return f;
  }

  /// Members are set without regard to what the kind needs: the codec does not care.
  model::Operation operation() {
    model::Operation op;
    op.n = number();
    op.kind = name<model::OperationKind>();
    op.target = id<model::ItemId>();
    if (often()) op.document = id<model::DocumentId>();
    op.base = model::Sequence{number()};
    if (often()) op.fields = fields();
    if (often()) op.place = place();
    if (often()) op.relationship_type = "SOLVES";
    if (often()) op.from = id<model::NodeId>();
    if (often()) op.to = id<model::NodeId>();
    if (often()) op.node = id<model::NodeId>();
    if (often()) op.text = text();
    if (often()) op.resolution = name<model::Resolution>();
    op.clock = model::Hlc{number()};
    if (often()) op.client = text();
    if (often()) op.session = text();
    if (often()) op.project = text();
    op.strategy = name<model::Strategy>();
    if (often()) op.tx = id<model::TxId>();
    op.if_base = random_.below(2) == 0;
    seal(op);
    return op;
  }

  model::Node node() {
    model::Node node;
    node.id = id<model::NodeId>();
    node.created = provenance();
    node.created_at = stamp();
    const model::Stamp shared = stamp();
    node.kind.value = name<model::NodeKind>();
    node.type.value = "fix";
    node.title.value = text();
    node.content.value = text();
    node.tags.value = texts();
    node.importance.value = fraction();
    node.context.value = "{}";
    node.completed.value = often();
    if (often()) node.assignee.value = id<model::UserId>();
    node.place.value = place();
    node.use_count.value = static_cast<std::int64_t>(number());
    if (often()) node.strategy.value = name<model::Strategy>();
    node.deleted.value = !often();
    model::for_each_register(node, [&](model::Field, auto& reg) { reg.stamp = often() ? shared : stamp(); });
    node.edits = {model::Sequence{number()}, id<model::ReplicaId>(), model::Sequence{number()}};
    if (!often()) node.unknown["mood"] = R"([["5","6","",""],{"a":1}])";
    return node;
  }

  model::NodeEffect effect() {
    if (!often()) return model::whole(node());
    model::NodeEffect effect;
    const model::Node full = node();
    effect.node.id = full.id;
    effect.node.edits = full.edits;
    model::for_each_register(effect.node, [&](model::Field field, auto& reg) {
      if (often()) return;
      effect.fields.add(field);
      model::for_each_register(full, [&](model::Field other, const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(reg)>, std::decay_t<decltype(value)>>)
          if (field == other) reg = value;
      });
    });
    return effect;
  }

  model::Relationship relationship() {
    return {id<model::RelationshipId>(), "SOLVES", id<model::NodeId>(), id<model::NodeId>(),
            random_.below(2) == 0,       stamp()};
  }
  model::Comment comment() {
    return {id<model::CommentId>(), id<model::NodeId>(), text(), provenance(), stamp()};
  }
  model::LostValue lost() { return {id<model::NodeId>(), name<model::Field>(), text(), stamp()}; }

  model::Conflict conflict() {
    model::Conflict conflict;
    conflict.id = id<model::ConflictId>();
    conflict.kind = name<model::ConflictKind>();
    conflict.node = id<model::NodeId>();
    conflict.field = name<model::Field>();
    for (std::string* value : {&conflict.base, &conflict.local, &conflict.server, &conflict.proposed})
      if (often()) *value = text();
    conflict.local_stamp = stamp();
    conflict.server_stamp = stamp();
    conflict.opened = model::Sequence{number()};
    if (often()) {
      conflict.resolved = true;
      conflict.resolution = name<model::Resolution>();
      conflict.resolved_at = stamp();
    }
    return conflict;
  }

  template <class T>
  std::vector<T> some(T (Messages::*make)()) {
    std::vector<T> items;
    for (std::uint64_t i = random_.below(3); i > 0; --i) items.push_back((this->*make)());
    return items;
  }

  model::Entry entry() {
    model::Entry entry;
    entry.sequence = model::Sequence{number()};
    entry.replica = id<model::ReplicaId>();
    entry.n = number();
    entry.hash = hash();
    entry.kind = name<model::OperationKind>();
    entry.target = id<model::ItemId>();
    entry.by = provenance();
    entry.at = base::Timestamp{std::chrono::milliseconds(random_.below(2'000'000'000'000))};
    entry.clock = model::Hlc{number()};
    if (often()) entry.tx = id<model::TxId>();
    entry.status = name<model::Status>();
    if (!often()) entry.code = base::ErrorCode::tx_failed;
    entry.nodes = some(&Messages::effect);
    entry.relationships = some(&Messages::relationship);
    entry.comments = some(&Messages::comment);
    entry.lost = some(&Messages::lost);
    entry.conflicts = some(&Messages::conflict);
    return entry;
  }

 private:
  base::SeededRandom random_;
};

/// Runs `check(messages)` for many seeds, naming the seed of a failure.
template <class Check>
void for_many(Check&& check, std::uint64_t seeds = 300) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Messages messages(seed);
    check(messages);
  }
}

inline base::Json parse(std::string_view text) {
  auto json = base::parse_json(text);
  REQUIRE(json);
  return *std::move(json);
}

/// Text of one of the append functions.
template <class T>
std::string text_of(void (*append)(std::string&, const T&), const T& item) {
  std::string text;
  append(text, item);
  return text;
}

/// Every member of `json` replaced by a number with a fraction, which none accepts, and every member of
/// `required` left out, must fail with `validation` and name the member.
template <class Decode>
void check_malformed(const base::Json& json, Decode&& decode, const std::vector<std::string>& required) {
  REQUIRE(decode(json));
  const auto check_refused = [&](const base::Json& bad, const std::string& member) {
    CAPTURE(member);
    const auto result = decode(bad);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == base::ErrorCode::validation);
    CHECK(result.error().message.find(member) != std::string::npos);
  };
  for (const auto& [member, value] : json.items()) {
    base::Json bad = json;
    bad[member] = 7.5;
    check_refused(bad, member);
  }
  for (const std::string& member : required) {
    REQUIRE(json.contains(member));
    base::Json bad = json;
    bad.erase(member);
    check_refused(bad, member);
    bad[member] = nullptr;
    check_refused(bad, member);
  }
  for (const char* other : {"[]", "null", "7", "\"text\""}) CHECK_FALSE(decode(parse(other)));
}

} // namespace memsync::wire::tests
