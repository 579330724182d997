#pragma once

#include <string>
#include <string_view>

#include "hub/principal.h"
#include "hub/rate_limit.h"
#include "hub/session.h"
#include "hub/workplace.h"

namespace memsync::hub {

/// Signing in where there is no browser, after RFC 8628: the terminal shows a short code, the person types
/// it into a page of the hub in a browser that is signed in, and the terminal gets an API token.
///
/// Terminal and hub share a long secret that the person never sees; the short code only names the request,
/// lives for ten minutes and can be tried a few times a minute by whoever is signed in.
class DeviceFlow {
 public:
  struct Rules {
    RateRule begins{20, 20};  // by address
    RateRule lookups{20, 20}; // of a short code, by address
    RateRule polls{3, 60};    // by request
  };
  static constexpr std::chrono::minutes k_lifetime{10};
  static constexpr std::chrono::seconds k_interval{2}; // between two questions of a terminal

  explicit DeviceFlow(Workplace work, const Rules& rules);

  /// What a terminal begins with.
  struct Begun {
    std::string device_code; // its secret
    std::string user_code;   // "WDJB-MJHT"
    base::Timestamp expires_at;
  };
  Answer<Begun> begin(std::string_view client, std::string_view address);

  /// What it learns by asking. `token` once, when it was allowed.
  struct Polled {
    DeviceState state = DeviceState::waiting;
    std::string token;
    std::optional<User> user;
  };
  /// `not_found` for an unknown code, or one that is older than ten minutes or was answered.
  Answer<Polled> poll(std::string_view device_code);

  /// Who asks under that short code, as the person may type it ("wdjbmjht"); `not_found`.
  Answer<DeviceRequest> find(std::string_view user_code, std::string_view address);
  enum class Decision { allow, deny };
  /// Once; `not_found` afterwards. `permission` for a limited token.
  Answer<> decide(const Principal& principal, std::string_view user_code, Decision decision,
                  std::string_view address);

 private:
  Workplace work_;
  RateLimiter begins_, lookups_, polls_;
};

} // namespace memsync::hub
