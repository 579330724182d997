#include "wire/effect_codec.h"
#include "wire/json_reader.h"
#include "wire/stamp_codec.h"

namespace memsync::wire {

using base::append_json_string;
using base::Json;
using base::Result;
using namespace model;

namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, text);
}

template <class T>
void append_list(std::string& out, std::string_view name, const std::vector<T>& items,
                 void (*append)(std::string&, const T&)) {
  if (items.empty()) return;
  out += ",\"";
  out += name;
  out += "\":[";
  for (const T& item : items) {
    if (&item != &items.front()) out += ',';
    append(out, item);
  }
  out += ']';
}

std::int64_t milliseconds(base::Timestamp time) { return time.time_since_epoch().count(); }

} // namespace

void append_lost(std::string& out, const LostValue& lost) {
  out += R"({"node":)";
  append_json_string(out, lost.node.view());
  append_member(out, "field", name_of(lost.field));
  append_member(out, "value", lost.value);
  out += R"(,"stamp":)";
  append_stamp(out, lost.stamp);
  out += '}';
}

Result<LostValue> decode_lost(const Json& json) {
  ObjectReader reader(json, "lost");
  LostValue lost;
  lost.node = reader.id<NodeId>("node");
  lost.field = reader.name<Field>("field");
  lost.value = reader.text("value");
  lost.stamp = read_stamp(reader, "stamp");
  TRY(reader.result());
  return lost;
}

void append_conflict(std::string& out, const Conflict& conflict) {
  out += R"({"id":)";
  append_json_string(out, conflict.id.view());
  append_member(out, "kind", name_of(conflict.kind));
  append_member(out, "node", conflict.node.view());
  append_member(out, "field", name_of(conflict.field));
  append_member(out, "base", conflict.base);
  append_member(out, "local", conflict.local);
  append_member(out, "server", conflict.server);
  append_member(out, "proposed", conflict.proposed);
  out += R"(,"opened":)";
  append_quoted_number(out, conflict.opened.value);
  out += R"(,"local_stamp":)";
  append_stamp(out, conflict.local_stamp);
  out += R"(,"server_stamp":)";
  append_stamp(out, conflict.server_stamp);
  if (conflict.resolved) {
    out += R"(,"resolved_at":)";
    append_stamp(out, conflict.resolved_at);
    if (conflict.resolution) append_member(out, "resolution", name_of(*conflict.resolution));
  }
  out += '}';
}

Result<Conflict> decode_conflict(const Json& json) {
  ObjectReader reader(json, "conflict");
  Conflict c;
  c.id = reader.id<ConflictId>("id");
  c.kind = reader.name<ConflictKind>("kind");
  c.node = reader.id<NodeId>("node");
  c.field = reader.name<Field>("field");
  c.base = reader.optional_text("base").value_or("");
  c.local = reader.optional_text("local").value_or("");
  c.server = reader.optional_text("server").value_or("");
  c.proposed = reader.optional_text("proposed").value_or("");
  c.opened = Sequence{reader.u64("opened")};
  c.local_stamp = read_stamp(reader, "local_stamp");
  c.server_stamp = read_stamp(reader, "server_stamp");
  c.resolved = reader.find("resolved_at") != nullptr;
  if (c.resolved) c.resolved_at = read_stamp(reader, "resolved_at");
  c.resolution = reader.optional_name<Resolution>("resolution");
  TRY(reader.result());
  return c;
}

std::string encode_entry(const Entry& entry) {
  std::string out = R"({"seq":)";
  append_quoted_number(out, entry.sequence.value);
  append_member(out, "replica", entry.replica.view());
  out += R"(,"n":)";
  append_quoted_number(out, entry.n);
  append_member(out, "hash", entry.hash.hex());
  append_member(out, "kind",
                entry.newer_kind.empty() ? name_of(entry.kind) : std::string_view(entry.newer_kind));
  append_member(out, "target", entry.target.view());
  out += R"(,"by":)";
  append_provenance(out, entry.by);
  out += fmt::format(R"(,"at":{})", milliseconds(entry.at));
  out += R"(,"hlc":)";
  append_quoted_number(out, entry.clock.value);
  append_member(out, "tx", entry.tx.view());
  append_member(out, "status", name_of(entry.status));
  if (entry.code) append_member(out, "code", base::error_info(*entry.code).name);
  append_list(out, "nodes", entry.nodes, &append_effect);
  append_list(out, "relationships", entry.relationships, &append_relationship);
  append_list(out, "comments", entry.comments, &append_comment);
  append_list(out, "lost", entry.lost, &append_lost);
  append_list(out, "conflicts", entry.conflicts, &append_conflict);
  out += '}';
  return out;
}

Result<Entry> decode_entry(const Json& json) {
  ObjectReader reader(json, "entry");
  Entry e;
  e.sequence = Sequence{reader.u64("seq")};
  e.replica = reader.id<ReplicaId>("replica");
  e.n = reader.u64("n");
  e.hash = reader.hash("hash");
  // A kind that only a newer hub knows: its effects are absolute values all the same.
  const std::string kind = reader.text("kind");
  const auto known = find_by_name<OperationKind>(kind);
  e.kind = known.value_or(OperationKind::update);
  if (!known) e.newer_kind = kind;
  e.target = reader.id<ItemId>("target");
  e.by = read_provenance(reader, "by");
  e.at = base::Timestamp{std::chrono::milliseconds{reader.optional_int("at").value_or(0)}};
  e.clock = Hlc{reader.u64("hlc")};
  e.tx = reader.optional_id<TxId>("tx").value_or(TxId{});
  e.status = reader.name<Status>("status");
  if (const auto code = reader.optional_text("code"))
    e.code = base::find_error_code(*code).value_or(base::ErrorCode::internal);
  reader.list("nodes", e.nodes, &decode_effect);
  // What it did to a node beyond these values is not known: the node is read-only from here on.
  if (!known && e.status != Status::rejected)
    for (NodeEffect& effect : e.nodes) effect.node.unknown["kind " + kind] = "true";
  reader.list("relationships", e.relationships, &decode_relationship);
  reader.list("comments", e.comments, &decode_comment);
  reader.list("lost", e.lost, &decode_lost);
  reader.list("conflicts", e.conflicts, &decode_conflict);
  TRY(reader.result());
  return e;
}

} // namespace memsync::wire
