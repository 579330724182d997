#include "mcp/trace.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"

namespace memsync::mcp {

namespace {

using base::Json;

// Our answers may be longer than what we read.
constexpr base::JsonLimits k_limits{std::size_t{16} << 20, 128, 5'000'000};

constexpr std::string_view k_redacted = "[redacted]";

/// Names of members whose value is a secret, without case, "_" and "-".
constexpr std::array<std::string_view, 18> k_secret_names{
    "token",    "accesstoken", "refreshtoken", "authtoken", "idtoken",      "apitoken",
    "password", "passwd",      "passphrase",   "secret",    "clientsecret", "authorization",
    "apikey",   "privatekey",  "secretkey",    "accesskey", "cookie",       "credentials"};

/// What tokens of known services begin with.
constexpr std::array<std::string_view, 16> k_token_starts{
    "mst_", "msi_", "Bearer ",     "bearer ", "Basic ", "sk-",   "ghp_", "gho_",
    "ghs_", "ghu_", "github_pat_", "glpat-",  "xoxb-",  "xoxp-", "AKIA", "eyJ"};
/// Shorter runs are words, like "sk-learn".
constexpr std::size_t k_least_token_bytes = 12;

bool is_token_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-.~+/=").find(c) != std::string_view::npos;
}

bool is_word_byte(char c) { return is_token_byte(c) && c != '/' && c != '=' && c != '.'; }

bool is_secret_name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c == '_' || c == '-') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return std::find(k_secret_names.begin(), k_secret_names.end(), plain) != k_secret_names.end();
}

/// A part of a text that is a secret.
struct Secret {
  std::size_t first, end;
};

/// The text without what `find` finds from a place on, in one pass: a line may be megabytes of tokens.
template <class Find>
std::string replace_secrets(const std::string& text, Find&& find) {
  std::string redacted;
  std::size_t at = 0;
  for (auto secret = find(text, at); secret; secret = find(text, at)) {
    redacted.append(text, at, secret->first - at).append(k_redacted);
    at = secret->end;
  }
  return redacted.append(text, at, std::string::npos);
}

std::optional<Secret> find_known(const std::string& text, std::size_t from, std::string_view secret) {
  const auto at = text.find(secret, from);
  if (at == std::string::npos) return std::nullopt;
  return Secret{at, at + secret.size()};
}

/// A web token has three parts; our own request states, which begin alike, have two.
bool is_token(std::string_view start, std::string_view run) {
  if (run.size() < k_least_token_bytes) return false;
  if (start == "eyJ") return std::count(run.begin(), run.end(), '.') == 2;
  return std::any_of(run.begin(), run.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// A token after a place where `start` begins a word.
std::optional<Secret> find_token(const std::string& text, std::size_t from, std::string_view start) {
  for (auto at = text.find(start, from); at != std::string::npos; at = text.find(start, at + start.size())) {
    if (at > 0 && is_word_byte(text[at - 1])) continue;
    const auto first = at + start.size();
    const auto end =
        std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(first), text.end(), is_token_byte);
    const auto size = static_cast<std::size_t>(end - text.begin()) - first;
    if (is_token(start, std::string_view(text).substr(first, size))) return Secret{first, first + size};
  }
  return std::nullopt;
}

/// From behind "-----BEGIN ... PRIVATE KEY-----" to the end of the key, or of the text.
std::optional<Secret> find_private_key(const std::string& text, std::size_t from) {
  constexpr std::string_view k_begin = "-----BEGIN ", k_middle = "PRIVATE KEY-----", k_end = "-----END ";
  const auto at = text.find(k_begin, from);
  const auto middle = at == std::string::npos ? at : text.find(k_middle, at);
  if (middle == std::string::npos) return std::nullopt;
  const auto first = middle + k_middle.size();
  return Secret{first, std::min(text.find(k_end, first), text.size())};
}

/// The password in "scheme://user:password@host".
std::optional<Secret> find_url_password(const std::string& text, std::size_t from) {
  constexpr std::string_view k_mark = "://";
  for (auto at = text.find(k_mark, from); at != std::string::npos;
       at = text.find(k_mark, at + k_mark.size())) {
    const auto first = at + k_mark.size();
    const auto end = std::min(text.find_first_of("/ \"'\n\t", first), text.size());
    const std::string_view authority = std::string_view(text).substr(first, end - first);
    const auto sign = authority.rfind('@');
    const auto colon = authority.find(':');
    if (sign != std::string_view::npos && colon < sign) return Secret{first + colon + 1, first + sign};
  }
  return std::nullopt;
}

std::string redact_text(std::string text, const std::vector<std::string>& secrets) {
  using From = std::size_t;
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    text = replace_secrets(text, [&](const auto& in, From from) { return find_known(in, from, secret); });
  }
  for (const std::string_view start : k_token_starts)
    text = replace_secrets(text, [&](const auto& in, From from) { return find_token(in, from, start); });
  text = replace_secrets(text, &find_private_key);
  return replace_secrets(text, &find_url_password);
}

void redact_value(Json& value, const std::vector<std::string>& secrets) {
  if (value.is_string()) {
    value = redact_text(value.get<std::string>(), secrets);
  } else if (value.is_array()) {
    for (Json& item : value) redact_value(item, secrets);
  } else if (value.is_object()) {
    for (auto& [name, item] : value.items()) {
      if (is_secret_name(name) && (item.is_string() || item.is_number())) {
        item = k_redacted;
      } else {
        redact_value(item, secrets);
      }
    }
  }
}

} // namespace

std::string redact_line(std::string_view line, const std::vector<std::string>& secrets) {
  const auto json = base::parse_json(line, k_limits);
  // What is no JSON may be anything: as a literal no byte of it acts on a terminal.
  if (!json) return base::make_visible(base::dump_json(redact_text(std::string(line), secrets)));
  Json redacted = *json;
  redact_value(redacted, secrets);
  return redacted == *json ? std::string(line) : base::dump_json(redacted);
}

base::Result<std::unique_ptr<TraceFile>> TraceFile::open(const std::string& path, base::Clock& clock,
                                                         std::vector<std::string> secrets) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  // An older file may be open to others.
  if (file.get() < 0 || ::fchmod(file.get(), S_IRUSR | S_IWUSR) != 0)
    return base::Error{base::ErrorCode::internal,
                       fmt::format("cannot write the trace to {}: {}", path, std::strerror(errno))};
  return std::unique_ptr<TraceFile>(new TraceFile(std::move(file), clock, std::move(secrets)));
}

void TraceFile::write(Direction direction, std::string_view line) {
  const std::string text =
      fmt::format("{} {} {}\n", base::format_rfc3339(clock_.now()),
                  direction == Direction::received ? "-->" : "<--", redact_line(line, secrets_));
  const std::lock_guard lock(mutex_);
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto written = ::write(file_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (rest.empty() || std::exchange(has_failed_, true)) return;
  base::log(base::LogLevel::warning, "the trace is not complete: {}", std::strerror(errno));
}

} // namespace memsync::mcp
