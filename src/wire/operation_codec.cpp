#include "wire/operation_codec.h"

#include <array>

#include "model/register_text.h"
#include "wire/json_reader.h"
#include "wire/json_writer.h"

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

/// `{"set": value}` of one field.
template <class T>
void append_set(ObjectWriter& fields, Field field, const T& value) {
  ObjectWriter set(fields.name(name_of(field)));
  append_value(set.name("set"), value);
}

/// As nlohmann writes it (1.0 and not 1), which is what the hashes of all operations were made of.
void append_set(ObjectWriter& fields, Field field, double value) {
  ObjectWriter(fields.name(name_of(field))).name("set") += base::dump_json(Json(value));
}

void append_fields(std::string& out, const FieldChanges& f) {
  ObjectWriter fields(out);
  if (f.assignee) append_set(fields, Field::assignee, *f.assignee);
  if (f.completed) append_set(fields, Field::completed, *f.completed);
  if (f.content) {
    ObjectWriter content(fields.name("content"));
    content.text("base_text_hash", f.content->base_text_hash.hex());
    content.text("text", f.content->text);
  }
  if (f.context) append_set(fields, Field::context, *f.context);
  if (f.importance) append_set(fields, Field::importance, *f.importance);
  if (f.kind) append_set(fields, Field::kind, *f.kind);
  if (f.strategy) append_set(fields, Field::strategy, *f.strategy);
  if (f.tags) {
    ObjectWriter tags(fields.name("tags"));
    append_value(tags.name("add"), f.tags->add);
    append_value(tags.name("remove"), f.tags->remove);
  }
  if (f.title) append_set(fields, Field::title, *f.title);
  if (f.type) append_set(fields, Field::type, *f.type);
  if (f.use_count) append_value(ObjectWriter(fields.name("use_count")).name("increment"), *f.use_count);
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

enum class Members { claims, all };

/// The members in sorted order: those that the hash covers, or n and the hash as well.
std::string known_text(const Operation& op, Members members) {
  std::string out;
  out.reserve(512 + (op.fields.content ? op.fields.content->text.size() : 0) + op.text.size());
  ObjectWriter json(out);
  json.u64("base", op.base.value);
  json.optional_text("client", op.client);
  json.optional_text("document", op.document.view());
  if (!(op.fields == FieldChanges{})) append_fields(json.name("fields"), op.fields);
  json.optional_text("from", op.from.view());
  if (members == Members::all) json.text("hash", op.hash.hex());
  json.u64("hlc", op.clock.value);
  if (op.if_base) json.name("if_base") += "true";
  json.text("kind", op.newer_kind.empty() ? name_of(op.kind) : std::string_view(op.newer_kind));
  if (members == Members::all) json.u64("n", op.n);
  json.optional_text("node", op.node.view());
  if (op.place) append_value(json.name("place"), *op.place);
  json.optional_text("project", op.project);
  json.optional_text("relationship_type", op.relationship_type);
  if (op.resolution) json.text("resolution", name_of(*op.resolution));
  append_value(json.name("schema"), std::int64_t{op.schema});
  json.optional_text("session", op.session);
  if (op.strategy != Strategy::merge) json.text("strategy", name_of(op.strategy));
  json.text("target", op.target.view());
  json.optional_text("text", op.text);
  json.optional_text("to", op.to.view());
  json.optional_text("tx", op.tx.view());
  return out;
}

/// With what only a newer version knows, of which a known member of the same name takes precedence.
std::string text_of(const Operation& op, Members members) {
  std::string text = known_text(op, members);
  if (op.extra.empty()) return text;
  auto json = base::parse_json(op.extra);
  const auto known = base::parse_json(text);
  if (!json || !known) return text;
  for (const auto& [name, value] : known->items()) {
    if (name == "fields" && json->contains(name)) {
      (*json)[name].update(value);
    } else {
      (*json)[name] = value;
    }
  }
  return base::dump_json(*json);
}

} // namespace

std::string encode_operation(const Operation& operation) { return text_of(operation, Members::all); }

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

std::string canonical_text(const Operation& operation) { return text_of(operation, Members::claims); }

void seal(Operation& operation) { operation.hash = base::Hash128::of(canonical_text(operation)); }

bool has_valid_hash(const Operation& operation) {
  return operation.hash == base::Hash128::of(canonical_text(operation));
}

} // namespace memsync::wire
