#include "wire/history_codec.h"

#include "wire/json_reader.h"
#include "wire/stamp_codec.h"

namespace memsync::wire {

using base::Json;
using base::Result;

namespace {

void append_change(std::string& out, const HistoryChange& change) {
  out += R"({"node":)";
  base::append_json_string(out, change.node.view());
  out += R"(,"field":)";
  base::append_json_string(out, change.field);
  if (change.lost) out += R"(,"lost":true)";
  if (change.old_value) out += R"(,"old":)" + *change.old_value;
  if (change.new_value) out += R"(,"new":)" + *change.new_value;
  out += '}';
}

std::optional<std::string> read_json_text(const ObjectReader& reader, std::string_view name) {
  const Json* value = reader.find(name);
  if (!value) return std::nullopt;
  return base::dump_json(*value);
}

Result<HistoryChange> decode_change(const Json& json) {
  ObjectReader reader(json, "change");
  HistoryChange change;
  change.node = reader.id<model::NodeId>("node");
  change.field = reader.text("field");
  change.lost = reader.flag("lost");
  change.old_value = read_json_text(reader, "old");
  change.new_value = read_json_text(reader, "new");
  TRY(reader.result());
  return change;
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out += fmt::format(R"(,"{}":)", name);
  base::append_json_string(out, text);
}

void append_row(std::string& out, const HistoryRow& row) {
  out += fmt::format(R"({{"seq":"{}","n":"{}","at":{})", row.sequence.value, row.n,
                     row.at.time_since_epoch().count());
  append_text(out, "replica", row.replica.view());
  append_text(out, "kind", row.kind);
  append_text(out, "status", row.status);
  append_text(out, "target", row.target.view());
  append_text(out, "node", row.node.view());
  append_text(out, "document", row.document.view());
  append_text(out, "title", row.title);
  out += R"(,"by":)";
  append_provenance(out, row.by);
  out += R"(,"changes":[)";
  for (const HistoryChange& change : row.changes) {
    if (out.back() != '[') out += ',';
    append_change(out, change);
  }
  out += "]}";
}

Result<HistoryRow> decode_row(const Json& json) {
  ObjectReader reader(json, "row");
  HistoryRow row;
  row.sequence = model::Sequence{reader.u64("seq")};
  row.n = reader.u64("n");
  row.at = base::Timestamp{std::chrono::milliseconds{reader.optional_int("at").value_or(0)}};
  row.replica = reader.id<model::ReplicaId>("replica");
  row.kind = reader.text("kind");
  row.status = reader.text("status");
  row.target = reader.id<model::ItemId>("target");
  row.node = reader.optional_id<model::NodeId>("node").value_or(model::NodeId{});
  row.document = reader.optional_id<model::DocumentId>("document").value_or(model::DocumentId{});
  row.title = reader.optional_text("title").value_or("");
  row.by = read_provenance(reader, "by");
  reader.list("changes", row.changes, &decode_change);
  TRY(reader.result());
  return row;
}

} // namespace

std::string encode(const HistoryPage& page) {
  std::string out = fmt::format(R"({{"epoch":"{}","more":{},"rows":[)", page.epoch.value, page.more);
  for (const HistoryRow& row : page.rows) {
    if (out.back() != '[') out += ',';
    append_row(out, row);
  }
  return out += "]}";
}

Result<HistoryPage> decode_history_page(const Json& json) {
  ObjectReader reader(json, "history");
  HistoryPage page;
  page.epoch = model::Epoch{reader.u64("epoch")};
  page.more = reader.flag("more");
  reader.list("rows", page.rows, &decode_row);
  TRY(reader.result());
  return page;
}

} // namespace memsync::wire
