#include "model/text_merge.h"

#include <algorithm>

#include "model/text_diff.h"

namespace memsync::model {

namespace {

struct Budgets {
  DiffBudget ours, theirs; // apart, so that exchanging the sides exchanges nothing else
};

std::string_view text_of(const std::vector<std::string_view>& pieces, std::size_t begin, std::size_t end) {
  if (begin == end) return {};
  const char* const first = pieces[begin].data();
  return {first, static_cast<std::size_t>(pieces[end - 1].data() + pieces[end - 1].size() - first)};
}

/// One changed text against the base.
struct Side {
  std::vector<std::string_view> pieces;
  std::vector<std::uint32_t> numbers;
  std::vector<Hunk> hunks;
  std::size_t next = 0; // the first hunk that is in no group yet
};

/// Hunks of both sides that concern one place of the base, [begin, end).
struct Group {
  std::size_t begin = 0, end = 0;
  std::size_t ours = 0, theirs = 0; // how many hunks of each side, the last before Side::next

  bool is_insertion() const { return begin == end; }
};

/// Merges at one grain.
class Merge {
 public:
  Merge(std::string_view base, std::string_view ours, std::string_view theirs, Grain grain, Budgets& budgets)
      : grain_(grain), budgets_(budgets), base_(split_text(base, grain)) {
    const auto numbers = numbers_.number(base_);
    for (const auto& [side, text] : {std::pair(&ours_, ours), std::pair(&theirs_, theirs)}) {
      side->pieces = split_text(text, grain);
      side->numbers = numbers_.number(side->pieces);
    }
    ours_.hunks = diff_pieces(numbers, ours_.numbers, numbers_.count(), budgets.ours);
    theirs_.hunks = diff_pieces(numbers, theirs_.numbers, numbers_.count(), budgets.theirs);
  }

  TextMerge run() {
    std::size_t done = 0;
    while (has_next(ours_) || has_next(theirs_)) {
      const Group group = next_group();
      result_.text += text_of(base_, done, group.begin);
      emit(group);
      done = group.end;
    }
    result_.text += text_of(base_, done, base_.size());
    return std::move(result_);
  }

 private:
  static bool has_next(const Side& side) { return side.next < side.hunks.size(); }

  static bool comes_first(const Hunk& a, const Hunk& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  }

  Group next_group() {
    const bool take_ours =
        has_next(ours_) &&
        (!has_next(theirs_) || comes_first(ours_.hunks[ours_.next], theirs_.hunks[theirs_.next]));
    const Side& first = take_ours ? ours_ : theirs_;
    Group group{first.hunks[first.next].begin, first.hunks[first.next].end, 0, 0};
    while (take_if_joined(group, ours_, group.ours, theirs_, group.theirs) ||
           take_if_joined(group, theirs_, group.theirs, ours_, group.ours)) {
    }
    return group;
  }

  bool take_if_joined(Group& group, Side& side, std::size_t& count, const Side& other,
                      std::size_t other_count) const {
    if (!has_next(side)) return false;
    const Hunk& hunk = side.hunks[side.next];
    const bool is_first = group.ours + group.theirs == 0;
    if (is_first && (hunk.begin != group.begin || hunk.end != group.end)) return false;
    const bool overlaps =
        hunk.begin < group.end || (hunk.begin == group.end && hunk.is_insertion() && group.is_insertion());
    const bool touches = hunk.begin == group.end && other_count > 0;
    if (!is_first && !overlaps && !(touches && adds_the_same(hunk, side, other, other_count))) return false;
    group.end = std::max(group.end, hunk.end);
    ++side.next;
    ++count;
    return true;
  }

  /// Whether a hunk of `side` adds a piece that the group's last hunk of the other side adds, too.
  static bool adds_the_same(const Hunk& hunk, const Side& side, const Side& other, std::size_t other_count) {
    const Hunk& before = other.hunks[other.next - 1];
    if (other_count == 0 || before.end != hunk.begin) return false;
    std::vector<std::uint32_t> added(other.numbers.begin() + static_cast<std::ptrdiff_t>(before.to_begin),
                                     other.numbers.begin() + static_cast<std::ptrdiff_t>(before.to_end));
    std::sort(added.begin(), added.end());
    for (std::size_t j = hunk.to_begin; j < hunk.to_end; ++j)
      if (side.pieces[j].find_first_not_of(" \t\r\n") != std::string_view::npos &&
          std::binary_search(added.begin(), added.end(), side.numbers[j]))
        return true;
    return false;
  }

  /// What a side has in place of the group; it has `count` > 0 hunks there.
  static std::string_view replacement(const Side& side, std::size_t count, const Group& group) {
    const Hunk& first = side.hunks[side.next - count];
    const Hunk& last = side.hunks[side.next - 1];
    return text_of(side.pieces, first.to_begin - (first.begin - group.begin),
                   last.to_end + (group.end - last.end));
  }

  void emit(const Group& group) {
    const std::string_view base = text_of(base_, group.begin, group.end);
    const std::string_view ours = group.ours > 0 ? replacement(ours_, group.ours, group) : base;
    const std::string_view theirs = group.theirs > 0 ? replacement(theirs_, group.theirs, group) : base;
    if (group.theirs == 0 || group.ours == 0 || ours == theirs) {
      result_.text += group.theirs == 0 ? ours : theirs;
      return;
    }
    if (grain_ == Grain::lines) {
      const TextMerge inner = Merge(base, ours, theirs, Grain::words, budgets_).run();
      result_.text += inner.text;
      result_.has_conflict |= inner.has_conflict;
      return;
    }
    result_.text += theirs;
    result_.has_conflict = true;
  }

  const Grain grain_;
  Budgets& budgets_;
  PieceNumbers numbers_;
  std::vector<std::string_view> base_;
  Side ours_, theirs_;
  TextMerge result_;
};

} // namespace

TextMerge merge_text(std::string_view base, std::string_view ours, std::string_view theirs) {
  if (ours == theirs || base == ours) return {std::string(theirs), false};
  if (base == theirs) return {std::string(ours), false};
  Budgets budgets;
  return Merge(base, ours, theirs, Grain::lines, budgets).run();
}

} // namespace memsync::model
