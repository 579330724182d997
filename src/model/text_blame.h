#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/register_text.h"

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

/// The texts that a content went through, oldest first, and the rows of the history that made each but the
/// first.
template <class Row>
struct TextVersions {
  std::vector<std::string> texts;
  std::vector<Row> writers;
};

/// The versions that `rows` tell of: the creation of the node (without a field) where it is known, and the
/// changes of its content after that, oldest first. `now`: who wrote what stands there, and that text;
/// nullptr where the content was never set.
template <class Row>
TextVersions<Row> list_versions(const std::vector<Row>& rows, const Row* now) {
  const auto text_of = [](const std::optional<std::string>& value) { return text_in(value).value_or(""); };
  const auto first = std::find_if(rows.begin(), rows.end(), [](const Row& row) { return row.field; });
  const bool is_pending = now && now->sequence.is_provisional();
  // A creation does not repeat its fields: what the first change replaced is what it had.
  std::string initial;
  if (first != rows.end()) initial = text_of(first->old_value);
  if (first == rows.end() && now && !is_pending) initial = text_of(now->new_value);
  TextVersions<Row> versions;
  const bool is_creation_known = !rows.empty() && !rows.front().field;
  versions.texts.push_back(is_creation_known ? "" : initial);
  for (const Row& row : rows) {
    versions.texts.push_back(row.field ? text_of(row.new_value) : initial);
    versions.writers.push_back(row);
  }
  if (!now || text_of(now->new_value) == versions.texts.back()) return versions;
  // An own change that is not in the log yet. On a text that never changed since it was made, nothing tells
  // what was there before: then nobody is named.
  const bool is_before_known = first != rows.end();
  if (!is_before_known) return {{text_of(now->new_value)}, {}};
  versions.texts.push_back(text_of(now->new_value));
  versions.writers.push_back(*now);
  return versions;
}

} // namespace memsync::model
