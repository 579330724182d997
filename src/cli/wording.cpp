#include "cli/wording.h"

#include <array>
#include <string_view>

namespace memsync::cli {

namespace {

struct Phrase {
  std::string_view tool, command;
};

// Whole phrases, since a message may quote what people wrote. The longer of two that begin alike comes first.
constexpr std::array k_phrases = {
    Phrase{"see get_pending_operations", "see `memsync pending`"},
    Phrase{"log yet: get_pending_operations", "log yet: `memsync pending`"},
    Phrase{"settle it with resolve_conflict", "settle it with `memsync resolve`"},
    Phrase{"see resolve_conflict", "see `memsync conflicts`"},
    Phrase{"resolve_conflict lists them", "`memsync conflicts` lists them"},
    Phrase{"see team_activity", "see `memsync news`"},
    Phrase{"get_history shows them", "`memsync log` with --node or --document shows them"},
    Phrase{"change id of get_history", "change id of `memsync log`"},
    Phrase{"(sync_changes tells)", "(`memsync sync` tells)"},
    Phrase{"chosen with use_workspace in this session", "chosen with this command"},
    Phrase{"chosen with use_workspace is gone", "chosen before is gone"},
    Phrase{"More: pass next_cursor as cursor", "More: --limit shows them"},
};

} // namespace

std::string for_people(std::string message) {
  for (const auto& [tool, command] : k_phrases)
    for (std::size_t at = 0; (at = message.find(tool, at)) != std::string::npos; at += command.size())
      message.replace(at, tool.size(), command);
  return message;
}

} // namespace memsync::cli
