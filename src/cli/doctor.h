#pragma once

#include <vector>

#include "agent/status.h"
#include "cli/command.h"

namespace memsync::cli {

enum class Health { good, warning, bad };

/// One thing the doctor looked at.
struct Finding {
  Health health = Health::good;
  std::string what;   // "store", "hub", ...
  std::string detail; // what was found
  std::string advice; // what to do; empty when good
};

struct DoctorOptions {
  bool repair = false;
  bool is_confirmed = false; // do not ask before repairing
};

/// `memsync doctor`: checks the store's integrity, who may read its files, the disk, the hub, the clock, the
/// versions, whether the state is what the hub says, and what has not reached the hub, and says whether
/// memory is safe. A check that could not be made is bad or a warning, never good. Says what a repair would
/// do, and with `repair` does it. True when nothing is bad.
Result<bool> run_doctor(const Context& context, const DoctorOptions& options);

/// Where the changes made here are: on the hub, on their way, refused, set aside.
std::vector<Finding> judge_changes(const agent::Status& status, bool is_token_refused);

/// Files whose mode lets others read them, of those that hold memory or the token.
std::vector<Finding> check_privacy(const std::string& home);

std::string format_findings(const Terminal& terminal, const std::vector<Finding>& findings);

} // namespace memsync::cli
