#include "model/text_diff.h"

#include <algorithm>

namespace memsync::model {

namespace {

/// Of one gap: the trace of Myers' algorithm needs the square of it in memory, 4 MB here.
constexpr std::size_t k_max_differences = 1'000;

bool is_blank(unsigned char c) { return c == ' ' || c == '\t'; }

/// ASCII letters, digits, '_' and the bytes of characters beyond ASCII.
bool is_word_byte(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

/// The length of the UTF-8 character at `at` when it is a piece of its own (from U+2000 on), else 0.
std::size_t lone_character(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0xe2) return 0;
  return std::min<std::size_t>(lead >= 0xf0 ? 4 : 3, text.size() - at);
}

std::size_t word_end(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (const std::size_t length = lone_character(text, at)) return at + length;
  if (first == '\r' && at + 1 < text.size() && text[at + 1] == '\n') return at + 2;
  if (!is_blank(first) && !is_word_byte(first)) return at + 1;
  const bool blanks = is_blank(first);
  for (++at; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (blanks ? !is_blank(c) : (!is_word_byte(c) || lone_character(text, at) > 0)) break;
  }
  return at;
}

/// Compares two sequences and marks the pieces that have no partner.
class Comparison {
 public:
  Comparison(std::span<const std::uint32_t> from, std::span<const std::uint32_t> to, DiffBudget& budget)
      : from_(from), to_(to), budget_(budget), removed_(from.size(), false), added_(to.size(), false) {}

  std::vector<Hunk> run(std::uint32_t numbers) {
    std::size_t from = 0;
    std::size_t to = 0;
    for (const auto& [i, j] : anchors(numbers)) {
      compare_gap(from, i, to, j);
      from = i + 1;
      to = j + 1;
    }
    compare_gap(from, from_.size(), to, to_.size());
    return hunks();
  }

 private:
  struct Pair {
    std::size_t from, to;
  };

  /// The pieces that occur once on each side, as the longest run of pairs ascending on both.
  std::vector<Pair> anchors(std::uint32_t numbers) const {
    constexpr std::size_t k_none = SIZE_MAX;
    constexpr std::size_t k_many = SIZE_MAX - 1;
    std::vector<std::size_t> at_from(numbers, k_none);
    std::vector<std::size_t> at_to(numbers, k_none);
    for (std::size_t i = 0; i < from_.size(); ++i)
      at_from[from_[i]] = at_from[from_[i]] == k_none ? i : k_many;
    for (std::size_t j = 0; j < to_.size(); ++j) at_to[to_[j]] = at_to[to_[j]] == k_none ? j : k_many;

    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < from_.size(); ++i)
      if (at_from[from_[i]] == i && at_to[from_[i]] < k_many) pairs.push_back({i, at_to[from_[i]]});
    return longest_ascending(pairs);
  }

  /// Patience sorting: `from` ascends already.
  static std::vector<Pair> longest_ascending(const std::vector<Pair>& pairs) {
    std::vector<std::size_t> tops; // per length, the pair with the least `to` that ends such a run
    std::vector<std::size_t> before(pairs.size(), SIZE_MAX);
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      const auto top = std::lower_bound(tops.begin(), tops.end(), p, [&](std::size_t a, std::size_t b) {
        return pairs[a].to < pairs[b].to;
      });
      if (top != tops.begin()) before[p] = *(top - 1);
      if (top == tops.end()) {
        tops.push_back(p);
      } else {
        *top = p;
      }
    }
    std::vector<Pair> run(tops.size());
    std::size_t p = tops.empty() ? SIZE_MAX : tops.back();
    for (std::size_t i = run.size(); i-- > 0; p = before[p]) run[i] = pairs[p];
    return run;
  }

  void compare_gap(std::size_t from, std::size_t from_end, std::size_t to, std::size_t to_end) {
    while (from < from_end && to < to_end && from_[from] == to_[to]) ++from, ++to;
    while (from < from_end && to < to_end && from_[from_end - 1] == to_[to_end - 1]) --from_end, --to_end;
    if (from < from_end && to < to_end && compare_greedily(from, from_end, to, to_end)) return;
    for (; from < from_end; ++from) removed_[from] = true;
    for (; to < to_end; ++to) added_[to] = true;
  }

