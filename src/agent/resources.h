#pragma once

#include "agent/session.h"
#include "mcp/provider.h"

namespace memsync::agent {

/// What a host can attach without calling a tool:
///   memsync://status                       is everything safe?
///   memsync://{workspace}/activity         what the team did, newest first
///   memsync://{workspace}/documents/{id}   a document's tree
/// `{workspace}` is an id, prefix or name; listed resources carry whole ids, so that their URIs stay valid.
class Resources final : public mcp::ResourceProvider {
 public:
  explicit Resources(Session& session) : session_(session) {}

  /// Status and activity first, then documents, newest first.
  base::Result<mcp::Page<wire::Resource>> list(std::string_view position, std::size_t limit) override;
  std::vector<wire::ResourceTemplate> templates() override;
  mcp::Outcome<std::vector<wire::ResourceContents>> read(std::string_view uri,
                                                         const mcp::CallContext& context) override;
  wire::RpcResult<wire::CompletionResult> complete(std::string_view uri_template, std::string_view variable,
                                                   std::string_view prefix,
                                                   const mcp::Arguments& chosen) override;

 private:
  Session& session_;
};

/// What a URI that somebody subscribed to is about; both empty: the status.
struct ResourceSubject {
  std::optional<model::WorkspaceId> workspace;
  std::optional<model::DocumentId> document;
};
/// Nothing for a URI that names nothing there is at this moment.
std::optional<ResourceSubject> find_subject(replica::Reader& reader, std::string_view uri);

/// The URIs whose contents change when something in the workspace does, for updated notifications.
std::string activity_uri(const model::WorkspaceId& workspace);
std::string document_uri(const model::WorkspaceId& workspace, const model::DocumentId& document);

} // namespace memsync::agent
