#include "mcp/trace.h"

#include <doctest/doctest.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

#include "tests/unit/temporary_folder.h"

using namespace memsync;
using namespace memsync::mcp;

namespace {

std::string redact(const std::string& line) { return redact_line(line, {"the-hub-token"}); }

std::string read(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

} // namespace

TEST_CASE("a line without secrets is traced byte by byte as it was") {
  for (const char* line :
       {R"({"jsonrpc":"2.0", "id": 1,"method":"ping"})",
        R"({"_meta":{"progressToken":"abcdef0123456789"},"requestState":"eyJiIjoiMTIzNDU2Nzg5.MTIzNDU2"})",
        R"({"title":"The token sk-learn uses; Bearer authentication of https://host/path"})"})
    CHECK_EQ(redact(line), line);
}

TEST_CASE("members called like secrets and texts shaped like tokens are redacted wherever they are") {
  for (const char* secret :
       {R"({"params":{"arguments":{"api_key":"SECRET1"}}})", R"({"a":[{"Password":"SECRET1"}]})",
        R"({"text":"log in with mst_SECRET1abcdefghijkl please"})",
        R"({"text":"Authorization: Bearer SECRET1abcdefg"})",
        R"({"text":"{\"key\":\"sk-SECRET1abcdefghi\"}"})", R"({"text":"postgres://ana:SECRET1@db/x"})",
        R"({"text":"-----BEGIN RSA PRIVATE KEY-----\nSECRET1\n-----END RSA PRIVATE KEY-----"})",
        R"({"text":"eyJSECRET1aaaaaaa.bbbbbbbb.cccccc"})", R"(no JSON, but ghp_SECRET1abcdefghijk)"}) {
    const std::string traced = redact(secret);
    INFO(traced);
    CHECK_EQ(traced.find("SECRET1"), std::string::npos);
    CHECK_NE(traced.find("[redacted]"), std::string::npos);
  }
}

TEST_CASE("the process's own token is redacted in any text") {
  CHECK_EQ(redact(R"({"text":"x the-hub-token y"})"), R"({"text":"x [redacted] y"})");
}

TEST_CASE("a line that is no JSON is traced as a text that no terminal acts on") {
  CHECK_EQ(redact("a\x1b[2J\xff"), "\"a\\u001b[2J\xEF\xBF\xBD\"");
}

TEST_CASE("a trace has both directions, goes on where it was and belongs to its owner alone") {
  const tests::TemporaryFolder folder;
  const std::string path = folder.path() + "/trace";
  std::ofstream(path) << "earlier\n";
  REQUIRE_EQ(::chmod(path.c_str(), 0644), 0);
  base::SystemClock clock;
  {
    auto trace = TraceFile::open(path, clock, {});
    REQUIRE(trace);
    (*trace)->write(Direction::received, R"({"id":1})");
    (*trace)->write(Direction::sent, R"({"id":1,"result":{}})");
  }
  const std::string text = read(path);
  CHECK(text.starts_with("earlier\n"));
  CHECK_NE(text.find("Z --> {\"id\":1}\n"), std::string::npos);
  CHECK_NE(text.find("Z <-- {\"id\":1,\"result\":{}}\n"), std::string::npos);
  struct stat file {};
  REQUIRE_EQ(::stat(path.c_str(), &file), 0);
  CHECK_EQ(file.st_mode & 0777u, 0600u);
  CHECK_FALSE(TraceFile::open(folder.path() + "/no/such/folder", clock, {}));
}
