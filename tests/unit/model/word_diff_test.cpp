#include "model/word_diff.h"

#include <doctest/doctest.h>

using namespace memsync;

TEST_CASE("a word diff marks the words inside of changed lines") {
  CHECK(model::diff_words("set 60 s\nsame\n", "set 90 s\nsame\n") == "@@ line 1\n~ set [-60-]{+90+} s\n");
  CHECK(model::diff_words("a\n", "a\nb\n") == "@@ line 2\n+ b\n");
  CHECK(model::diff_words("a b c", "x y c") == "@@ line 1\n~ [-a b-]{+x y+} c\n");
  CHECK(model::diff_words("same", "same") == "");
}
