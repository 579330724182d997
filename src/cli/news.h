#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct NewsOptions {
  bool only_unread = false, mark_read = false;
  std::size_t limit = 20;
  std::vector<std::string> mute, unmute; // names of kinds
  bool shows_kinds = false;
};
/// `memsync news`: the person's notifications, newest first; of what was overwritten or merged both values.
/// With `mute`, `unmute` or `shows_kinds` instead the kinds, and whether the person hears of them; the hub
/// keeps that, for all of their machines: `offline` when it cannot be reached.
Result<> run_news(const Context& context, const NewsOptions& options);

} // namespace memsync::cli
