#include "base/digest.h"

#include <algorithm>
#include <memory>
#include <new>
#include <openssl/evp.h>

namespace memsync::base {

namespace {

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

} // namespace

Sha256 sha256(std::string_view bytes) {
  // Fetching the algorithm and allocating a context cost more than hashing a short text, so both are kept.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, ContextDeleter> context(EVP_MD_CTX_new());
  Sha256 digest{};
  if (!algorithm || !context || EVP_DigestInit_ex2(context.get(), algorithm, nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1)
    throw std::bad_alloc(); // the only way SHA-256 can fail
  return digest;
}

Hash128 Hash128::of(std::string_view bytes) {
  const Sha256 digest = sha256(bytes);
  Hash128 hash;
  std::copy_n(digest.begin(), hash.bytes_.size(), hash.bytes_.begin());
  return hash;
}

std::optional<Hash128> Hash128::parse(std::string_view hex) {
  Hash128 hash;
  if (hex.size() != 2 * hash.bytes_.size()) return std::nullopt;
  for (std::size_t i = 0; i < hash.bytes_.size(); ++i) {
    const int high = hex_digit(hex[2 * i]);
    const int low = hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    hash.bytes_[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return hash;
}

std::optional<Hash128> Hash128::from_bytes(std::string_view bytes) {
  Hash128 hash;
  if (bytes.size() != hash.bytes_.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), hash.bytes_.begin());
  return hash;
}

std::string Hash128::hex() const { return to_hex(bytes_); }

std::string to_hex(std::span<const std::uint8_t> bytes) {
  static constexpr std::string_view k_digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += k_digits[byte >> 4];
    text += k_digits[byte & 15u];
  }
  return text;
}

} // namespace memsync::base
