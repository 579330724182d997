#include "hub/mentions.h"

#include <algorithm>

namespace memsync::hub {

namespace {

constexpr std::size_t k_most_marks = 1'000; // a text of nothing but @ must not hold the writer up
constexpr std::size_t k_words_before = 80, k_words_after = 120; // bytes

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Letters, digits and every character beyond ASCII.
bool is_word(char c) {
  const char l = lower(c);
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

/// The length of `name` when the text begins with it as a whole word; else 0.
std::size_t match(std::string_view text, std::string_view name) {
  if (name.empty() || text.size() < name.size()) return 0;
  for (std::size_t i = 0; i < name.size(); ++i)
    if (lower(text[i]) != lower(name[i])) return 0;
  const bool goes_on = text.size() > name.size() && is_word(name.back()) && is_word(text[name.size()]);
  return goes_on ? 0 : name.size();
}

std::size_t match(std::string_view text, const wire::MemberInfo& person) {
  const std::string_view name = person.name, email = person.email;
  return std::max({match(text, name), match(text, name.substr(0, name.find(' '))), match(text, email),
                   match(text, email.substr(0, email.find('@')))});
}

/// The line around `at`, cut between characters.
std::string words_around(std::string_view text, std::size_t at) {
  std::size_t begin = at > k_words_before ? at - k_words_before : 0;
  std::size_t end = std::min(text.size(), at + k_words_after);
  if (const auto newline = text.substr(begin, at - begin).rfind('\n'); newline != std::string_view::npos)
    begin += newline + 1;
  end = std::min(end, text.find('\n', at));
  while (begin < at && is_continuation(text[begin])) ++begin;
  while (end > at && end < text.size() && is_continuation(text[end])) --end;
  return std::string(text.substr(begin, end - begin));
}

} // namespace

std::vector<Mention> find_mentions(std::string_view text, std::span<const wire::MemberInfo> people) {
  std::vector<Mention> mentions;
  std::size_t marks = 0;
  for (std::size_t at = text.find('@'); at != std::string_view::npos && marks < k_most_marks;
       at = text.find('@', at + 1), ++marks) {
    if (at > 0 && is_word(text[at - 1])) continue;
    const std::string_view rest = text.substr(at + 1);
    std::size_t longest = 0;
    for (const wire::MemberInfo& person : people) longest = std::max(longest, match(rest, person));
    if (longest == 0) continue;
    for (const wire::MemberInfo& person : people) {
      const bool is_known = std::any_of(mentions.begin(), mentions.end(),
                                        [&](const Mention& each) { return each.user == person.id; });
      if (!is_known && match(rest, person) == longest)
        mentions.push_back({person.id, words_around(text, at)});
    }
  }
  return mentions;
}

} // namespace memsync::hub
