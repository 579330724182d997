#include "replica/similarity.h"

#include <algorithm>
#include <array>
#include <limits>

#include "replica/text_terms.h"

namespace memsync::replica {

namespace {

constexpr std::size_t k_max_words = 2'000; // of a long content; its beginning tells what it is about
constexpr std::size_t k_bands = 3;
constexpr std::size_t k_rows_per_band = 2;
/// Below it two texts share their few words by chance.
constexpr std::size_t k_min_stems = 4;

std::uint64_t mix(std::uint64_t x) { // splitmix64's finalizer
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

std::uint64_t hash_of(std::string_view text) { // FNV-1a
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3u;
  return mix(hash);
}

std::int64_t as_key(std::uint64_t kind, std::uint64_t hash) {
  return static_cast<std::int64_t>(mix(hash + kind * 0x9e3779b97f4a7c15u));
}

} // namespace

std::string normalize_text(std::string_view text) {
  std::string normal;
  normal.reserve(text.size());
  for (const char c : text) {
    const bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!is_space) {
      normal += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!normal.empty() && normal.back() != ' ') {
      normal += ' ';
    }
  }
  if (normal.ends_with(' ')) normal.pop_back();
  return normal;
}

std::vector<std::string> topic_stems(std::string_view text) {
  std::vector<std::string> stems;
  for (Word& word : split_words(text, k_max_words))
    if (!word.is_stop_word) stems.push_back(std::move(word.stem));
  std::sort(stems.begin(), stems.end());
  stems.erase(std::unique(stems.begin(), stems.end()), stems.end());
  return stems;
}

double overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() && b.empty()) return 1;
  std::vector<std::string_view> shared;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(shared));
  return static_cast<double>(shared.size()) / static_cast<double>(a.size() + b.size() - shared.size());
}

std::vector<std::int64_t> similarity_hashes(std::string_view title, std::string_view content) {
  std::vector<std::int64_t> keys;
  keys.push_back(as_key(0, hash_of(normalize_text(title) + '\n' + normalize_text(content))));

  const std::vector<std::string> title_stems = topic_stems(title);
  std::uint64_t words = 0;
  for (const std::string& stem : title_stems) words = mix(words + hash_of(stem));
  if (title_stems.size() > 1) keys.push_back(as_key(1, words));

  std::vector<std::string> stems = topic_stems(content);
  stems.insert(stems.end(), title_stems.begin(), title_stems.end());
  if (stems.size() < k_min_stems) return keys;
  std::array<std::uint64_t, k_bands * k_rows_per_band> minima;
  minima.fill(std::numeric_limits<std::uint64_t>::max());
  for (const std::string& stem : stems) {
    const std::uint64_t hash = hash_of(stem);
    for (std::size_t i = 0; i < minima.size(); ++i)
      minima[i] = std::min(minima[i], mix(hash ^ (i + 1) * 0x9e3779b97f4a7c15u));
  }
  for (std::size_t band = 0; band < k_bands; ++band)
    keys.push_back(as_key(2 + band, minima[2 * band] ^ mix(minima[2 * band + 1])));
  return keys;
}

} // namespace memsync::replica
