#pragma once

#include <string>
#include <string_view>

#include "cli/terminal.h"

namespace memsync::cli {

/// One of two texts that are compared, and what stands over it.
struct ComparedText {
  std::string title;
  std::string text;
};

/// Two texts beside each other, line by line, with the words that differ marked: by colours on a terminal
/// that has them, else as [-left-] and {+right+}. Between both stands ' ' on an equal line, '|' on a changed
/// one, '<' or '>' on one that only the left or right text has. Lines are wrapped to the terminal (100
/// columns when it is none), never cut; equal lines far from any change are only counted. Control characters
/// and others that deceive are made visible, a tab is an arrow. Line ends at the end of a text do not count.
std::string format_side_by_side(const Terminal& terminal, const ComparedText& left,
                                const ComparedText& right);

} // namespace memsync::cli
