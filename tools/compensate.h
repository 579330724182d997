#pragma once

#include <string>

#include "model/compensation.h"
#include "replica/editor.h"

namespace memsync::tools {

struct UndoneStep {
  bool is_done = false;
  std::string op;     // of the compensating operation
  std::string reason; // why it was skipped; empty for a step that had nothing to do
};

/// Writes the operation that takes the step, if the node still is as the step expects.
base::Result<UndoneStep> take_back(replica::Editor& editor, const model::StepBack& step);

} // namespace memsync::tools
