#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace memsync::model {

/// What a comparison of two texts takes for one piece. `lines`: a line with its end. `words`: a word, a
/// run of blanks, any other character. Characters from U+2000 on (typographic marks, scripts without blanks
/// between words, emoji) are pieces of their own.
enum class Grain { lines, words };

/// The pieces in order; joined they are `text` again. A view each, into `text`.
std::vector<std::string_view> split_text(std::string_view text, Grain grain);

/// Gives equal pieces equal numbers, 0, 1, 2...; keeps views into the texts.
class PieceNumbers {
 public:
  std::vector<std::uint32_t> number(const std::vector<std::string_view>& pieces);
  std::uint32_t count() const { return static_cast<std::uint32_t>(numbers_.size()); }

 private:
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

/// One difference: the pieces [begin, end) of the old text became [to_begin, to_end) of the new one.
/// One of both ranges may be empty. Two hunks have at least one common piece between them.
struct Hunk {
  std::size_t begin = 0, end = 0;
  std::size_t to_begin = 0, to_end = 0;
  bool is_insertion() const { return begin == end; }
  bool operator==(const Hunk&) const = default;
};

/// Bounds the work of a comparison. It counts steps, not time: hub and replica must come to the same
/// result.
struct DiffBudget {
  /// Pieces compared plus diagonals walked: about 5 ms.
  std::size_t steps = 2'000'000;
};

/// The hunks that turn `from` into `to`, ascending. `numbers` bounds the values in both.
///
/// Pieces that occur once on each side and in the same order are common (as in "patience" diff); the
/// gaps between them are compared by Myers' greedy algorithm (1986). A gap with more than 1,000
/// differences, or one met when the budget is spent, becomes one hunk: coarser, never wrong. So the cost
/// is O(N log N) plus the budget, whatever the texts.
std::vector<Hunk> diff_pieces(std::span<const std::uint32_t> from, std::span<const std::uint32_t> to,
                              std::uint32_t numbers, DiffBudget& budget);

} // namespace memsync::model
