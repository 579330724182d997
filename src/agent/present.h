#pragma once

#include <string>
#include <vector>

#include "agent/display.h"
#include "agent/session.h"

namespace memsync::agent {

/// Somebody who is here, as shown.
struct PresentView {
  std::string name, kind, state, client, document, node, seen;
};

/// Who is in the workspace now, as far as this process knows: nobody while the hub cannot be reached.
std::vector<PresentView> list_present(Session& session, replica::Reader& reader,
                                      const replica::WorkspaceRow& workspace);
Json to_json(const PresentView& view);
Json to_json(const std::vector<PresentView>& present);
/// `Ben (agent, claude-code/2.1, active) in "Plan"`.
std::string describe(const PresentView& view);

} // namespace memsync::agent
