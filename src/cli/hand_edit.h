#pragma once

#include "cli/command.h"

namespace memsync::cli {

/// One side of a conflict as its author's words and a label, like "local (Ben, 2 hours ago)".
struct LabelledText {
  std::string label;
  std::string text;
};

/// Both texts in one, for a person to make one of them: common lines once, those that differ between lines
/// "<<<<<<< LABEL", "=======" and ">>>>>>> LABEL", as git does.
std::string mark_differences(const LabelledText& local, const LabelledText& server);

/// What a person made of a text with such lines. Fails with `validation` while a line that begins or ends a
/// difference is left. The line end that editors add at the end of a file goes unless one side has it, too.
Result<std::string> parse_decided(std::string text, const LabelledText& local, const LabelledText& server);

/// A text as a person left it, and the file it is in, which only they can read. The file stays until it is
/// forgotten, so that no work is lost when the text does not fit.
struct HandEdit {
  std::string text;
  std::string path;
};

/// Lets the person edit `text` in $VISUAL, $EDITOR or vi. Blocks until the editor ends. Fails, leaving no
/// file, when it cannot be started or fails itself.
Result<HandEdit> edit_by_hand(const Context& context, const std::string& text);
void forget(const HandEdit& edit);

} // namespace memsync::cli
