// JSON of an untrusted hub or replica through every decoder of the sync protocol. What decodes must
// encode to text that decodes to the same.

#include <string>

#include "base/json.h"
#include "tests/fuzz/fuzz_target.h"
#include "wire/effect_codec.h"
#include "wire/hub_messages.h"
#include "wire/operation_codec.h"

using namespace memsync;
using base::Json;
using fuzz::require;

namespace {

Json parse(const std::string& text) {
  auto json = base::parse_json(text, {.max_bytes = std::size_t{64} << 20});
  require(json.has_value(), "encoded text is JSON");
  return *std::move(json);
}

/// `encode` gives JSON text, `decode` reads a Json.
template <class Decode, class Encode>
void check_round_trip(const Json& json, Decode decode, Encode encode) {
  const auto value = decode(json);
  if (!value) return;
  const std::string text = encode(*value);
  const auto again = decode(parse(text));
  require(again.has_value(), "what was encoded can be decoded");
  require(encode(*again) == text, "decoding what was encoded changes nothing");
}

/// An encoder that appends, as one that returns.
template <class T>
auto appending(void (*append)(std::string&, const T&)) {
  return [append](const T& value) {
    std::string text;
    append(text, value);
    return text;
  };
}

/// The overload of wire::encode for T.
template <class T>
std::string encode_message(const T& message) {
  return wire::encode(message);
}

void check_state(const Json& json) {
  check_round_trip(json, wire::decode_effect, appending(wire::append_effect));
  check_round_trip(json, wire::decode_relationship, appending(wire::append_relationship));
  check_round_trip(json, wire::decode_comment, appending(wire::append_comment));
  check_round_trip(json, wire::decode_conflict, appending(wire::append_conflict));
  check_round_trip(json, wire::decode_lost, appending(wire::append_lost));
  check_round_trip(json, wire::decode_entry, wire::encode_entry);
  check_round_trip(
      json, [](const Json& node) { return wire::decode_node(base::dump_json(node)); }, wire::encode_node);
}

void check_operation(const Json& json) {
  check_round_trip(json, wire::decode_operation, wire::encode_operation);
  auto operation = wire::decode_operation(json);
  if (!operation) return;
  wire::seal(*operation);
  require(wire::has_valid_hash(*operation), "a sealed operation has a valid hash");
}

void check_messages(const Json& json) {
  check_round_trip(json, wire::decode_push_request, encode_message<wire::PushRequest>);
  check_round_trip(json, wire::decode_push_answer, encode_message<wire::PushAnswer>);
  check_round_trip(json, wire::decode_snapshot_request, encode_message<wire::SnapshotRequest>);
  check_round_trip(json, wire::decode_snapshot_opened, encode_message<wire::SnapshotOpened>);
  check_round_trip(json, wire::decode_me, encode_message<wire::Me>);
  check_round_trip(json, wire::decode_invitation_accepted, encode_message<wire::InvitationAccepted>);
  if (const auto answer = wire::decode_pull_answer(json)) parse(wire::encode_pull_answer(*answer, {}));
  if (const auto page = wire::decode_snapshot_page(json)) require(page.has_value(), "a page was read");
}

void check_events(const std::string& text) {
  for (const char* name : {"hello", "ops", "heartbeat", "resync", "member", "revoked", "goaway"}) {
    const auto event = wire::decode_event(name, text);
    if (!event || !*event) continue;
    require(wire::event_name(**event) == name, "an event keeps its name");
    const auto again = wire::decode_event(name, wire::encode_event(**event));
    require(again.has_value() && again->has_value(), "an encoded event can be decoded");
  }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text_of(data, size));
  wire::to_error(wire::decode_problem(503, text));
  wire::decode_node(text).has_value();
  check_events(text);
  const auto json = base::parse_json(text);
  if (!json) return 0;
  require(parse(base::dump_json(*json)) == *json, "JSON survives writing and reading");
  check_state(*json);
  check_operation(*json);
  check_messages(*json);
  return 0;
}
