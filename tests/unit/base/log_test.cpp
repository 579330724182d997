#include "base/log.h"

#include <cstdio>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

using namespace memsync::base;

namespace {

/// What `write` puts on stderr, without the time stamp and process id before "] ".
template <class F>
std::string captured_stderr(F&& write) {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file);
  std::fflush(stderr);
  const int original = dup(2);
  dup2(fileno(file), 2);
  write();
  std::fflush(stderr);
  dup2(original, 2);
  close(original);
  std::string text(4096, '\0');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

} // namespace

TEST_CASE("messages below the level are dropped and unknown levels mean warning") {
  start_log("nonsense");
  CHECK(captured_stderr([] { log(LogLevel::info, "hidden"); }).empty());
  CHECK(captured_stderr([] { log(LogLevel::warning, "shown {}", 7); }).find("warning: shown 7\n") !=
        std::string::npos);
  start_log("off");
  CHECK(captured_stderr([] { log(LogLevel::error, "hidden"); }).empty());
  start_log("debug");
  CHECK(captured_stderr([] { log(LogLevel::debug, "shown"); }).find("debug: shown") != std::string::npos);
  start_log("");
}

TEST_CASE("a message stays one line without control characters, whatever it quotes") {
  start_log("warning");
  const std::string text = captured_stderr([] { log(LogLevel::error, "{}", "a\nb\x1b[2J\xff"); });
  CHECK(text.find("a\\nb\\u{001B}[2J\xEF\xBF\xBD\n") != std::string::npos);
  start_log("");
}
