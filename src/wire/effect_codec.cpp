#include "wire/effect_codec.h"

#include "model/register_text.h"
#include "wire/json_reader.h"
#include "wire/stamp_codec.h"

namespace memsync::wire {

using base::append_json_string;
using base::Json;
using base::Result;
using namespace model;

namespace {

/// The stamps of one node, each written once.
class StampTable {
 public:
  std::size_t index(const Stamp& stamp) {
    const auto at = std::find(stamps_.begin(), stamps_.end(), stamp);
    if (at != stamps_.end()) return static_cast<std::size_t>(at - stamps_.begin());
    stamps_.push_back(stamp);
    return stamps_.size() - 1;
  }
  void append(std::string& out) const {
    out += '[';
    for (const Stamp& stamp : stamps_) {
      if (out.back() != '[') out += ',';
      append_stamp(out, stamp);
    }
    out += ']';
  }

 private:
  std::vector<Stamp> stamps_;
};

void append_registers(std::string& out, const NodeEffect& effect, StampTable& stamps) {
  out += R"("f":{)";
  for_each_register(effect.node, [&](Field field, const auto& reg) {
    if (!effect.fields.has(field) || reg.stamp == Stamp{}) return;
    if (out.back() != '{') out += ',';
    append_json_string(out, name_of(field));
    out += ":[";
    append_number(out, stamps.index(reg.stamp));
    out += ',';
    append_value(out, reg.value);
    out += ']';
  });
  out += '}';
}

void append_unknown(std::string& out, const Node& node) {
  if (node.unknown.empty()) return;
  out += R"(,"x":{)";
  for (const auto& [name, text] : node.unknown) {
    if (out.back() != '{') out += ',';
    append_json_string(out, name);
    out += ':';
    out += text;
  }
  out += '}';
}

const Stamp* stamp_at(const std::vector<Stamp>& stamps, const Json& index) {
  if (!index.is_number_unsigned()) return nullptr;
  const auto i = index.get<std::size_t>();
  return i < stamps.size() ? &stamps[i] : nullptr;
}

/// A register of a newer version as text, with its stamp in place of the index, which counts only within
/// the list of stamps it came with.
std::string unknown_register(const Json& value, const std::vector<Stamp>& stamps) {
  const Stamp* stamp = value.is_array() && value.size() == 2 ? stamp_at(stamps, value[0]) : nullptr;
  if (!stamp) return base::dump_json(value);
  std::string out = "[";
  append_stamp(out, *stamp);
  return out + ',' + base::dump_json(value[1]) + ']';
}

void read_registers(ObjectReader& reader, const Json& f, const std::vector<Stamp>& stamps,
                    NodeEffect& effect) {
  for_each_register(effect.node, [&](Field field, auto& reg) {
    const auto at = f.find(name_of(field));
    if (at == f.end()) return;
    const Stamp* stamp = at->is_array() && at->size() == 2 ? stamp_at(stamps, (*at)[0]) : nullptr;
    if (!stamp || !read_value((*at)[1], reg.value))
      return reader.fail(name_of(field), "is not [stamp, value]");
    reg.stamp = *stamp;
    effect.fields.add(field);
  });
  for (const auto& [name, value] : f.items())
    if (!find_by_name<Field>(name)) effect.node.unknown[name] = unknown_register(value, stamps);
}

void read_edit_mark(ObjectReader& reader, EditMark& mark) {
  const Json* edits = reader.find("edits");
  if (!edits) return;
  const bool fits = edits->is_array() && edits->size() == 3 && (*edits)[0].is_string() &&
                    (*edits)[1].is_string() && (*edits)[2].is_string();
  if (!fits) return reader.fail("edits", "is not [sequence, replica, sequence]");
  const auto last = parse_u64((*edits)[0].get_ref<const std::string&>());
  const auto other = parse_u64((*edits)[2].get_ref<const std::string&>());
  if (!last || !other) return reader.fail("edits", "is not [sequence, replica, sequence]");
  mark = {Sequence{*last}, ReplicaId::parse((*edits)[1].get_ref<const std::string&>()).value_or(ReplicaId{}),
          Sequence{*other}};
}

} // namespace

void append_effect(std::string& out, const NodeEffect& effect) {
  const Node& node = effect.node;
  StampTable stamps;
  out += R"({"id":)";
  append_json_string(out, node.id.view());
  out += ',';
  append_registers(out, effect, stamps);
  if (effect.is_new) {
    out += R"(,"new":true,"by":)";
    append_provenance(out, node.created);
    out += R"(,"born":)";
    append_number(out, stamps.index(node.created_at));
  }
  out += R"(,"stamps":)";
  stamps.append(out);
  out += R"(,"edits":[)";
  append_quoted_number(out, node.edits.last.value);
  out += ',';
  append_json_string(out, node.edits.replica.view());
  out += ',';
  append_quoted_number(out, node.edits.last_by_other.value);
  out += ']';
  append_unknown(out, node);
  out += '}';
}

Result<NodeEffect> decode_effect(const Json& json) {
  ObjectReader reader(json, "node");
  NodeEffect effect;
  effect.node.id = reader.id<NodeId>("id");
  std::vector<Stamp> stamps;
  reader.each("stamps", [&](const Json& item) -> Result<> {
    TRY_ASSIGN(auto stamp, decode_stamp(item));
    stamps.push_back(stamp);
    return {};
  });
  if (const Json* f = reader.find("f"); f && f->is_object()) {
    read_registers(reader, *f, stamps, effect);
  } else {
    reader.fail("f", "must be an object");
  }
  if (reader.flag("new")) {
    effect.is_new = true;
    const Json* born = reader.find("born");
    const Stamp* stamp = born ? stamp_at(stamps, *born) : nullptr;
    if (stamp) effect.node.created_at = *stamp;
    const Json* by = reader.find("by");
    if (!stamp || !by) reader.fail("by", "and born belong to a new node");
    if (by) {
      TRY_ASSIGN(effect.node.created, decode_provenance(*by));
    }
  }
  read_edit_mark(reader, effect.node.edits);
  if (const Json* unknown = reader.find("x")) {
    if (!unknown->is_object()) reader.fail("x", "must be an object");
    for (const auto& [name, value] : unknown->items()) effect.node.unknown[name] = base::dump_json(value);
  }
  TRY(reader.result());
  return effect;
}

std::string encode_node(const Node& node) {
  std::string out;
  out.reserve(node.content.value.size() + 400);
  append_effect(out, whole(node));
  return out;
}

bool has_same_registers(std::string_view text, std::string_view other) {
  // Within a string the quotes would be escaped, so this can only be the member that follows the registers.
  constexpr std::string_view k_after_registers = R"(},"new":true)";
  const auto end = text.find(k_after_registers);
  return end != std::string_view::npos && text.substr(0, end) == other.substr(0, end) &&
         other.substr(end).starts_with(k_after_registers);
}

Result<Node> decode_node(std::string_view text) {
  const auto damaged = [](const base::Error& error) {
    return base::Error{base::ErrorCode::corrupt, "a stored node cannot be read (" + error.message +
                                                     "): run the doctor command to check the store"};
  };
  auto json = base::parse_json(text);
  if (!json) return damaged(json.error());
  auto effect = decode_effect(*json);
  if (!effect) return damaged(effect.error());
  return std::move(effect->node);
}

void append_relationship(std::string& out, const Relationship& relationship) {
  out += R"({"id":)";
  append_json_string(out, relationship.id.view());
  out += R"(,"type":)";
  append_json_string(out, relationship.type);
  out += R"(,"from":)";
  append_json_string(out, relationship.from.view());
  out += R"(,"to":)";
  append_json_string(out, relationship.to.view());
  if (relationship.deleted) out += R"(,"deleted":true)";
  out += R"(,"stamp":)";
  append_stamp(out, relationship.stamp);
  out += '}';
}

Result<Relationship> decode_relationship(const Json& json) {
  ObjectReader reader(json, "relationship");
  Relationship r;
  r.id = reader.id<RelationshipId>("id");
  r.type = reader.text("type");
  r.from = reader.id<NodeId>("from");
  r.to = reader.id<NodeId>("to");
  r.deleted = reader.flag("deleted");
  r.stamp = read_stamp(reader, "stamp");
  TRY(reader.result());
  return r;
}

void append_comment(std::string& out, const Comment& comment) {
  out += R"({"id":)";
  append_json_string(out, comment.id.view());
  out += R"(,"node":)";
  append_json_string(out, comment.node.view());
  out += R"(,"text":)";
  append_json_string(out, comment.text);
  out += R"(,"by":)";
  append_provenance(out, comment.created);
  out += R"(,"stamp":)";
  append_stamp(out, comment.stamp);
  out += '}';
}

Result<Comment> decode_comment(const Json& json) {
  ObjectReader reader(json, "comment");
  Comment c;
  c.id = reader.id<CommentId>("id");
  c.node = reader.id<NodeId>("node");
  c.text = reader.text("text");
  c.created = read_provenance(reader, "by");
  c.stamp = read_stamp(reader, "stamp");
  TRY(reader.result());
  return c;
}

} // namespace memsync::wire
