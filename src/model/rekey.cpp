#include "model/rekey.h"

namespace memsync::model {

namespace {

/// A run that made a key of 48 bytes by inserting at one spot is about this long. With 256 the outer
/// neighbour was a long key of the same run, and new keys beside it were as long again.
constexpr std::size_t k_most_changed = 1'000;
/// What is shorter stays: it is as long as new keys between such neighbours become.
constexpr std::size_t k_short_key = 16;

/// Keys that are hardly shorter are not worth an entry of a thousand effects: the next insertions would ask
/// again.
constexpr std::size_t k_worth_it = 32;

bool is_long(const Sibling& sibling) { return sibling.key.size() > k_short_key; }

/// Keys from the middle of the gap, so that the next insertions have room on both sides: between bounds of
/// one length keys_between halves.
std::vector<std::string> spread_keys(std::string before, std::string after, std::size_t count,
                                     base::Random& random) {
  const std::string lower =
      before + std::string(after.size() > before.size() ? after.size() - before.size() : 0, '0');
  const std::string upper =
      after + std::string(before.size() > after.size() ? before.size() - after.size() : 0, '0');
  auto keys = keys_between(after.empty() ? before : lower, upper.empty() ? after : upper, count, random);
  const bool fits = keys.front() > before && (after.empty() || keys.back() < after);
  return fits ? keys : keys_between(before, after, count, random);
}

} // namespace

std::vector<Sibling> shorten_keys(const std::vector<Sibling>& siblings, std::size_t at,
                                  base::Random& random) {
  std::size_t begin = at;
  std::size_t end = at + 1;
  for (bool grows = true; grows && end - begin < k_most_changed;) {
    grows = false;
    if (begin > 0 && is_long(siblings[begin - 1])) --begin, grows = true;
    if (end < siblings.size() && is_long(siblings[end])) ++end, grows = true;
  }
  const std::string before = begin > 0 ? siblings[begin - 1].key : "";
  const std::string after = end < siblings.size() ? siblings[end].key : "";
  const auto keys = spread_keys(before, after, end - begin, random);
  // Between neighbours without room new keys would not ascend: the long ones are better than a wrong order.
  if ((!after.empty() && keys.back() >= after) || keys.back().size() > k_worth_it) return {};
  std::vector<Sibling> changed;
  for (std::size_t i = begin; i < end; ++i) changed.push_back({keys[i - begin], siblings[i].id});
  return changed;
}

} // namespace memsync::model
