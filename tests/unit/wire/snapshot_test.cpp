#include "messages.h"

using namespace memsync;
using namespace memsync::wire;
using namespace memsync::wire::tests;

namespace {

/// The first 128 bits of the SHA-256 of everything written below, for k_protocol = 1. The messages come from
/// messages.h: a change there changes it, too.
constexpr std::string_view k_written = "e8fcae879e203ac7aa60ebf22bb67cb7";

constexpr std::string_view k_instructions =
    "What memsync writes on the wire and into its stores has changed. Replicas and hubs in the field hold "
    "operations with hashes of the old text, and stored rows of the old form. If the change only adds "
    "optional "
    "members that old readers ignore and that change no hash of an existing operation, check that the old "
    "text "
    "still reads back, then store the new hash here. Otherwise raise k_protocol (wire/hub_messages.h) or "
    "k_operation_schema (model/operation.h), keep reading the old form, and store the new hash here.";

} // namespace

TEST_CASE("what is written is what protocol 1 always wrote") {
  REQUIRE(k_protocol == 1);
  std::string written;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Messages messages(seed);
    written += canonical_text(messages.operation()) + "\n";
    written += encode_node(messages.node()) + "\n";
    written += text_of(&append_effect, messages.effect()) + "\n";
    written += encode_entry(messages.entry()) + "\n";
  }
  CHECK_MESSAGE(base::Hash128::of(written).hex() == k_written, std::string(k_instructions));
}

TEST_CASE("an operation written by the first release keeps its hash") {
  const char* const text =
      R"({"base":"41","client":"claude-code/2.1","document":"0123456789abcdefghjk","fields":{"con)"
      R"(tent":{"base_text_hash":"e3b0c44298fc1c149afbf4c8996fb924","text":"x"},"importance":{"se)"
      R"(t":0.7},"tags":{"add":["a"],"remove":[]}},"hash":"bdb0e70981b6b2d7767e964c80d1599b","hlc)"
      R"(":"111411200000000","kind":"update","n":"3","project":"git:p","schema":1,"session":"s",")"
      R"(strategy":"manual","target":"0123456789abcdefghjm","tx":"0123456789abcdefghjn"})";
  const auto operation = decode_operation(parse(text));
  REQUIRE(operation);
  CHECK_MESSAGE(has_valid_hash(*operation), std::string(k_instructions));
}
