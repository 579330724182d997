#include "hub/device_flow.h"

#include "hub/accounts.h"
#include "hub/authorize.h"
#include "hub/secret.h"

namespace memsync::hub {

using base::ErrorCode;
using base::Timestamp;

namespace {

// Without vowels, so that no word appears, and without what is easily confused (RFC 8628 section 6.1).
constexpr std::string_view k_letters = "BCDFGHJKLMNPQRSTVWXZ";
constexpr std::size_t k_code_letters = 8;
constexpr std::int64_t k_most_waiting = 10'000;

std::string make_user_code(base::Random& random) {
  std::string code;
  for (std::size_t i = 0; i < k_code_letters; ++i) {
    if (i == k_code_letters / 2) code += '-';
    code += k_letters[random.below(k_letters.size())];
  }
  return code;
}

/// The code as it is stored; empty for text that is none.
std::string normalized(std::string_view typed) {
  std::string code;
  for (char c : typed) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '-' || c == ' ') continue;
    if (k_letters.find(c) == std::string_view::npos || code.size() > k_code_letters) return "";
    if (code.size() == k_code_letters / 2) code += '-';
    code += c;
  }
  return code;
}

base::Error unknown() {
  return refuse(ErrorCode::not_found, "no terminal waits with this code: it may be older than ten minutes");
}

bool is_waiting(const std::optional<DeviceRequest>& request, Timestamp now) {
  return request && request->state == DeviceState::waiting && request->expires_at > now;
}

} // namespace

DeviceFlow::DeviceFlow(Workplace work, const Rules& rules)
    : work_(work), begins_(rules.begins), lookups_(rules.lookups), polls_(rules.polls) {}

Answer<DeviceFlow::Begun> DeviceFlow::begin(std::string_view client, std::string_view address) {
  TRY(begins_.require(address, 1, work_.clock.instant(), "sign-ins begun from this address"));
  TRY_ASSIGN(const auto name, parse_name("client", client));
  return work_.write([&](StoreTxn& txn) -> Answer<Begun> {
    const Timestamp now = work_.clock.now();
    txn.drop_devices(now);
    if (txn.count_devices() >= k_most_waiting)
      return refuse(ErrorCode::busy, "too many terminals wait to be allowed: try again in ten minutes");
    Begun begun{make_secret(SecretKind::device, work_.random), make_user_code(work_.random),
                now + k_lifetime};
    while (txn.find_device(begun.user_code)) begun.user_code = make_user_code(work_.random);
    txn.add_device(
        {begun.user_code, name, std::string(address), DeviceState::waiting, {}, now, begun.expires_at},
        *parse_secret(SecretKind::device, begun.device_code));
    return begun;
  });
}

Answer<DeviceFlow::Polled> DeviceFlow::poll(std::string_view device_code) {
  const auto hash = parse_secret(SecretKind::device, device_code);
  if (!hash) return unknown();
  TRY(polls_.require(hash->bytes(), 1, work_.clock.instant(), "questions"));
  TRY_ASSIGN(const auto found,
             work_.store.read([&](StoreReader& reader) -> Answer<std::optional<DeviceRequest>> {
               return reader.find_device(*hash);
             }));
  if (!found || found->expires_at <= work_.clock.now()) return unknown();
  if (found->state == DeviceState::waiting) return Polled{};
  return work_.write([&](StoreTxn& txn) -> Answer<Polled> {
    Work work{txn, work_.random, work_.clock.now(), found->user};
    const auto request = txn.find_device(*hash); // another question may have taken the answer
    const auto user = request ? txn.find_user(request->user) : std::nullopt;
    if (!user) return unknown();
    txn.drop_device(*hash);
    if (request->state == DeviceState::denied) return Polled{DeviceState::denied, "", std::nullopt};
    TokenRequest token;
    token.name = request->client;
    TRY_ASSIGN(const auto issued, issue_token(work, user->id, token));
    return Polled{DeviceState::allowed, issued.secret, *user};
  });
}

Answer<DeviceRequest> DeviceFlow::find(std::string_view user_code, std::string_view address) {
  TRY(lookups_.require(address, 1, work_.clock.instant(), "codes tried from this address"));
  return work_.store.read([&](StoreReader& reader) -> Answer<DeviceRequest> {
    auto request = reader.find_device(normalized(user_code));
    if (!is_waiting(request, work_.clock.now())) return unknown();
    return *std::move(request);
  });
}

Answer<> DeviceFlow::decide(const Principal& principal, std::string_view user_code, Decision decision,
                            std::string_view address) {
  TRY(require_whole(principal));
  TRY(lookups_.require(address, 1, work_.clock.instant(), "codes tried from this address"));
  return work_.write([&](StoreTxn& txn) -> Answer<> {
    Work work{txn, work_.random, work_.clock.now(), principal.user};
    const auto request = txn.find_device(normalized(user_code));
    if (!is_waiting(request, work.now)) return unknown();
    const bool is_allowed = decision == Decision::allow;
    txn.decide_device(request->user_code, is_allowed ? DeviceState::allowed : DeviceState::denied,
                      principal.user);
    note(work, is_allowed ? AuditAction::device_allowed : AuditAction::device_denied, {}, principal.user,
         fmt::format("{} at {}", request->client, request->address));
    return {};
  });
}

} // namespace memsync::hub
