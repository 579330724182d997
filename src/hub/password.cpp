#include "hub/password.h"

#include <array>
#include <sodium.h>

namespace memsync::hub {

base::Result<std::string> hash_password(std::string_view password) {
  constexpr std::size_t k_shortest = 10;
  constexpr std::size_t k_longest = 1024; // hashing costs time by length, too
  if (password.size() < k_shortest || password.size() > k_longest)
    return base::Error{base::ErrorCode::validation, "a password has 10 to 1,024 characters"};
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (sodium_init() < 0 ||
      crypto_pwhash_str(hash.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                        crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
    return base::Error{base::ErrorCode::busy, "not enough memory to hash a password: try again"};
  return std::string(hash.data());
}

bool is_password(std::string_view password, const std::string& hash) {
  return sodium_init() >= 0 && crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

} // namespace memsync::hub
