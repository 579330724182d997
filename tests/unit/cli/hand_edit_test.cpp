#include "cli/hand_edit.h"

#include <doctest/doctest.h>

using namespace memsync;
using namespace memsync::cli;

namespace {

const LabelledText k_local{"local (Ben, just now)", "# Redis\nkeepalive 60\nend\n"};
const LabelledText k_server{"server (Ana, 2 hours ago)", "# Redis\nkeepalive 90\nend\n"};

} // namespace

TEST_CASE("both texts become one in which only what differs stands twice") {
  CHECK(mark_differences(k_local, k_server) ==
        "# Redis\n"
        "<<<<<<< local (Ben, just now)\n"
        "keepalive 60\n"
        "=======\n"
        "keepalive 90\n"
        ">>>>>>> server (Ana, 2 hours ago)\n"
        "end\n");
}

TEST_CASE("texts without a line end at their end are still marked on lines of their own") {
  CHECK(mark_differences({"local", "a"}, {"server", "b"}) ==
        "<<<<<<< local\na\n=======\nb\n>>>>>>> server\n");
}

TEST_CASE("a text in which a difference is still marked settles nothing") {
  CHECK_FALSE(parse_decided(mark_differences(k_local, k_server), k_local, k_server));
  CHECK_FALSE(parse_decided("x\n>>>>>>> server (Ana, 2 hours ago)\n", k_local, k_server));
}

TEST_CASE("lines that only look like marks are part of the text") {
  const std::string text = "<<<<<<< HEAD\n=======\n>>>>>>> main\n";
  CHECK(parse_decided(text, k_local, k_server).value_or("") == text);
}

TEST_CASE("the line end an editor adds goes unless one side has it") {
  CHECK(parse_decided("both\n", {"local", "a"}, {"server", "b"}).value_or("") == "both");
  CHECK(parse_decided("both\n", {"local", "a\n"}, {"server", "b"}).value_or("") == "both\n");
}
