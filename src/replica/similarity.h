#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace memsync::replica {

/// Hashes under which a memory is found by one that says nearly the same: that of its whole text, that of
/// the words of its title, and three of two minima each over hashes of its words (MinHash, Broder 1997).
/// Two texts that share 70 % of their words share one of the three with 87 % probability, two that share
/// 2 % with 0.1 %, which keeps the candidates few among 100,000 memories.
std::vector<std::int64_t> similarity_hashes(std::string_view title, std::string_view content);

/// Equal for texts that differ only in white space and the case of ASCII letters.
std::string normalize_text(std::string_view text);

/// The stems of a text that say something, each once, sorted.
std::vector<std::string> topic_stems(std::string_view text);

/// Shared elements divided by all elements of two sorted sets; 1 for two empty ones.
double overlap(const std::vector<std::string>& a, const std::vector<std::string>& b);

} // namespace memsync::replica
