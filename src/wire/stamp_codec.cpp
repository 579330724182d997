#include "wire/stamp_codec.h"

#include <charconv>

namespace memsync::wire {

using base::append_json_string;
using base::Json;
using base::Result;
using namespace model;

void append_number(std::string& out, std::uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

void append_quoted_number(std::string& out, std::uint64_t value) {
  out += '"';
  append_number(out, value);
  out += '"';
}

void append_stamp(std::string& out, const Stamp& stamp) {
  out += '[';
  append_quoted_number(out, stamp.sequence.value);
  out += ',';
  append_quoted_number(out, stamp.clock.value);
  out += ",\"";
  out += stamp.replica.view();
  out += "\",\"";
  out += stamp.author.view();
  out += "\"]";
}

namespace {

/// "" is an id nobody knows; anything else must be one.
template <class Id>
std::optional<Id> id_in(const std::string& text) {
  return text.empty() ? Id{} : Id::parse(text);
}

} // namespace

Result<Stamp> decode_stamp(const Json& json) {
  const base::Error bad{base::ErrorCode::validation, "stamp is not [sequence, clock, replica, author]"};
  if (!json.is_array() || json.size() != 4) return bad;
  for (const Json& item : json)
    if (!item.is_string()) return bad;
  const auto sequence = parse_u64(json[0].get_ref<const std::string&>());
  const auto clock = parse_u64(json[1].get_ref<const std::string&>());
  const auto replica = id_in<ReplicaId>(json[2].get_ref<const std::string&>());
  const auto author = id_in<UserId>(json[3].get_ref<const std::string&>());
  if (!sequence || !clock || !replica || !author) return bad;
  return Stamp{Sequence{*sequence}, Hlc{*clock}, *replica, *author};
}

Stamp read_stamp(ObjectReader& reader, std::string_view member) {
  const Json* json = reader.find(member);
  if (!json) return reader.fail(member, "is missing"), Stamp{};
  auto stamp = decode_stamp(*json);
  if (!stamp) return reader.fail(member, "is not a stamp"), Stamp{};
  return *stamp;
}

void append_provenance(std::string& out, const Provenance& provenance) {
  out += R"({"author":")";
  out += provenance.author.view();
  out += '"';
  const auto put = [&](std::string_view name, const std::string& text) {
    if (text.empty()) return;
    out += ",\"";
    out += name;
    out += "\":";
    append_json_string(out, text);
  };
  put("client", provenance.client);
  put("session", provenance.session);
  put("project", provenance.project);
  out += '}';
}

Result<Provenance> decode_provenance(const Json& json) {
  ObjectReader reader(json, "by");
  Provenance provenance;
  const auto author = id_in<UserId>(reader.text("author"));
  if (!author) reader.fail("author", "must be an id or empty");
  provenance.author = author.value_or(UserId{});
  provenance.client = reader.optional_text("client").value_or("");
  provenance.session = reader.optional_text("session").value_or("");
  provenance.project = reader.optional_text("project").value_or("");
  TRY(reader.result());
  return provenance;
}

Provenance read_provenance(ObjectReader& reader, std::string_view member) {
  const Json* json = reader.find(member);
  auto provenance = json ? decode_provenance(*json) : Result<Provenance>(base::Error{});
  if (!provenance) return reader.fail(member, "is not a provenance"), Provenance{};
  return *std::move(provenance);
}

} // namespace memsync::wire
