#pragma once

#include <string>
#include <vector>

#include "replica/editor.h"

namespace memsync::tools {

/// One step back: a register to an earlier value, or an item that was added and goes again.
struct StepBack {
  enum class Kind { set_register, remove_node, unrelate };
  Kind kind = Kind::set_register;
  model::NodeId node;
  std::string title;
  model::Field field = model::Field::title; // of set_register
  std::string value;                        // of set_register: the register's text to restore
  std::string unless_changed_from;  // of set_register: skipped when it is another value now; empty: always
  std::string author;               // of remove_node: skipped when somebody else changed the node since
  model::Relationship relationship; // of unrelate
};

struct UndoneStep {
  bool is_done = false;
  std::string op;     // of the compensating operation
  std::string reason; // why it was skipped; empty for a step that had nothing to do
};

/// What undoes `rows` (newest first, of one workspace), to be taken in order. `is_forced`: also where
/// somebody changed the same later. Steps that cannot be taken back are named in `impossible`.
struct Plan {
  std::vector<StepBack> steps;
  std::vector<std::pair<replica::ChangeRow, std::string>> impossible;
};
Plan plan_compensation(replica::Reader& reader, const replica::WorkspaceRow& workspace,
                       const std::vector<replica::ChangeRow>& rows, bool is_forced);

/// Writes the operation that takes the step, if the node still is as the step expects.
base::Result<UndoneStep> take_back(replica::Editor& editor, const StepBack& step);

} // namespace memsync::tools
