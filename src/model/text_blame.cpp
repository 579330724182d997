#include "model/text_blame.h"

#include "model/word_diff.h"

namespace memsync::model {

namespace {

using Writers = std::vector<std::optional<std::size_t>>; // one per line

/// The writers of the lines of `after`, which `version` made of `before`.
Writers advance(const std::string& before, const Writers& writers, const std::string& after,
                std::size_t version) {
  const TextComparison lines = compare_texts(before, after, Grain::lines);
  Writers next;
  std::size_t at = 0;
  for (const Hunk& hunk : lines.hunks) {
    for (; at < hunk.begin; ++at) next.push_back(writers[at]);
    next.insert(next.end(), hunk.to_end - hunk.to_begin, version);
    at = hunk.end;
  }
  for (; at < lines.from.size(); ++at) next.push_back(writers[at]);
  return next;
}

bool is_blank_line(std::string_view line) {
  return line.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

} // namespace

std::vector<BlamedParagraph> blame_paragraphs(const std::vector<std::string>& versions) {
  Writers writers(split_text(versions.front(), Grain::lines).size());
  for (std::size_t i = 1; i < versions.size(); ++i)
    writers = advance(versions[i - 1], writers, versions[i], i);
  std::vector<BlamedParagraph> paragraphs;
  const auto lines = split_text(versions.back(), Grain::lines);
  bool is_open = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (is_blank_line(lines[i])) {
      is_open = false;
      continue;
    }
    if (!is_open) paragraphs.push_back({i + 1, {}, std::nullopt});
    is_open = true;
    BlamedParagraph& paragraph = paragraphs.back();
    paragraph.text += lines[i];
    paragraph.writer = std::max(paragraph.writer, writers[i]); // nothing is less than any
  }
  return paragraphs;
}

} // namespace memsync::model
