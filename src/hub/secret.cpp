#include "hub/secret.h"

#include <vector>

#include "base/crockford.h"

namespace memsync::hub {

namespace {

constexpr std::size_t k_random_characters = 52;
constexpr std::size_t k_checksum_characters = 6;
constexpr std::size_t k_prefix_characters = 4;

constexpr std::string_view prefix_of(SecretKind kind) {
  switch (kind) {
    case SecretKind::token: return "mst_";
    case SecretKind::invitation: return "msi_";
    case SecretKind::refresh: return "msr_";
    case SecretKind::browser: return "msb_";
    case SecretKind::device: return "msd_";
    case SecretKind::socket: return "msw_";
  }
  return "";
}

std::string checksum(std::string_view text) {
  const base::Sha256 digest = base::sha256(text);
  std::string out;
  for (std::size_t i = 0; i < k_checksum_characters; ++i) out += base::k_crockford_alphabet[digest[i] & 31u];
  return out;
}

} // namespace

std::string make_secret(SecretKind kind, base::Random& random) {
  std::array<std::uint8_t, k_random_characters> bytes{};
  random.fill(bytes);
  std::string text(prefix_of(kind));
  for (const std::uint8_t byte : bytes) text += base::k_crockford_alphabet[byte & 31u];
  return text + checksum(text);
}

std::optional<SecretHash> parse_secret(SecretKind kind, std::string_view text) {
  if (text.size() != k_prefix_characters + k_random_characters + k_checksum_characters) return std::nullopt;
  const std::string_view body = text.substr(0, text.size() - k_checksum_characters);
  if (body.substr(0, k_prefix_characters) != prefix_of(kind)) return std::nullopt;
  if (text.substr(body.size()) != checksum(body)) return std::nullopt;
  return SecretHash{base::sha256(text)};
}

} // namespace memsync::hub
