#include "base/utf8.h"

#include <doctest/doctest.h>

using namespace memsync::base;

TEST_CASE("exactly well-formed UTF-8 is valid") {
  for (const char* text :
       {"", "plain ascii, longer than eight bytes", "é", "€", "😀", "a\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"}) {
    CAPTURE(text);
    CHECK(is_valid_utf8(text));
  }
  for (const char* text :
       {"\x80", "\xff", "\xc3", "12345678\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xe2\x28\xa1"}) {
    CAPTURE(text);
    CHECK(!is_valid_utf8(text));
  }
  CHECK(is_valid_utf8(std::string_view("a\0b", 3)));
}

TEST_CASE("code points are counted, not bytes") {
  CHECK(count_code_points("") == 0);
  CHECK(count_code_points("aé€😀") == 4);
}

TEST_CASE("truncating never cuts a character") {
  CHECK(truncate_utf8("aé€", 10) == "aé€");
  CHECK(truncate_utf8("aé€", 6) == "aé€");
  CHECK(truncate_utf8("aé€", 5) == "aé");
  CHECK(truncate_utf8("aé€", 3) == "aé");
  CHECK(truncate_utf8("aé€", 2) == "a");
  CHECK(truncate_utf8("😀", 3) == "");
}

TEST_CASE("characters that deceive a reader are made visible, all others stay") {
  CHECK(make_visible("plain\n\ttext é 漢字 😀 ❤️") == "plain\n\ttext é 漢字 😀 ❤️");
  CHECK(make_visible("a\x1b[31mb\r\x7f") == "a\\u{001B}[31mb\\u{000D}\\u{007F}");
  CHECK(make_visible("\xc2\x9b") == "\\u{009B}");
  CHECK(make_visible("evil\u202Etxt.exe") == "evil\\u{202E}txt.exe");
  CHECK(make_visible("a\u200Bb\uFEFFc\u2066d") == "a\\u{200B}b\\u{FEFF}c\\u{2066}d");
  CHECK(make_visible("\U000E0041\U000E0100") == "\\u{E0041}\\u{E0100}");
  CHECK(make_visible("x\uFE00\uFE01\uFE02") == "x\uFE00\\u{FE01}\\u{FE02}");
  CHECK(make_visible("a\xff") == "a\uFFFD");
}

TEST_CASE("wide characters take two columns and combining marks none") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("漢字") == 4);
  CHECK(display_width("한국") == 4);
  CHECK(display_width("😀🚀") == 4);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("❤️") == 1);
  CHECK(display_width("") == 0);
}
