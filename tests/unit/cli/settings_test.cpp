#include "cli/settings.h"

#include <doctest/doctest.h>
#include <map>
#include <sys/stat.h>

#include "cli/text_file.h"
#include "tests/unit/temporary_folder.h"

using namespace memsync;
using namespace memsync::cli;

namespace {

Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto at = variables.find(name);
    if (at == variables.end()) return std::nullopt;
    return at->second;
  };
}

mode_t mode_of(const std::string& path) {
  struct stat file {};
  ::stat(path.c_str(), &file);
  return file.st_mode & 0777;
}

} // namespace

TEST_CASE("memory lives below the home folder unless MEMSYNC_HOME says otherwise") {
  CHECK(load_settings(environment({{"HOME", "/somewhere/ada"}}))->home == "/somewhere/ada/.memsync");
  CHECK(load_settings(environment({{"HOME", "/x"}, {"MEMSYNC_HOME", "/y/z/../memory"}}))->home ==
        "/y/memory");
}

TEST_CASE("settings that were saved are loaded again and only their owner can read them") {
  const tests::TemporaryFolder folder;
  Settings settings = *load_settings(environment({{"MEMSYNC_HOME", folder.path()}}));
  CHECK(settings.hub.empty());
  settings.hub = "https://hub.example.com";
  settings.token = "mst_secret";
  REQUIRE(save_settings(settings));
  CHECK(mode_of(settings.config_path()) == 0600);
  const auto loaded = load_settings(environment({{"MEMSYNC_HOME", folder.path()}}));
  REQUIRE(loaded);
  CHECK(loaded->hub == "https://hub.example.com");
  CHECK(loaded->token == "mst_secret");
}

TEST_CASE("saving settings keeps members it does not know") {
  const tests::TemporaryFolder folder;
  REQUIRE(replace_text_file(folder.file("config.json"), R"({"theme": "dark", "hub": "http://old"})",
                            FilePrivacy::owner_only));
  Settings settings = *load_settings(environment({{"MEMSYNC_HOME", folder.path()}}));
  settings.hub = "http://new";
  REQUIRE(save_settings(settings));
  const auto text = read_text_file(folder.file("config.json"));
  REQUIRE(text);
  CHECK((*text)->find("dark") != std::string::npos);
  CHECK((*text)->find("http://old") == std::string::npos);
}

TEST_CASE("the stored token is never sent to an address from elsewhere") {
  const tests::TemporaryFolder folder;
  Settings settings = *load_settings(environment({{"MEMSYNC_HOME", folder.path()}}));
  settings.hub = "https://hub.example.com";
  settings.token = "mst_secret";
  REQUIRE(save_settings(settings));
  const auto same = load_settings(
      environment({{"MEMSYNC_HOME", folder.path()}, {"MEMSYNC_HUB_URL", "https://HUB.example.com:443/"}}));
  CHECK(same->token == "mst_secret");
  const auto other = load_settings(
      environment({{"MEMSYNC_HOME", folder.path()}, {"MEMSYNC_HUB_URL", "https://evil.example.com"}}));
  CHECK(other->hub == "https://evil.example.com");
  CHECK(other->token.empty());
  CHECK_FALSE(find_access(*other));
  const auto own = load_settings(environment({{"MEMSYNC_HOME", folder.path()},
                                              {"MEMSYNC_HUB_URL", "https://other.example.com"},
                                              {"MEMSYNC_TOKEN", "mst_other"}}));
  CHECK(own->token == "mst_other");
}

TEST_CASE("a config file that cannot be read is named with what to do") {
  const tests::TemporaryFolder folder;
  REQUIRE(replace_text_file(folder.file("config.json"), "{", FilePrivacy::owner_only));
  const auto loaded = load_settings(environment({{"MEMSYNC_HOME", folder.path()}}));
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().code == base::ErrorCode::validation);
  CHECK(loaded.error().message.find(folder.file("config.json")) != std::string::npos);
}

TEST_CASE("access needs a usable address and a token that fits into a header") {
  Settings settings;
  CHECK_FALSE(find_access(settings)->has_value());
  settings.hub = "http://hub";
  CHECK_FALSE(find_access(settings));
  settings.token = "mst_1";
  const auto access = find_access(settings);
  REQUIRE(access);
  CHECK((*access)->endpoint.host == "hub");
  settings.token = "mst_1\r\nX: y";
  CHECK_FALSE(find_access(settings));
}

TEST_CASE("replacing a file keeps its mode and goes through a symbolic link") {
  const tests::TemporaryFolder folder;
  const std::string real = folder.file("real.json");
  REQUIRE(replace_text_file(real, "old", FilePrivacy::as_before));
  CHECK(mode_of(real) == 0644);
  ::chmod(real.c_str(), 0640);
  std::filesystem::create_symlink(real, folder.file("link.json"));
  REQUIRE(replace_text_file(folder.file("link.json"), "new", FilePrivacy::as_before));
  CHECK(std::filesystem::is_symlink(folder.file("link.json")));
  CHECK(**read_text_file(real) == "new");
  CHECK(mode_of(real) == 0640);
  CHECK_FALSE(read_text_file(folder.file("none"))->has_value());
}
