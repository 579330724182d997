#include "wire/hub_messages.h"

#include "wire/effect_codec.h"
#include "wire/json_reader.h"
#include "wire/operation_codec.h"
#include "wire/stamp_codec.h"

namespace memsync::wire {

using base::append_json_string;
using base::Json;
using base::Result;
using namespace model;

namespace {

Json encode_marks(const std::vector<OperationMark>& marks) {
  Json list = Json::array();
  for (const OperationMark& mark : marks)
    list.push_back({{"n", number_text(mark.n)}, {"hash", mark.hash.hex()}});
  return list;
}

void check_protocol(ObjectReader& reader) {
  if (reader.optional_int("proto").value_or(0) != k_protocol)
    reader.fail("proto", fmt::format("must be {}: update the older of client and hub", k_protocol));
}

void read_marks(ObjectReader& reader, std::string_view name, std::vector<OperationMark>& marks) {
  reader.each(name, [&](const Json& json) -> Result<> {
    ObjectReader item(json, "mark");
    const OperationMark mark{item.u64("n"), item.hash("hash")};
    TRY(item.result());
    marks.push_back(mark);
    return {};
  });
}

} // namespace

std::string join_texts(const std::vector<std::string>& texts) {
  std::size_t size = 0;
  for (const std::string& text : texts) size += text.size() + 1;
  std::string out;
  out.reserve(size);
  for (const std::string& text : texts) {
    if (!out.empty()) out += ',';
    out += text;
  }
  return out;
}

std::string encode(const PushRequest& request) {
  std::string out = fmt::format(R"({{"proto":{},"replica":"{}","epoch":"{}","ops":[)", k_protocol,
                                request.replica.view(), request.epoch.value);
  for (const Operation& operation : request.operations) {
    if (out.back() != '[') out += ',';
    out += encode_operation(operation);
  }
  return out += "]}";
}

Result<PushRequest> decode_push_request(const Json& json) {
  ObjectReader reader(json, "push");
  PushRequest request;
  check_protocol(reader);
  request.replica = reader.id<ReplicaId>("replica");
  request.epoch = Epoch{reader.u64("epoch")};
  if (!reader.find("ops")) reader.fail("ops", "is missing");
  reader.list("ops", request.operations, &decode_operation);
  TRY(reader.result());
  return request;
}

std::string encode(const PushAnswer& answer) {
  Json results = Json::array();
  for (const PushResult& result : answer.results) {
    Json row = {{"n", number_text(result.n)},
                {"status", name_of(result.status)},
                {"sequence", number_text(result.sequence.value)}};
    if (result.code) row["code"] = base::error_info(*result.code).name;
    if (result.conflict) row["conflict"] = result.conflict->view();
    results.push_back(std::move(row));
  }
  return base::dump_json({{"epoch", number_text(answer.epoch.value)},
                          {"head", number_text(answer.head.value)},
                          {"last_n", number_text(answer.last_n)},
                          {"results", std::move(results)}});
}

Result<PushAnswer> decode_push_answer(const Json& json) {
  ObjectReader reader(json, "push answer");
  PushAnswer answer;
  answer.epoch = Epoch{reader.u64("epoch")};
  answer.head = Sequence{reader.u64("head")};
  answer.last_n = reader.u64("last_n");
  reader.each("results", [&](const Json& item) -> Result<> {
    ObjectReader row(item, "result");
    PushResult result;
    result.n = row.u64("n");
    result.status = row.name<Status>("status");
    result.sequence = Sequence{row.u64("sequence")};
    if (const auto code = row.optional_text("code"))
      result.code = base::find_error_code(*code).value_or(base::ErrorCode::internal);
    result.conflict = row.optional_id<ConflictId>("conflict");
    TRY(row.result());
    answer.results.push_back(result);
    return {};
  });
  TRY(reader.result());
  return answer;
}

std::string encode_pull_answer(const PullAnswer& answer, const std::vector<std::string>& entries) {
  return fmt::format(
      R"({{"epoch":"{}","from":"{}","to":"{}","head":"{}","floor":"{}","more":{},"entries":[{}]}})",
      answer.epoch.value, answer.from.value, answer.to.value, answer.head.value, answer.floor.value,
      answer.more, join_texts(entries));
}

Result<PullAnswer> decode_pull_answer(const Json& json) {
  ObjectReader reader(json, "pull answer");
  PullAnswer answer;
  answer.epoch = Epoch{reader.u64("epoch")};
  answer.from = Sequence{reader.u64("from")};
  answer.to = Sequence{reader.u64("to")};
  answer.head = Sequence{reader.u64("head")};
  answer.floor = Sequence{reader.u64("floor")};
  answer.more = reader.flag("more");
  reader.list("entries", answer.entries, &decode_entry);
  TRY(reader.result());
  return answer;
}

std::string encode(const SnapshotRequest& request) {
  return base::dump_json({{"proto", k_protocol},
                          {"replica", request.replica.view()},
                          {"outstanding", encode_marks(request.outstanding)}});
}

Result<SnapshotRequest> decode_snapshot_request(const Json& json) {
  ObjectReader reader(json, "snapshot request");
  SnapshotRequest request;
  check_protocol(reader);
  request.replica = reader.id<ReplicaId>("replica");
  read_marks(reader, "outstanding", request.outstanding);
  TRY(reader.result());
  return request;
}

std::string encode(const SnapshotOpened& opened) {
  Json contains = Json::array();
  for (const std::uint64_t n : opened.contains) contains.push_back(number_text(n));
  return base::dump_json({{"session", opened.session},
                          {"epoch", number_text(opened.epoch.value)},
                          {"at", number_text(opened.at.value)},
                          {"contains", std::move(contains)},
                          {"nodes", number_text(opened.nodes)}});
}

Result<SnapshotOpened> decode_snapshot_opened(const Json& json) {
  ObjectReader reader(json, "snapshot");
  SnapshotOpened opened;
  opened.session = reader.text("session");
  opened.epoch = Epoch{reader.u64("epoch")};
  opened.at = Sequence{reader.u64("at")};
  opened.nodes = reader.u64("nodes");
  reader.each("contains", [&](const Json& item) -> Result<> {
    const auto n = item.is_string() ? parse_u64(item.get_ref<const std::string&>()) : std::nullopt;
    if (!n) return base::Error{base::ErrorCode::validation, "snapshot.contains must list decimal numbers"};
    opened.contains.push_back(*n);
    return {};
  });
  TRY(reader.result());
  return opened;
}

std::string encode(const SnapshotPageTexts& page) {
  std::string out = R"({"session":)";
  append_json_string(out, page.session);
  out += R"(,"nodes":[)" + page.nodes + R"(],"relationships":[)" + page.relationships + R"(],"comments":[)" +
         page.comments + R"(],"conflicts":[)" + page.conflicts + R"(],"next_key":)";
  append_json_string(out, page.next_key);
  if (page.end) out += fmt::format(R"(,"end":"{}")", page.end->value);
  return out += '}';
}

Result<SnapshotPage> decode_snapshot_page(const Json& json) {
  ObjectReader reader(json, "snapshot page");
  SnapshotPage page;
  page.session = reader.text("session");
  page.next_key = reader.optional_text("next_key").value_or("");
  if (const auto end = reader.optional_u64("end")) page.end = Sequence{*end};
  reader.list("nodes", page.nodes, &decode_effect);
  reader.list("relationships", page.relationships, &decode_relationship);
  reader.list("comments", page.comments, &decode_comment);
  reader.list("conflicts", page.conflicts, &decode_conflict);
  TRY(reader.result());
  return page;
}

} // namespace memsync::wire
