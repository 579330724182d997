#include "cli/terminal.h"

#include <doctest/doctest.h>

#include "cli/account.h"
#include "cli/doctor.h"
#include "tests/unit/temporary_folder.h"

using namespace memsync;
using namespace memsync::cli;

TEST_CASE("output that is no terminal has no colours and is never cut") {
  const Terminal file;
  CHECK(styled(file, Style::red, "x") == "x");
  const std::string text(500, 'y');
  CHECK(format_table(file, {{"A"}, {"B"}}, {{{"1"}, {text}}}) == "A  B\n1  " + text + "\n");
  CHECK(wrap(file, text) == text + "\n");
}

TEST_CASE("columns are aligned by what they look like, and the last one is cut to the terminal") {
  const Terminal narrow{false, 20};
  CHECK(format_table(narrow, {{"NAME"}, {"N", Align::right}, {"TEXT"}},
                     {{{"日本"}, {"5"}, {"short"}}, {{"a"}, {"1234"}, {"much too long"}}}) ==
        "NAME     N  TEXT\n"
        "日本     5  short\n"
        "a     1234  much ...\n");
  CHECK(format_table(narrow, {{"A"}}, {}).empty());
}

TEST_CASE("colours surround the text and do not count for the alignment") {
  const Terminal colourful{true, 80};
  CHECK(styled(colourful, Style::green, "ok") == "\x1b[32mok\x1b[0m");
  CHECK(format_table(colourful, {{"A"}, {"B"}}, {{{"x", Style::red}, {"y"}}}).find("\x1b[31mx\x1b[0m  y") !=
        std::string::npos);
}

TEST_CASE("text is cut between characters and wrapped at blanks") {
  CHECK(clip_columns("hello", 5) == "hello");
  CHECK(clip_columns("hello world", 8) == "hello...");
  CHECK(clip_columns("日本語テキスト", 9) == "日本語...");
  const Terminal narrow{false, 40};
  const std::string wrapped = wrap(narrow, "one two three four five six seven eight nine ten\n\nend", "> ");
  CHECK(wrapped == "> one two three four five six seven\n> eight nine ten\n> \n> end\n");
}

TEST_CASE("fields without a value are left out") {
  CHECK(format_fields({}, {{"hub", {"x"}}, {"user", {""}}, {"store", {"y"}}}) == "hub    x\nstore  y\n");
}

TEST_CASE("an invitation link holds the hub and the token") {
  const auto link = parse_invitation_link("https://hub.example.com/memsync/invite/msi_1");
  REQUIRE(link);
  CHECK(link->hub == "https://hub.example.com/memsync");
  CHECK(link->token == "msi_1");
  CHECK_FALSE(parse_invitation_link("msi_1"));
  CHECK_FALSE(parse_invitation_link("https://hub.example.com/msi_1"));
}

TEST_CASE("the doctor names every file that others can read") {
  const tests::TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
  auto findings = check_privacy(folder.path());
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].health == Health::good);
  {
    const std::unique_ptr<FILE, int (*)(FILE*)> made(std::fopen(folder.file("config.json").c_str(), "w"),
                                                     &std::fclose);
  }
  std::filesystem::permissions(folder.file("config.json"), std::filesystem::perms(0644));
  findings = check_privacy(folder.path());
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].health == Health::bad);
  CHECK(findings[0].advice == "chmod 600 " + folder.file("config.json"));
  CHECK(format_findings({}, findings).find("BAD") != std::string::npos);
}
