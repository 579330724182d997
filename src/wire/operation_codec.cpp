#include "wire/operation_codec.h"

#include <array>

#include "model/register_text.h"
#include "wire/json_reader.h"

namespace memsync::wire {

using base::Json;
using base::Result;
using namespace model;

namespace {

constexpr std::array k_known_members = {
    "n",        "hash", "kind",    "target", "document",   "base", "fields", "place",   "relationship_type",
    "from",     "to",   "node",    "text",   "resolution", "hlc",  "client", "session", "project",
    "strategy", "tx",   "if_base", "schema"};

constexpr std::int64_t k_max_schema = 1'000'000;
constexpr std::size_t k_max_kind_bytes = 40;

template <class Id>
void put_id(Json& json, const char* name, const Id& id) {
  if (!id.is_empty()) json[name] = id.view();
}

void put_text(Json& json, const char* name, const std::string& text) {
  if (!text.empty()) json[name] = text;
}

Json encode_fields(const FieldChanges& f) {
  Json json = Json::object();
  const auto set = [&](Field field, Json value) {
    json[std::string(name_of(field))] = {{"set", std::move(value)}};
  };
  if (f.kind) set(Field::kind, name_of(*f.kind));
  if (f.type) set(Field::type, *f.type);
  if (f.title) set(Field::title, *f.title);
  if (f.content)
    json["content"] = {{"text", f.content->text}, {"base_text_hash", f.content->base_text_hash.hex()}};
  if (f.tags) json["tags"] = {{"add", f.tags->add}, {"remove", f.tags->remove}};
  if (f.importance) set(Field::importance, *f.importance);
  if (f.context) set(Field::context, *f.context);
  if (f.completed) set(Field::completed, *f.completed);
  if (f.assignee) set(Field::assignee, f.assignee->is_empty() ? Json() : Json(f.assignee->view()));
  if (f.use_count) json["use_count"] = {{"increment", *f.use_count}};
  if (f.strategy) set(Field::strategy, *f.strategy ? Json(name_of(**f.strategy)) : Json());
  return json;
}

/// Reads `{"set": value}` of one field into an optional of its type.
template <class T>
void read_set(ObjectReader& fields, Field field, std::optional<T>& out) {
  const Json* member = fields.find(name_of(field));
  if (!member) return;
  T value{};
  if (!member->is_object() || !member->contains("set") || !read_value((*member)["set"], value))
    return fields.fail(name_of(field), "needs a \"set\" of the right type");
  out = std::move(value);
}

void read_accumulating_fields(ObjectReader& reader, FieldChanges& f) {
  if (const Json* content = reader.find("content")) {
    ObjectReader member(*content, "content");
    TextChange change{member.text("text"), {}};
    const auto hash = base::Hash128::parse(member.text("base_text_hash"));
    if (!member.result() || !hash) return reader.fail("content", "needs text and base_text_hash");
    change.base_text_hash = *hash;
    f.content = std::move(change);
  }
  if (const Json* tags = reader.find("tags")) {
    SetChange change;
    const bool fits = tags->is_object() && read_value(tags->value("add", Json::array()), change.add) &&
                      read_value(tags->value("remove", Json::array()), change.remove);
    if (!fits) return reader.fail("tags", "needs lists of strings in add and remove");
    f.tags = std::move(change);
  }
  if (const Json* count = reader.find("use_count")) {
    ObjectReader member(*count, "use_count");
    f.use_count = member.optional_int("increment");
    if (!f.use_count) reader.fail("use_count", "needs an integer increment");
  }
}

Result<FieldChanges> decode_fields(const Json& json) {
  FieldChanges f;
  ObjectReader reader(json, "fields");
  read_set(reader, Field::kind, f.kind);
  read_set(reader, Field::type, f.type);
  read_set(reader, Field::title, f.title);
  read_set(reader, Field::importance, f.importance);
  read_set(reader, Field::context, f.context);
  read_set(reader, Field::completed, f.completed);
  read_set(reader, Field::assignee, f.assignee);
  read_set(reader, Field::strategy, f.strategy);
  read_accumulating_fields(reader, f);
  TRY(reader.result());
  return f;
}

std::string unknown_members(const Json& json) {
  Json extra = Json::object();
  for (const auto& [name, value] : json.items())
    if (std::find(k_known_members.begin(), k_known_members.end(), name) == k_known_members.end())
      extra[name] = value;
  if (const auto fields = json.find("fields"); fields != json.end() && fields->is_object())
    for (const auto& [name, value] : fields->items())
      if (!find_by_name<Field>(name)) extra["fields"][name] = value;
  return extra.empty() ? std::string() : base::dump_json(extra);
}

/// All members that the hash covers.
Json encode_claims(const Operation& op) {
  Json json = Json::object();
  if (!op.extra.empty())
    if (auto extra = base::parse_json(op.extra)) json = *std::move(extra);
  json["kind"] = op.newer_kind.empty() ? std::string(name_of(op.kind)) : op.newer_kind;
  json["target"] = op.target.view();
  put_id(json, "document", op.document);
  json["base"] = number_text(op.base.value);
  if (const Json fields = encode_fields(op.fields); !fields.empty()) json["fields"].update(fields);
  if (op.place)
    json["place"] = {{"parent", op.place->parent.is_empty() ? Json() : Json(op.place->parent.view())},
                     {"key", op.place->key}};
  put_text(json, "relationship_type", op.relationship_type);
  put_id(json, "from", op.from);
  put_id(json, "to", op.to);
  put_id(json, "node", op.node);
  put_text(json, "text", op.text);
  if (op.resolution) json["resolution"] = name_of(*op.resolution);
  json["hlc"] = number_text(op.clock.value);
  put_text(json, "client", op.client);
  put_text(json, "session", op.session);
  put_text(json, "project", op.project);
  if (op.strategy != Strategy::merge) json["strategy"] = name_of(op.strategy);
  put_id(json, "tx", op.tx);
  if (op.if_base) json["if_base"] = true;
  json["schema"] = op.schema;
  return json;
}

} // namespace

Json encode_operation(const Operation& operation) {
  Json json = encode_claims(operation);
  json["n"] = number_text(operation.n);
  json["hash"] = operation.hash.hex();
  return json;
}

Result<Operation> decode_operation(const Json& json) {
  ObjectReader reader(json, "operation");
  Operation op;
  op.n = reader.u64("n");
  op.hash = reader.hash("hash");
  const std::string kind = reader.text("kind");
  if (const auto known = find_by_name<OperationKind>(kind)) {
    op.kind = *known;
  } else if (kind.empty() || kind.size() > k_max_kind_bytes) {
    reader.fail("kind", "is not a kind of operation");
  } else {
    op.newer_kind = kind; // refused alone, so that the rest of its batch is not held up
  }
  op.target = reader.id<ItemId>("target");
  op.document = reader.optional_id<DocumentId>("document").value_or(DocumentId{});
  op.base = Sequence{reader.u64("base")};
  if (const Json* place = reader.find("place")) {
    op.place.emplace();
    if (!read_value(*place, *op.place)) reader.fail("place", "needs parent and key");
  }
  op.relationship_type = reader.optional_text("relationship_type").value_or("");
  op.from = reader.optional_id<NodeId>("from").value_or(NodeId{});
  op.to = reader.optional_id<NodeId>("to").value_or(NodeId{});
  op.node = reader.optional_id<NodeId>("node").value_or(NodeId{});
  op.text = reader.optional_text("text").value_or("");
  op.resolution = reader.optional_name<Resolution>("resolution");
  op.clock = Hlc{reader.u64("hlc")};
  op.client = reader.optional_text("client").value_or("");
  op.session = reader.optional_text("session").value_or("");
  op.project = reader.optional_text("project").value_or("");
  op.strategy = reader.optional_name<Strategy>("strategy").value_or(Strategy::merge);
  op.tx = reader.optional_id<TxId>("tx").value_or(TxId{});
  op.if_base = reader.flag("if_base");
  const std::int64_t schema = reader.optional_int("schema").value_or(1);
  if (schema < 1 || schema > k_max_schema) reader.fail("schema", "is out of range");
  op.schema = static_cast<int>(schema);
  TRY(reader.result());
  if (const Json* fields = reader.find("fields")) {
    TRY_ASSIGN(op.fields, decode_fields(*fields));
  }
  op.extra = unknown_members(json);
  return op;
}

std::string canonical_text(const Operation& operation) { return base::dump_json(encode_claims(operation)); }

void seal(Operation& operation) { operation.hash = base::Hash128::of(canonical_text(operation)); }

bool has_valid_hash(const Operation& operation) {
  return operation.hash == base::Hash128::of(canonical_text(operation));
}

} // namespace memsync::wire
