#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct NewsOptions {
  bool only_unread = false, mark_read = false;
  std::size_t limit = 20;
};
/// `memsync news`: the person's notifications, newest first; of what was overwritten or merged both values.
Result<> run_news(const Context& context, const NewsOptions& options);

} // namespace memsync::cli
