#include "base/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fmt/format.h>
#include <iterator>

namespace memsync::base {

namespace {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size_bytes = 0; // 0: not well-formed
};

bool is_continuation(char c) { return (static_cast<std::uint8_t>(c) & 0xC0u) == 0x80u; }

/// The first code point of a text that is not empty (RFC 3629, section 4).
CodePoint decode(std::string_view text) {
  const auto first = static_cast<std::uint8_t>(text[0]);
  if (first < 0x80) return {first, 1};
  std::size_t size = 0;
  std::uint32_t value = 0;
  std::uint32_t smallest = 0; // below it the form is overlong
  if (first >= 0xC2 && first < 0xE0) {
    size = 2, value = first & 0x1Fu, smallest = 0x80;
  } else if (first >= 0xE0 && first < 0xF0) {
    size = 3, value = first & 0x0Fu, smallest = 0x800;
  } else if (first >= 0xF0 && first < 0xF5) {
    size = 4, value = first & 0x07u, smallest = 0x10000;
  }
  if (size == 0 || text.size() < size) return {};
  for (std::size_t i = 1; i < size; ++i) {
    if (!is_continuation(text[i])) return {};
    value = (value << 6) | (static_cast<std::uint8_t>(text[i]) & 0x3Fu);
  }
  const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < smallest || value > 0x10FFFF || is_surrogate) return {};
  return {value, size};
}

/// Number of leading bytes below 0x80, found eight at a time.
std::size_t count_ascii_prefix(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  while (at < text.size() && static_cast<std::uint8_t>(text[at]) < 0x80) ++at;
  return at;
}

struct Range {
  std::uint32_t first, last;
};

template <std::size_t Size>
bool is_in(const Range (&ranges)[Size], std::uint32_t value) {
  const auto* const after =
      std::upper_bound(std::begin(ranges), std::end(ranges), value,
                       [](std::uint32_t v, const Range& range) { return v < range.first; });
  return after != std::begin(ranges) && value <= std::prev(after)->last;
}

