#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/random.h"

namespace memsync::mcp {

/// The states that travel through a client between an `input_required` result and its retry
/// (revision 2026-07-28, "Multi Round-Trip Requests"). The client is not trusted with them: each is
/// authenticated with HMAC-SHA-256, bound to the request it belongs to, expires, and is accepted
/// once. The key lives as long as the process, so a state does not survive a restart; the client
/// then repeats its call. Thread-safe.
///
/// Text: base64url(JSON {b: binding, n: nonce, s: state}) "." base64url(MAC)
class RequestStates {
 public:
  RequestStates(base::Random& random, base::Clock& clock, std::chrono::milliseconds life);

  /// A new state for the request that `binding` identifies. Beyond 1,024 outstanding states the
  /// oldest is forgotten.
  std::string issue(std::string_view binding, const base::Json& state);

  /// The state in `text`, once; nothing when it is forged, of another request, expired or used.
  std::optional<base::Json> redeem(std::string_view binding, std::string_view text);

 private:
  std::string authenticate(std::string_view payload) const;

  base::Random& random_;
  base::Clock& clock_;
  const std::chrono::milliseconds life_;
  std::array<std::uint8_t, 32> key_{};
  std::mutex mutex_;
  std::uint64_t next_nonce_ = 1;                       // guarded by mutex_
  std::map<std::uint64_t, base::Instant> outstanding_; // guarded by mutex_; nonce -> expiry
};

/// RFC 2104 with SHA-256.
base::Sha256 hmac_sha256(std::string_view key, std::string_view message);

} // namespace memsync::mcp
