#pragma once

#include <map>
#include <set>

#include "mcp/server.h"
#include "replica/replica.h"

namespace memsync::app {

/// Tells clients which of the resources they subscribed to have changed, and that there are other documents
/// to list. Core thread.
class Subscribers {
 public:
  /// Both must outlive it.
  Subscribers(replica::Replica& replica, mcp::Server& server) : replica_(replica), server_(server) {}

  /// Looks what happened since the last look; the first look only takes note of how things stand.
  void look();

 private:
  /// How a workspace stood at the last look.
  struct Seen {
    model::Cursor cursor;
    std::size_t pending = 0;
  };
  /// What entered the log of a workspace since.
  struct Changes {
    std::set<model::DocumentId> documents;
    bool is_everything = false; // too much to tell one by one
    bool has_other_documents = false;
  };

  base::Result<> compare(replica::Reader& reader);
  base::Result<Changes> list_changes(replica::Reader& reader, const replica::WorkspaceRow& row,
                                     const model::Cursor& before);
  void tell(replica::Reader& reader, const std::map<model::WorkspaceId, Changes>& changed);

  replica::Replica& replica_;
  mcp::Server& server_;
  std::map<model::WorkspaceId, Seen> seen_;
};

} // namespace memsync::app