/// Characters that show nothing, reorder what is shown, or carry text no person sees.
constexpr Range k_deceptive[] = {
    {0x00, 0x08},       {0x0B, 0x1F},       // controls, except tab and newline
    {0x7F, 0x9F},                           // DEL and the C1 controls, which terminals obey
    {0xAD, 0xAD},                           // soft hyphen
    {0x34F, 0x34F},                         // combining grapheme joiner
    {0x61C, 0x61C},                         // Arabic letter mark
    {0x115F, 0x1160},                       // Hangul fillers
    {0x17B4, 0x17B5},   {0x180B, 0x180F},   // Khmer inherent vowels, Mongolian separators
    {0x200B, 0x200F},                       // zero width, direction marks
    {0x2028, 0x202E},                       // line separators, bidirectional embeddings and overrides
    {0x2060, 0x206F},                       // invisible operators, bidirectional isolates
    {0x3164, 0x3164},   {0xFEFF, 0xFEFF},   // Hangul filler, byte order mark
    {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},   // Hangul filler, interlinear annotations
    {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, // invisible shorthand and music controls
    {0xE0000, 0xE0FFF},                     // tags and variation selectors 17-256
};

bool is_variation_selector(std::uint32_t value) { return value >= 0xFE00 && value <= 0xFE0F; }

/// Combining marks of the scripts a terminal is likely to show, and what it draws in no column.
constexpr Range k_zero_width[] = {
    {0x300, 0x36F},     {0x483, 0x489},     {0x591, 0x5BD},   {0x5BF, 0x5BF},   {0x5C1, 0x5C2},
    {0x5C4, 0x5C5},     {0x5C7, 0x5C7},     {0x610, 0x61A},   {0x64B, 0x65F},   {0x670, 0x670},
    {0x6D6, 0x6DC},     {0x6DF, 0x6E4},     {0x6E7, 0x6E8},   {0x6EA, 0x6ED},   {0x711, 0x711},
    {0x730, 0x74A},     {0x8D3, 0x902},     {0x93A, 0x93A},   {0x93C, 0x93C},   {0x941, 0x948},
    {0x94D, 0x94D},     {0x951, 0x957},     {0x962, 0x963},   {0x981, 0x981},   {0x9BC, 0x9BC},
    {0x9C1, 0x9C4},     {0x9CD, 0x9CD},     {0xE31, 0xE31},   {0xE34, 0xE3A},   {0xE47, 0xE4E},
    {0xEB1, 0xEB1},     {0xEB4, 0xEBC},     {0xEC8, 0xECD},   {0x1160, 0x11FF}, {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF},   {0x200B, 0x200F},   {0x202A, 0x202E}, {0x2060, 0x206F}, {0x20D0, 0x20F0},
    {0x302A, 0x302D},   {0x3099, 0x309A},   {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF},
    {0x1F3FB, 0x1F3FF}, {0xE0000, 0xE0FFF},
};

/// East Asian Width W and F (Unicode 14, UAX #11), unassigned gaps filled.
constexpr Range k_wide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},   {0x23F0, 0x23F0},
    {0x23F3, 0x23F3},   {0x25FD, 0x25FE},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267F, 0x267F},
    {0x2693, 0x2693},   {0x26A1, 0x26A1},   {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},
    {0x26CE, 0x26CE},   {0x26D4, 0x26D4},   {0x26EA, 0x26EA},   {0x26F2, 0x26F3},   {0x26F5, 0x26F5},
    {0x26FA, 0x26FA},   {0x26FD, 0x26FD},   {0x2705, 0x2705},   {0x270A, 0x270B},   {0x2728, 0x2728},
    {0x274C, 0x274C},   {0x274E, 0x274E},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27B0, 0x27B0},   {0x27BF, 0x27BF},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2B55, 0x2B55},
    {0x2E80, 0x303E},   {0x3041, 0x3247},   {0x3250, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6B},   {0xFF01, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x16FE0, 0x1B2FB}, {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F18E},
    {0x1F191, 0x1F19A}, {0x1F200, 0x1F320}, {0x1F32D, 0x1F335}, {0x1F337, 0x1F37C}, {0x1F37E, 0x1F393},
    {0x1F3A0, 0x1F3CA}, {0x1F3CF, 0x1F3D3}, {0x1F3E0, 0x1F3F0}, {0x1F3F4, 0x1F3F4}, {0x1F3F8, 0x1F43E},
    {0x1F440, 0x1F440}, {0x1F442, 0x1F4FC}, {0x1F4FF, 0x1F53D}, {0x1F54B, 0x1F54E}, {0x1F550, 0x1F567},
    {0x1F57A, 0x1F57A}, {0x1F595, 0x1F596}, {0x1F5A4, 0x1F5A4}, {0x1F5FB, 0x1F64F}, {0x1F680, 0x1F6C5},
    {0x1F6CC, 0x1F6CC}, {0x1F6D0, 0x1F6D2}, {0x1F6D5, 0x1F6DF}, {0x1F6EB, 0x1F6EF}, {0x1F6F4, 0x1F6FC},
    {0x1F7E0, 0x1F7F0}, {0x1F90C, 0x1F93A}, {0x1F93C, 0x1F945}, {0x1F947, 0x1F9FF}, {0x1FA70, 0x1FAFF},
    {0x20000, 0x3FFFD},
};

} // namespace

bool is_valid_utf8(std::string_view text) {
  for (;;) {
    text.remove_prefix(count_ascii_prefix(text));
    if (text.empty()) return true;
    const CodePoint point = decode(text);
    if (point.size_bytes == 0) return false;
    text.remove_prefix(point.size_bytes);
  }
}

std::size_t count_code_points(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_continuation));
}

std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes;
  while (end > 0 && is_continuation(text[end])) --end;
  return text.substr(0, end);
}

std::string make_visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool after_selector = false;
  while (!text.empty()) {
    const CodePoint point = decode(text);
    // One variation selector chooses how a character looks; runs of them carry hidden text.
    const bool is_selector = is_variation_selector(point.value);
    if (point.size_bytes == 0)
      out += "\xEF\xBF\xBD"; // U+FFFD
    else if (is_in(k_deceptive, point.value) || (is_selector && after_selector))
      out += fmt::format("\\u{{{:04X}}}", point.value);
    else
      out += text.substr(0, point.size_bytes);
    after_selector = is_selector;
    text.remove_prefix(std::max<std::size_t>(point.size_bytes, 1));
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const CodePoint point = decode(text);
    if (is_in(k_wide, point.value))
      columns += 2;
    else if (!is_in(k_zero_width, point.value))
      columns += 1;
    text.remove_prefix(std::max<std::size_t>(point.size_bytes, 1));
  }
  return columns;
}

} // namespace memsync::base
