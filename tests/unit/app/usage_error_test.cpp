#include "app/usage_error.h"

#include <doctest/doctest.h>
#include <sstream>

#include "app/client_commands.h"

using namespace memsync;

namespace {

/// What the parser of `memsync` says of that command line.
std::string complaint(const std::string& line) {
  CLI::App app("memsync", "memsync");
  app.require_subcommand(1);
  app.fallthrough();
  app::Action chosen;
  app::add_commands(app, chosen);
  std::ostringstream out, err;
  try {
    app.parse(line);
  } catch (const CLI::ParseError& error) {
    CHECK_NE(app::explain(app, error, out, err), 0);
  }
  return err.str();
}

} // namespace

TEST_CASE("a command that there is not is named") {
  CHECK_EQ(complaint("nonsense"), "memsync: there is no command nonsense: `memsync --help` lists them\n");
  CHECK_EQ(complaint("team nonsense"),
           "memsync: there is no command nonsense: `memsync team --help` lists them\n");
  CHECK_EQ(complaint("--nonsense"), "memsync: there is no option --nonsense: `memsync --help` lists them\n");
}

TEST_CASE("other complaints are the parser's own") {
  CHECK_NE(complaint("").find("A subcommand is required"), std::string::npos);
  CHECK_NE(complaint("join").find("--invite is required"), std::string::npos);
  CHECK_NE(complaint("status nonsense").find("nonsense"), std::string::npos);
}
