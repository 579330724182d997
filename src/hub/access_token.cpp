#include "hub/access_token.h"

#include <sodium.h>

#include "base/crockford.h"
#include "base/json.h"

namespace memsync::hub {

using base::Json;

namespace {

constexpr std::string_view k_issuer = "memsync-hub";
constexpr std::size_t k_longest_token = 1000; // ours have some 300 characters
constexpr int k_variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

std::string encode(std::string_view bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), k_variant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), k_variant);
  text.pop_back(); // the terminating zero
  return text;
}

std::optional<std::string> decode(std::string_view text) {
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &size, nullptr, k_variant) != 0)
    return std::nullopt;
  bytes.resize(size);
  return bytes;
}

/// header.payload.signature
struct Parts {
  std::string_view header, payload, signature, signed_text;
};

std::optional<Parts> split(std::string_view token) {
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (token.size() > k_longest_token || first == std::string_view::npos || first == last) return std::nullopt;
  Parts parts{token.substr(0, first), token.substr(first + 1, last - first - 1), token.substr(last + 1),
              token.substr(0, last)};
  if (parts.payload.find('.') != std::string_view::npos) return std::nullopt;
  return parts;
}

std::string header_of(std::string_view key) {
  return base::dump_json({{"alg", "EdDSA"}, {"kid", key}, {"typ", "JWT"}});
}

std::optional<Json> parse_object(std::string_view encoded) {
  const auto text = decode(encoded);
  if (!text) return std::nullopt;
  auto json = base::parse_json(*text);
  if (!json || !json->is_object()) return std::nullopt;
  return *std::move(json);
}

struct KeyPair {
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> open{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
  explicit KeyPair(const SigningKey& key) {
    static_assert(crypto_sign_SEEDBYTES == sizeof key.seed);
    crypto_sign_seed_keypair(open.data(), secret.data(), key.seed.data());
  }
  ~KeyPair() { sodium_memzero(secret.data(), secret.size()); }
  KeyPair(const KeyPair&) = delete;
  KeyPair& operator=(const KeyPair&) = delete;
};

std::int64_t seconds(base::Timestamp time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::optional<AccessClaims> read_claims(const Json& json) {
  const auto text = [&](const char* name) {
    const auto at = json.find(name);
    return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  const auto time = [&](const char* name) -> base::Timestamp {
    const auto at = json.find(name);
    if (at == json.end() || !at->is_number_integer()) return {};
    return base::Timestamp(std::chrono::seconds(at->get<std::int64_t>()));
  };
  const auto user = model::UserId::parse(text("sub"));
  const auto session = SessionId::parse(text("sid"));
  if (text("iss") != k_issuer || !user || !session) return std::nullopt;
  return AccessClaims{*user, *session, time("iat"), time("exp")};
}

} // namespace

SigningKey make_signing_key(base::Random& random, base::Timestamp now) {
  SigningKey key;
  key.id = base::Id<struct KeyTag>::random(random).str();
  random.fill(key.seed);
  key.created_at = now;
  return key;
}

std::string sign_access_token(const SigningKey& key, const AccessClaims& claims) {
  const std::string payload = base::dump_json({{"exp", seconds(claims.expires_at)},
                                               {"iat", seconds(claims.issued_at)},
                                               {"iss", k_issuer},
                                               {"sid", claims.session.view()},
                                               {"sub", claims.user.view()}});
  const std::string text = encode(header_of(key.id)) + "." + encode(payload);
  const KeyPair pair(key);
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size(), pair.secret.data());
  return text + "." + encode(signature);
}

std::optional<std::string> find_key_id(std::string_view token) {
  const auto parts = split(token);
  if (!parts) return std::nullopt;
  const auto header = parse_object(parts->header);
  if (!header || !header->contains("kid") || !(*header)["kid"].is_string()) return std::nullopt;
  std::string id = (*header)["kid"].get<std::string>();
  // Byte for byte the header that this hub writes: no other algorithm, nothing more to interpret.
  if (parts->header != encode(header_of(id))) return std::nullopt;
  return id;
}

std::optional<AccessClaims> verify_access_token(const SigningKey& key, std::string_view token,
                                                base::Timestamp now) {
  const auto parts = split(token);
  if (!parts || find_key_id(token) != key.id) return std::nullopt;
  const auto signature = decode(parts->signature);
  if (!signature || signature->size() != crypto_sign_BYTES) return std::nullopt;
  const KeyPair pair(key);
  const std::string_view text = parts->signed_text;
  if (crypto_sign_verify_detached(reinterpret_cast<const unsigned char*>(signature->data()),
                                  reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                                  pair.open.data()) != 0)
    return std::nullopt;
  const auto json = parse_object(parts->payload);
  auto claims = json ? read_claims(*json) : std::nullopt;
  if (!claims || claims->expires_at <= now) return std::nullopt;
  return claims;
}

} // namespace memsync::hub
