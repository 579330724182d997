#include "cli/doctor.h"

#include <doctest/doctest.h>

using namespace memsync;
using namespace memsync::cli;

namespace {

/// Of a store with a hub.
agent::Status status_with(std::size_t pending, std::size_t rejected, std::size_t set_aside) {
  agent::Status status;
  status.connection = "live";
  status.pending = pending;
  status.rejected = rejected;
  status.set_aside = set_aside;
  status.is_safe = pending + rejected + set_aside == 0;
  return status;
}

std::string text_of(const std::vector<Finding>& findings) { return format_findings({}, findings); }

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("the doctor says that the hub has every change only when it has") {
  CHECK(says(text_of(judge_changes(status_with(0, 0, 0), false)), "the hub has every change"));
  const std::string aside = text_of(judge_changes(status_with(0, 0, 1), false));
  CHECK_FALSE(says(aside, "the hub has every change"));
  CHECK(says(aside, "1 change set aside: `memsync pending` shows it"));
  const std::string refused = text_of(judge_changes(status_with(0, 2, 0), false));
  CHECK_FALSE(says(refused, "the hub has every change"));
  CHECK(says(refused, "the hub refused 2 changes: see `memsync pending`"));
}

TEST_CASE("with a token that the hub refuses, a sync sends nothing: the doctor says to sign in") {
  CHECK(says(text_of(judge_changes(status_with(1, 0, 0), false)), "`memsync sync` sends them now"));
  const std::string refused = text_of(judge_changes(status_with(1, 0, 0), true));
  CHECK_FALSE(says(refused, "memsync sync"));
  CHECK(says(refused, "the hub refuses this token: `memsync login`"));
}

TEST_CASE("without a hub the doctor still names what is set aside") {
  agent::Status status = status_with(3, 0, 2);
  status.connection = "no_hub";
  const auto findings = judge_changes(status, false);
  REQUIRE_EQ(findings.size(), 1);
  CHECK(says(text_of(findings), "2 changes set aside"));
}
