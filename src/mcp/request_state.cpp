#include "mcp/request_state.h"

#include <utility>

#include "mcp/base64url.h"

namespace memsync::mcp {

namespace {

constexpr std::size_t k_max_outstanding = 1024;
constexpr std::size_t k_max_state_bytes = std::size_t{256} << 10;

std::string_view as_text(const auto& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Takes the same time wherever the first difference is.
bool is_equal(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    difference |=
        static_cast<unsigned>(static_cast<unsigned char>(left[i]) ^ static_cast<unsigned char>(right[i]));
  }
  return difference == 0;
}

} // namespace

base::Sha256 hmac_sha256(std::string_view key, std::string_view message) {
  constexpr std::size_t k_block = 64;
  std::string padded(key);
  if (padded.size() > k_block) {
    const auto digest = base::sha256(key);
    padded = as_text(digest);
  }
  padded.resize(k_block, '\0');
  std::string inner = padded;
  std::string outer = padded;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  const auto digest = base::sha256(inner.append(message));
  return base::sha256(outer.append(as_text(digest)));
}

RequestStates::RequestStates(base::Random& random, base::Clock& clock, std::chrono::milliseconds life)
    : random_(random), clock_(clock), life_(life) {
  random_.fill(key_);
}

std::string RequestStates::authenticate(std::string_view payload) const {
  const auto mac = hmac_sha256(as_text(key_), payload);
  return encode_base64url(as_text(mac));
}

std::string RequestStates::issue(std::string_view binding, const base::Json& state) {
  const auto expiry = clock_.instant() + life_;
  std::uint64_t nonce = 0;
  {
    const std::lock_guard lock(mutex_);
    nonce = next_nonce_++;
    outstanding_.emplace(nonce, expiry);
    if (outstanding_.size() > k_max_outstanding) outstanding_.erase(outstanding_.begin());
  }
  const std::string payload = encode_base64url(base::dump_json({{"b", binding}, {"n", nonce}, {"s", state}}));
  return payload + "." + authenticate(payload);
}

std::optional<base::Json> RequestStates::redeem(std::string_view binding, std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos || text.size() > k_max_state_bytes) return std::nullopt;
  const auto payload = text.substr(0, dot);
  if (!is_equal(authenticate(payload), text.substr(dot + 1))) return std::nullopt;
  const auto bytes = decode_base64url(payload);
  if (!bytes) return std::nullopt;
  auto json = base::parse_json(*bytes);
  if (!json || (*json)["b"] != binding) return std::nullopt;
  const auto nonce = (*json)["n"].get<std::uint64_t>();
  const std::lock_guard lock(mutex_);
  const auto found = outstanding_.find(nonce);
  if (found == outstanding_.end()) return std::nullopt;
  const bool is_expired = found->second < clock_.instant();
  outstanding_.erase(found);
  if (is_expired) return std::nullopt;
  return std::move((*json)["s"]);
}

} // namespace memsync::mcp
