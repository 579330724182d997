#include "model/state_digest.h"

#include <fmt/format.h>

namespace memsync::model {

namespace {

std::uint64_t read_u64(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

} // namespace

void StateDigest::add(const Node& node) {
  std::string line = fmt::format("n {} {}", node.id.view(), node.created_at.sequence.value);
  for_each_register(node, [&](Field field, const auto& reg) {
    if (reg.stamp.sequence.value > 0)
      line += fmt::format(" {}={}", static_cast<int>(field), reg.stamp.sequence.value);
  });
  add_line(line);
}

void StateDigest::add(const Relationship& relationship) {
  add_line(fmt::format("r {} {}", relationship.id.view(), relationship.stamp.sequence.value));
}

void StateDigest::add(const Comment& comment) {
  add_line(fmt::format("c {} {}", comment.id.view(), comment.stamp.sequence.value));
}

void StateDigest::add(const Conflict& conflict) { add_line(fmt::format("x {}", conflict.id.view())); }

void StateDigest::add_line(std::string_view line) {
  const base::Hash128 hash = base::Hash128::of(line);
  constexpr std::size_t k_half = 8;
  first_ += read_u64(hash.bytes().substr(0, k_half));
  second_ += read_u64(hash.bytes().substr(k_half));
  ++items_;
}

std::string StateDigest::hex() const { return fmt::format("{:016x}{:016x}", first_, second_); }

} // namespace memsync::model
