#pragma once

#include <string_view>

#include "agent/session.h"

namespace memsync::agent {

/// Finding what people and agents name. An exact title is looked for where reading looks (the current
/// workspace, personal, local); an id or prefix, which says exactly what is meant, in every workspace.
/// Failures as those of Reader; `not_found` names near matches of the current workspace.

/// True for text that can be an id or a prefix of one.
bool is_id_like(std::string_view name);

base::Result<replica::DocumentRow> locate_document(Session& session, replica::Reader& reader,
                                                   std::string_view name);
base::Result<replica::NodeRow> locate_node(
    Session& session, replica::Reader& reader, std::string_view name,
    replica::Reader::Deleted deleted = replica::Reader::Deleted::excluded);

struct LocatedConflict {
  replica::WorkspaceRow workspace;
  model::Conflict conflict;
};
base::Result<LocatedConflict> locate_conflict(Session& session, replica::Reader& reader,
                                              std::string_view name);

/// A document as every answer names it.
struct DocumentName {
  std::string id, title, workspace;
};
DocumentName name_document(replica::Reader& reader, const replica::WorkspaceRow& workspace,
                           const model::DocumentId& id);

} // namespace memsync::agent