  /// Myers' greedy algorithm; false when it would cost too much. `furthest[k]` is how far on the from
  /// side the paths with d differences come on diagonal k = from - to.
  bool compare_greedily(std::size_t from, std::size_t from_end, std::size_t to, std::size_t to_end) {
    const auto n = static_cast<std::ptrdiff_t>(from_end - from);
    const auto m = static_cast<std::ptrdiff_t>(to_end - to);
    const auto most = std::min(n + m, static_cast<std::ptrdiff_t>(k_max_differences));
    const std::uint32_t* const a = from_.data() + from;
    const std::uint32_t* const b = to_.data() + to;
    Trace trace;
    std::vector<std::int32_t> furthest(static_cast<std::size_t>(2 * most + 3), 0);
    std::int32_t* const v = furthest.data() + most + 1;
    for (std::ptrdiff_t d = 0; d <= most; ++d) {
      for (std::ptrdiff_t k = -d; k <= d; k += 2) {
        std::ptrdiff_t x = is_down(v, k, d) ? v[k + 1] : v[k - 1] + 1;
        const std::ptrdiff_t start = x;
        while (x < n && x - k < m && x - k >= 0 && a[x] == b[x - k]) ++x;
        v[k] = static_cast<std::int32_t>(x);
        const auto steps = static_cast<std::size_t>(x - start) + 1;
        if (steps > budget_.steps) return budget_.steps = 0, false;
        budget_.steps -= steps;
        if (x >= n && x - k >= m) return mark(trace, d, from, n, to, m), true;
      }
      trace.emplace_back(v - d, v + d + 1);
    }
    return false;
  }

  using Trace = std::vector<std::vector<std::int32_t>>; // per d: v[-d..d]

  /// Whether the path to diagonal k with d differences ends in an addition (else in a removal).
  static bool is_down(const std::int32_t* v, std::ptrdiff_t k, std::ptrdiff_t d) {
    return k == -d || (k != d && v[k - 1] < v[k + 1]);
  }

  /// Walks the path back from its end, marking what was removed and added.
  void mark(const Trace& trace, std::ptrdiff_t d, std::size_t from, std::ptrdiff_t x, std::size_t to,
            std::ptrdiff_t y) {
    for (; d > 0; --d) {
      const std::int32_t* const v = trace[static_cast<std::size_t>(d - 1)].data() + (d - 1);
      const std::ptrdiff_t k = x - y;
      const bool down = is_down(v, k, d);
      x = v[down ? k + 1 : k - 1];
      y = x - (down ? k + 1 : k - 1);
      if (down) {
        added_[to + static_cast<std::size_t>(y)] = true;
      } else {
        removed_[from + static_cast<std::size_t>(x)] = true;
      }
    }
  }

  std::vector<Hunk> hunks() const {
    std::vector<Hunk> list;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < from_.size() || j < to_.size()) {
      const Hunk start{i, i, j, j};
      while (i < from_.size() && removed_[i]) ++i;
      while (j < to_.size() && added_[j]) ++j;
      if (i > start.begin || j > start.to_begin) {
        list.push_back({start.begin, i, start.to_begin, j});
      } else {
        ++i, ++j;
      }
    }
    return list;
  }

  std::span<const std::uint32_t> from_, to_;
  DiffBudget& budget_;
  std::vector<bool> removed_, added_;
};

} // namespace

std::vector<std::string_view> split_text(std::string_view text, Grain grain) {
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at < text.size();) {
    const auto newline = grain == Grain::lines ? text.find('\n', at) : 0;
    const std::size_t end = grain == Grain::words               ? word_end(text, at)
                            : newline == std::string_view::npos ? text.size()
                                                                : newline + 1;
    pieces.push_back(text.substr(at, end - at));
    at = end;
  }
  return pieces;
}

std::vector<std::uint32_t> PieceNumbers::number(const std::vector<std::string_view>& pieces) {
  std::vector<std::uint32_t> list;
  list.reserve(pieces.size());
  for (const std::string_view piece : pieces)
    list.push_back(numbers_.try_emplace(piece, count()).first->second);
  return list;
}

std::vector<Hunk> diff_pieces(std::span<const std::uint32_t> from, std::span<const std::uint32_t> to,
                              std::uint32_t numbers, DiffBudget& budget) {
  return Comparison(from, to, budget).run(numbers);
}

} // namespace memsync::model
