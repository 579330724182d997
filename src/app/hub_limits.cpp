#include "app/hub_limits.h"

#include <CLI/CLI.hpp>
#include <array>

#include "model/number.h"

namespace memsync::app {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

struct Limit {
  std::string_view name;
  hub::RateRule& (*rule)(hub::HubOptions& options);
};
constexpr std::array k_limits = {
    Limit{"push-requests", [](hub::HubOptions& o) -> hub::RateRule& { return o.push_requests; }},
    Limit{"push-operations", [](hub::HubOptions& o) -> hub::RateRule& { return o.push_operations; }},
    Limit{"stream-opens", [](hub::HubOptions& o) -> hub::RateRule& { return o.stream_opens; }},
    Limit{"invitations", [](hub::HubOptions& o) -> hub::RateRule& { return o.invitation_tries; }},
    Limit{"presence-reports", [](hub::HubOptions& o) -> hub::RateRule& { return o.presence_reports; }},
    Limit{"sign-ins-account", [](hub::HubOptions& o) -> hub::RateRule& { return o.sign_in.by_account; }},
    Limit{"sign-ins-account-anywhere",
          [](hub::HubOptions& o) -> hub::RateRule& { return o.sign_in.by_account_anywhere; }},
    Limit{"sign-ins-address", [](hub::HubOptions& o) -> hub::RateRule& { return o.sign_in.by_address; }},
    Limit{"refreshes", [](hub::HubOptions& o) -> hub::RateRule& { return o.sign_in.refreshes; }},
    Limit{"terminals", [](hub::HubOptions& o) -> hub::RateRule& { return o.devices.begins; }},
};

std::string names() {
  std::string text;
  for (const Limit& limit : k_limits) text += fmt::format("{}{}", text.empty() ? "" : ", ", limit.name);
  return text;
}

/// "BURST/PER_MINUTE", both at least 1.
std::optional<hub::RateRule> parse_rule(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto burst = model::parse_u64(text.substr(0, slash));
  const auto rate = model::parse_u64(text.substr(slash + 1));
  constexpr std::uint64_t k_most = 1'000'000'000;
  if (!burst || !rate || *burst == 0 || *rate == 0 || *burst > k_most || *rate > k_most) return std::nullopt;
  return hub::RateRule{static_cast<double>(*burst), static_cast<double>(*rate)};
}

Result<> set_limit(std::string_view text, hub::HubOptions& options) {
  const auto equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  for (const Limit& limit : k_limits) {
    if (limit.name != name || equals == std::string_view::npos) continue;
    const auto rule = parse_rule(text.substr(equals + 1));
    if (!rule) break;
    limit.rule(options) = *rule;
    return {};
  }
  return Error{ErrorCode::validation, fmt::format("--limit {}: write NAME=BURST/PER_MINUTE, such as "
                                                  "push-requests=3000/3000; the names are {}",
                                                  text, names())};
}

} // namespace

void add_limit_option(CLI::App& command, std::vector<std::string>& limits) {
  command
      .add_option("--limit", limits,
                  "Another rate, NAME=BURST/PER_MINUTE; may be repeated. Names: " + names())
      ->envname("MEMSYNC_HUB_LIMITS")
      ->delimiter(',');
}

Result<> set_limits(const std::vector<std::string>& limits, hub::HubOptions& options) {
  for (const std::string& limit : limits) TRY(set_limit(limit, options));
  return {};
}

} // namespace memsync::app
