// Three texts through the three-way merge, and the laws it promises.

#include "model/text_merge.h"

#include <array>
#include <string>

#include "base/utf8.h"
#include "tests/fuzz/fuzz_target.h"

using namespace memsync;
using fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of(data, size);
  if (!base::is_valid_utf8(input)) return 0;
  // The texts are separated by the first two NULs.
  std::array<std::string_view, 3> texts;
  std::string_view rest = input;
  for (auto& text : texts) {
    const std::size_t end = rest.find('\0');
    text = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  const auto [base, ours, theirs] = texts;
  const auto merged = model::merge_text(base, ours, theirs);
  require(base::is_valid_utf8(merged.text), "a merged text is valid UTF-8");
  if (!merged.has_conflict) {
    const auto mirrored = model::merge_text(base, theirs, ours);
    require(!mirrored.has_conflict && mirrored.text == merged.text, "a clean merge has no sides");
  }
  for (const auto& same : {model::merge_text(base, ours, base), model::merge_text(base, base, ours),
                           model::merge_text(base, ours, ours)}) {
    require(!same.has_conflict && same.text == ours, "one side's change alone is that side's text");
  }
  return 0;
}
