#include "hub/mail.h"

#include <array>
#include <ctime>
#include <fmt/format.h>
#include <sodium.h>

namespace memsync::hub {

namespace {

constexpr std::size_t k_line_bytes = 57; // 76 characters of base64 (RFC 2045 section 6.8)
constexpr std::size_t k_word_bytes = 42; // with its frame below the 75 characters of RFC 2047 section 2

std::string base64(std::string_view bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back(); // the terminating zero
  return text;
}

bool is_plain(std::string_view text) {
  constexpr std::size_t k_longest = 70;
  if (text.size() > k_longest || text.find("=?") != std::string_view::npos) return false;
  for (const char c : text)
    if (c < ' ' || c > '~') return false;
  return true;
}

/// The longest beginning of `text` that fits and does not cut a UTF-8 character.
std::string_view first_word(std::string_view text) {
  if (text.size() <= k_word_bytes) return text;
  std::size_t end = k_word_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
  return text.substr(0, end == 0 ? k_word_bytes : end);
}

std::string format_subject(std::string_view subject) {
  if (is_plain(subject)) return std::string(subject);
  std::string out;
  while (!subject.empty()) {
    const std::string_view word = first_word(subject);
    subject.remove_prefix(word.size());
    if (!out.empty()) out += "\r\n ";
    out += fmt::format("=?UTF-8?B?{}?=", base64(word));
  }
  return out;
}

/// RFC 5322 section 3.3. Not by strftime, whose names depend on the locale.
std::string format_date(base::Timestamp now) {
  constexpr std::array k_days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array k_months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", k_days[static_cast<std::size_t>(parts.tm_wday)],
                     parts.tm_mday, k_months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

} // namespace

std::string format_message(const Mail& mail, const std::string& from, base::Timestamp now,
                           const std::string& id) {
  std::string message = fmt::format(
      "Date: {}\r\nFrom: memsync <{}>\r\nTo: <{}>\r\nSubject: {}\r\nMessage-ID: <{}@{}>\r\n"
      "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n",
      format_date(now), from, mail.to, format_subject(mail.subject), id, from.substr(from.find('@') + 1));
  for (std::string_view text = mail.text; !text.empty();
       text.remove_prefix(std::min(text.size(), k_line_bytes)))
    message += base64(text.substr(0, k_line_bytes)) + "\r\n";
  return message;
}

} // namespace memsync::hub
