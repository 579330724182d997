#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace memsync::model {

/// Lines of a text between blank ones, and which of the texts it went through wrote it last: an index,
/// nothing for what the first one had.
struct BlamedParagraph {
  std::size_t line = 0; // its first one, from 1
  std::string text;
  std::optional<std::size_t> writer;
};

/// The paragraphs of the last of `versions` (oldest first, not empty): each was written last by the newest
/// version that changed a line of it.
std::vector<BlamedParagraph> blame_paragraphs(const std::vector<std::string>& versions);

} // namespace memsync::model
