#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/text_diff.h"

namespace memsync::model {

/// Two texts in pieces, and the ranges of these that differ. The views are into the texts.
struct TextComparison {
  std::vector<std::string_view> from, to;
  std::vector<Hunk> hunks;
};
TextComparison compare_texts(std::string_view from, std::string_view to, Grain grain);
/// By words; changes with nothing but a blank between them are one: they read better.
TextComparison compare_words(std::string_view from, std::string_view to);

/// The lines that differ, as "@@ line N" (of the text before, from 1), "- removed", "+ added" and, where
/// lines were changed, "~ line" with the words in it as [-removed-] and {+added+}; empty for equal texts.
std::string diff_words(std::string_view before, std::string_view after);
/// The same of two texts of a register that is a string; one that was not set is empty.
std::string diff_values(const std::optional<std::string>& before, const std::optional<std::string>& after);

} // namespace memsync::model
