#include "cli/wording.h"

#include <doctest/doctest.h>

using memsync::cli::for_people;

TEST_CASE("where a tool's message names a tool, a person reads the command") {
  CHECK_EQ(
      for_people(
          "The hub refused 1 change: see get_pending_operations. 2 open conflicts: see resolve_conflict."),
      "The hub refused 1 change: see `memsync pending`. 2 open conflicts: see `memsync conflicts`.");
  CHECK_EQ(for_people("3 unread notifications: see team_activity."),
           "3 unread notifications: see `memsync news`.");
  CHECK_EQ(for_people("change: \"x\" is no change id; get_history shows them"),
           "change: \"x\" is no change id; `memsync log` with --node or --document shows them");
}

TEST_CASE("what does not send anywhere stays as it is") {
  const char* const text = "\"Why resolve_conflict is slow\": resolve_conflict";
  CHECK_EQ(for_people(text), text);
  CHECK_EQ(for_people(""), "");
}
