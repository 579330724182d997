#include "cli/call.h"
#include "cli/reading.h"
#include "cli/resolve.h"
#include "cli/saving.h"
#include "cli/share.h"
#include "cli/status.h"
#include "cli/watch.h"
#include "tests/unit/agent/team.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

/// Ana in the team "Crew"; what a command at her terminal prints.
struct Shell {
  Hub hub;
  Person ana{"Ana"};
  mcp::ToolRegistry no_tools;
  cli::Workbench bench{*ana.session, *ana.replica, no_tools, {}, {}, {}, {}, {}};
  cli::Context context;
  std::string printed;

  Shell() {
    ana.join(hub);
    context.open = [this]() -> base::Result<cli::Workbench*> { return &bench; };
    context.write = [this](std::string_view text) { printed += text; };
    context.read_line = [] { return std::optional<std::string>(); };
  }
};

template <class T>
std::string message_of(const base::Result<T>& failed) {
  REQUIRE_FALSE(failed);
  return failed.error().message;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE_FIXTURE(Shell, "a search that finds nothing says where it looked") {
  cli::SearchOptions options;
  options.query = "redis";
  CHECK(cli::run_search(context, options));
  CHECK_EQ(printed, "Nothing found in Crew, local.\n");
  printed.clear();
  options.workspace = "local";
  CHECK(cli::run_search(context, options));
  CHECK_EQ(printed, "Nothing found in local.\n");
}

TEST_CASE_FIXTURE(Shell,
                  "a team that the hub no longer knows is not what a document is shared with unasked") {
  ana.write(ana.local(), "Notes", "Redis", "60 seconds");
  Person::check(replica::SyncStore(*ana.replica, 0).mark_unknown_to_hub(hub.workspace));
  cli::ShareOptions options;
  options.document = "Notes";
  CHECK(has(message_of(cli::run_share(context, options)), "to which workspace?"));
}

TEST_CASE_FIXTURE(Shell, "arguments that are no JSON object are answered with an example of one") {
  for (const char* text : {"title=x", "[]", "{"}) {
    cli::CallOptions options;
    options.tool = "remember";
    options.arguments = text;
    CHECK(has(message_of(cli::run_call(context, options)), "like '{\"query\": \"redis\"}'"));
  }
}

TEST_CASE_FIXTURE(Shell, "without anything set aside there is nothing to export or discard") {
  cli::PendingOptions options;
  options.export_id = "aside";
  CHECK_EQ(message_of(cli::run_pending(context, options)), "nothing is set aside");
  options.export_id = "aside-7";
  CHECK(has(message_of(cli::run_pending(context, options)), "nothing is set aside as aside-7"));
}

TEST_CASE_FIXTURE(Shell, "what the hub refused is neither clean nor saved nor synced") {
  ana.write(hub.workspace, "Plan", "Kept", "kept");
  ana.exchange();
  CHECK(cli::run_dirty(context, ""));
  CHECK(has(printed, "Every document is clean."));
  ana.write(hub.workspace, "Plan", "Refused", "refused");
  ana.push();
  hub.log.back().status = model::Status::rejected;
  hub.log.back().code = base::ErrorCode::permission;
  hub.log.back().nodes.clear();
  ana.pull();
  bench.run_until = [](const std::function<bool()>& is_done) { CHECK(is_done()); };
  bench.start_sync = [] {};

  const auto print = [&](auto&& command) {
    printed.clear();
    return command();
  };
  CHECK(print([&] { return cli::run_dirty(context, ""); }));
  CHECK(has(printed, "The hub refused 1 change: `memsync pending` shows it."));
  CHECK_FALSE(has(printed, "clean"));
  CHECK(print([&] { return cli::run_dirty(context, "Plan"); }));
  CHECK(has(printed, "The hub refused 1 change"));
  CHECK_FALSE(has(printed, "clean"));
  CHECK_EQ(message_of(print([&] { return cli::run_save(context, {"Plan"}); })), "");
  CHECK(has(printed, "The hub refused 1 change of this document"));
  CHECK(has(printed, "see `memsync pending`"));
  CHECK_EQ(message_of(print([&] { return cli::run_sync(context, {}); })), "");
  CHECK(has(printed, "The hub refused 1 change"));
}

TEST_CASE_FIXTURE(Shell, "watching ends when nobody gets what it prints") {
  std::size_t looks = 0;
  bench.be_seen = bench.start_sync = [] {};
  bench.run_until = [&](const std::function<bool()>& is_done) {
    while (!is_done() && looks < 5) ++looks;
  };
  context.is_output_lost = [&] { return looks == 3; };
  CHECK_EQ(message_of(cli::run_watch(context, {})), "");
  CHECK_EQ(looks, 3);
}

TEST_CASE_FIXTURE(Shell, "a conflict that there is not is not asked for by its title") {
  cli::ResolveOptions options;
  options.conflict = "abc";
  CHECK_EQ(message_of(cli::run_resolve(context, options)),
           "there is no conflict abc: `memsync conflicts` lists what is open");
}
