#include "agent/project.h"

#include <fstream>

#include "team.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

struct Disk {
  TemporaryFolder folder;

  std::string path(const std::string& name) const { return folder.file(name); }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name)) << text;
  }
};

} // namespace

TEST_CASE("one repository has one identity, whatever the form of its URL") {
  for (const char* url : {"https://github.com/crew/rocket.git", "https://GitHub.com/crew/rocket/",
                          "git@github.com:crew/rocket.git", "ssh://git@github.com:22/crew/rocket",
                          "https://user:secret@github.com/crew/rocket.git"}) {
    INFO(url);
    CHECK_EQ(agent::normalize_remote(url), "github.com/crew/rocket");
  }
}

TEST_CASE("a path is no remote") {
  for (const char* url :
       {"/srv/git/rocket.git", "../rocket", "C:\\work\\rocket", "file:///srv/git/rocket", "", "host:"}) {
    INFO(url);
    CHECK_FALSE(agent::normalize_remote(url));
  }
}

TEST_CASE_FIXTURE(Disk, "a project is found from a folder below it, by the remote called origin") {
  write("rocket/.git/config",
        "[core]\n\tbare = false\n[remote \"fork\"]\n\turl = git@github.com:me/rocket.git\n"
        "[remote \"origin\"]\n\turl = https://github.com/crew/rocket.git\n");
  std::filesystem::create_directories(path("rocket/src/deep"));
  const auto project = agent::find_project(path("rocket/src/deep"));
  REQUIRE(project);
  CHECK_EQ(project->identity, "github.com/crew/rocket");
  CHECK_EQ(project->name, "rocket");
}

TEST_CASE_FIXTURE(Disk, "worktrees share the identity of their repository") {
  write("rocket/.git/config", "[core]\n");
  write("rocket/.git/worktrees/fix/commondir", "../..\n");
  write("fix/.git", "gitdir: " + path("rocket/.git/worktrees/fix") + "\n");
  const auto main = agent::find_project(path("rocket")), tree = agent::find_project(path("fix"));
  REQUIRE(main);
  REQUIRE(tree);
  CHECK_EQ(tree->identity, main->identity);
  CHECK_EQ(tree->name, "rocket");
  CHECK(main->identity.starts_with("folder:rocket-"));
  CHECK_EQ(main->identity.find(folder.path()), std::string::npos);
}

TEST_CASE_FIXTURE(Disk, "outside a repository there is no project") {
  std::filesystem::create_directories(path("plain"));
  CHECK_FALSE(agent::find_project(path("plain")));
  write("broken/.git", "nonsense");
  CHECK_FALSE(agent::find_project(path("broken")));
}
