#include "cli/conflicts.h"

#include <deque>

#include "cli/resolve.h"
#include "tests/unit/agent/team.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

/// Ana and Ben in a team; what a command at Ana's terminal prints and reads.
struct Desk {
  Hub hub;
  Person ana{"Ana"}, ben{"Ben"};
  mcp::ToolRegistry no_tools;
  cli::Workbench bench{*ana.session, *ana.replica, no_tools, {}, {}, {}, {}, {}};
  cli::Context context;
  std::string printed;
  std::deque<std::string> answers;

  Desk() {
    ana.join(hub);
    ben.join(hub);
    ana.hear_of_members();
    context.open = [this]() -> base::Result<cli::Workbench*> { return &bench; };
    context.write = [this](std::string_view text) { printed += text; };
    context.read_line = [this]() -> std::optional<std::string> {
      if (answers.empty()) return std::nullopt;
      std::string line = answers.front();
      answers.pop_front();
      return line;
    };
  }

  void write(Person& person, const model::NodeId& node, std::string title) {
    Person::value(person.session->edit(hub.workspace, model::Strategy::manual, std::nullopt,
                                       [&](replica::Editor& editor) -> base::Result<bool> {
                                         model::FieldChanges fields;
                                         fields.title = std::move(title);
                                         TRY(editor.update(node, fields));
                                         return true;
                                       }));
  }
  /// Both set the title without having seen the other's: Ana's stands, Ben's waits.
  model::NodeId disagree(const std::string& title) {
    const model::NodeId node = ana.write(hub.workspace, "Notes", title, "text");
    ana.exchange();
    ben.pull();
    write(ana, node, title + " of Ana");
    write(ben, node, title + " of Ben");
    ana.push();
    ben.exchange();
    ana.pull();
    return node;
  }
  std::string title(Person& person, const model::NodeId& node) {
    return Person::value(person.replica->read([&](replica::Reader& reader) -> base::Result<std::string> {
      return reader.find_node(reader.workspace(hub.workspace), node)->node.title.value;
    }));
  }
  bool has_printed(std::string_view text) const { return printed.find(text) != std::string::npos; }
};

} // namespace

TEST_CASE_FIXTURE(Desk, "conflicts are listed with who wrote both sides and when") {
  CHECK(run_conflicts(context, {}));
  CHECK_EQ(printed, "No open conflicts in Crew.\n");
  disagree("Plan");
  ana.clock.advance(std::chrono::hours(2));
  printed.clear();
  CHECK(run_conflicts(context, {}));
  CHECK(has_printed("Ben, 2 hours ago"));
  CHECK(has_printed("Ana, 2 hours ago"));
  CHECK(has_printed("title"));
  CHECK(has_printed("Plan of Ana"));
}

TEST_CASE_FIXTURE(Desk, "conflicts of other workspaces are mentioned, and shown when named") {
  disagree("Plan");
  CHECK(run_conflicts(context, {"local"}));
  CHECK_EQ(printed,
           "No open conflicts in local.\n1 open conflict in other workspaces: --workspace NAME "
           "shows them.\n");
  printed.clear();
  CHECK(run_conflicts(context, {"Crew"}));
  CHECK(has_printed("Plan of Ana"));
}

TEST_CASE_FIXTURE(Desk, "the only open conflict needs no name") {
  const auto node = disagree("Plan");
  cli::ResolveOptions options;
  options.keep_local = true;
  CHECK(run_resolve(context, options));
  CHECK(has_printed("Settled title"));
  CHECK_EQ(title(ana, node), "Plan of Ben");
  ana.exchange();
  ben.pull();
  CHECK_EQ(title(ben, node), "Plan of Ben");
  printed.clear();
  CHECK(run_resolve(context, options));
  CHECK_EQ(printed, "No open conflicts in Crew.\n");
}

TEST_CASE_FIXTURE(Desk, "of several conflicts one must be named, and nothing is settled before") {
  const auto first = disagree("One");
  disagree("Two");
  cli::ResolveOptions options;
  options.keep_local = true;
  CHECK_FALSE(run_resolve(context, options));
  CHECK(has_printed("One of Ana"));
  CHECK(has_printed("Two of Ana"));
  CHECK_EQ(title(ana, first), "One of Ana");
}

TEST_CASE_FIXTURE(Desk,
                  "without a choice both sides are shown, and nothing is settled where nobody can be asked") {
  const auto node = disagree("Plan");
  const auto done = run_resolve(context, {});
  REQUIRE_FALSE(done);
  CHECK(done.error().message.find("--keep-local") != std::string::npos);
  CHECK(has_printed("Plan of [-Ben-]"));
  CHECK(has_printed("Plan of {+Ana+}"));
  CHECK(has_printed("before: Plan"));
  CHECK_EQ(title(ana, node), "Plan of Ana");
}

TEST_CASE_FIXTURE(Desk, "on a terminal the person is asked until the answer is one") {
  const auto node = disagree("Plan");
  context.terminal = {false, 80};
  answers = {"maybe", "l"};
  CHECK(run_resolve(context, {}));
  CHECK_EQ(title(ana, node), "Plan of Ben");
}

TEST_CASE_FIXTURE(Desk, "leaving, or the end of the input, leaves the conflict open") {
  const auto node = disagree("Plan");
  context.terminal = {false, 80};
  answers = {"q"};
  CHECK_FALSE(run_resolve(context, {}));
  CHECK_FALSE(run_resolve(context, {}));
  CHECK_EQ(title(ana, node), "Plan of Ana");
  printed.clear();
  CHECK(run_conflicts(context, {}));
  CHECK(has_printed("Plan of Ana"));
}

TEST_CASE_FIXTURE(Desk, "a value is typed, given as an option or read from stdin") {
  context.terminal = {false, 80};
  const auto typed = disagree("Plan");
  answers = {"v", "Plan of both"};
  CHECK(run_resolve(context, {}));
  CHECK_EQ(title(ana, typed), "Plan of both");
  cli::ResolveOptions options;
  const auto given = disagree("Goal");
  options.value = "Goal of both";
  CHECK(run_resolve(context, options));
  CHECK_EQ(title(ana, given), "Goal of both");
  const auto read = disagree("Idea");
  options.value = "-";
  answers = {"Idea of both"};
  CHECK(run_resolve(context, options));
  CHECK_EQ(title(ana, read), "Idea of both");
}

TEST_CASE_FIXTURE(Desk, "a value that does not fit is refused and the conflict stays open") {
  disagree("Plan");
  cli::ResolveOptions options;
  options.value = "";
  CHECK_FALSE(run_resolve(context, options));
  printed.clear();
  CHECK(run_conflicts(context, {}));
  CHECK(has_printed("Plan of Ana"));
}
