#include "agent/resources.h"

#include "agent/activity.h"
#include "agent/document_view.h"
#include "agent/status.h"

namespace memsync::agent {

namespace {

constexpr std::string_view k_scheme = "memsync://";
constexpr std::string_view k_status = "memsync://status";
constexpr std::string_view k_activity_template = "memsync://{workspace}/activity";
constexpr std::string_view k_document_template = "memsync://{workspace}/documents/{id}";
constexpr std::string_view k_text = "text/markdown";
constexpr std::size_t k_activity_rows = 50;

/// RFC 3986 percent-decoding; malformed sequences stay as they are.
std::string decode(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? digit(text[i + 1]) : -1;
    const int low = high >= 0 ? digit(text[i + 2]) : -1;
    if (low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

struct Address {
  std::string workspace;
  std::optional<std::string> document; // none: the activity
};

std::optional<Address> parse_address(std::string_view uri) {
  if (!uri.starts_with(k_scheme)) return std::nullopt;
  uri.remove_prefix(k_scheme.size());
  const auto slash = uri.find('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  Address address{decode(uri.substr(0, slash)), std::nullopt};
  const auto rest = uri.substr(slash + 1);
  constexpr std::string_view k_documents = "documents/";
  if (rest == "activity") return address;
  if (!rest.starts_with(k_documents) || rest.size() == k_documents.size()) return std::nullopt;
  address.document = decode(rest.substr(k_documents.size()));
  return address;
}

base::Result<std::string> activity_text(Session& session, replica::Reader& reader,
                                        const replica::WorkspaceRow& workspace) {
  replica::Reader::HistoryQuery query;
  query.limit = k_activity_rows;
  TRY_ASSIGN(const auto page, reader.activity(workspace, query));
  std::string text = fmt::format("Activity in {} (newest first). {}\n\n", show(workspace.name), k_notice);
  for (const auto& row : page.rows) text += fmt::format("- {}\n", describe(row, session.now()));
  if (page.rows.empty()) text += "Nothing happened yet.\n";
  return text;
}

base::Result<std::string> read_workspace_text(Session& session, replica::Reader& reader,
                                              std::string_view uri) {
  const auto address = parse_address(uri);
  if (!address) return base::Error{base::ErrorCode::not_found, "no such resource"};
  TRY_ASSIGN(const auto workspace, reader.resolve_workspace(address->workspace));
  if (!address->document) return activity_text(session, reader, workspace);
  TRY_ASSIGN(const auto document, reader.resolve_document(workspace, *address->document));
  TRY_ASSIGN(const auto view, view_document(session, reader, document, {}));
  return to_text(view);
}

base::Result<std::string> read_text(Session& session, std::string_view uri) {
  if (uri == k_status) {
    TRY_ASSIGN(const Status status, load_status(session));
    return to_text(status);
  }
  return session.read([&](replica::Reader& reader) { return read_workspace_text(session, reader, uri); });
}

wire::Resource document_resource(replica::Reader& reader, const replica::DocumentRow& row) {
  wire::Resource resource;
  resource.uri = document_uri(row.workspace, row.id);
  resource.name = show(row.title);
  resource.title = show(row.title);
  resource.description =
      fmt::format("{} in {}", count_of(row.nodes, "node"), show(reader.workspace(row.workspace).name));
  resource.mime_type = k_text;
  resource.annotations = {{"lastModified", base::format_rfc3339(row.updated_at)}};
  return resource;
}

std::vector<wire::Resource> fixed_resources(const replica::WorkspaceRow& current) {
  wire::Resource status, activity;
  status.uri = k_status;
  status.name = status.title = "Sync status";
  status.description = "Is everything saved and shared?";
  status.mime_type = k_text;
  activity.uri = activity_uri(current.id);
  activity.name = activity.title = "Team activity";
  activity.description = fmt::format("What happened in {}, newest first", show(current.name));
  activity.mime_type = k_text;
  return {status, activity};
}

} // namespace

std::optional<ResourceSubject> find_subject(replica::Reader& reader, std::string_view uri) {
  if (uri == k_status) return ResourceSubject{};
  const auto address = parse_address(uri);
  if (!address) return std::nullopt;
  const auto workspace = reader.resolve_workspace(address->workspace);
  if (!workspace) return std::nullopt;
  if (!address->document) return ResourceSubject{workspace->id, std::nullopt};
  const auto document = reader.resolve_document(*workspace, *address->document);
  if (!document) return std::nullopt;
  return ResourceSubject{workspace->id, document->id};
}

std::string activity_uri(const model::WorkspaceId& workspace) {
  return fmt::format("{}{}/activity", k_scheme, workspace.view());
}

std::string document_uri(const model::WorkspaceId& workspace, const model::DocumentId& document) {
  return fmt::format("{}{}/documents/{}", k_scheme, workspace.view(), document.view());
}

base::Result<mcp::Page<wire::Resource>> Resources::list(std::string_view position, std::size_t limit) {
  return session_.read([&](replica::Reader& reader) -> base::Result<mcp::Page<wire::Resource>> {
    TRY_ASSIGN(const auto scope, session_.reading_scope(reader, std::nullopt));
    mcp::Page<wire::Resource> page;
    if (position.empty()) page.items = fixed_resources(scope.front());
    const std::size_t room = limit > page.items.size() ? limit - page.items.size() : 1;
    TRY_ASSIGN(const auto documents, reader.documents(scope, "", room, position));
    for (const auto& row : documents.rows) page.items.push_back(document_resource(reader, row));
    page.next = documents.next_cursor;
    return page;
  });
}

std::vector<wire::ResourceTemplate> Resources::templates() {
  return {
      {std::string(k_document_template), "document", "Document", "A document's tree", std::string(k_text)},
      {std::string(k_activity_template), "activity", "Team activity", "What happened in a workspace",
       std::string(k_text)}};
}

mcp::Outcome<std::vector<wire::ResourceContents>> Resources::read(std::string_view uri,
                                                                  const mcp::CallContext& context) {
  const auto text = read_text(session_, uri);
  if (text)
    return std::vector<wire::ResourceContents>{{std::string(uri), std::string(k_text), *text, std::nullopt}};
  if (text.error().code == base::ErrorCode::not_found || text.error().code == base::ErrorCode::validation)
    return wire::resource_not_found_error(uri, context.caller.revision);
  return wire::RpcError{wire::RpcErrorCode::internal_error, text.error().message, nullptr};
}

wire::RpcResult<wire::CompletionResult> Resources::complete(std::string_view uri_template,
                                                            std::string_view variable,
                                                            std::string_view prefix,
                                                            const mcp::Arguments& chosen) {
  const bool is_document = uri_template == k_document_template;
  if (!is_document && uri_template != k_activity_template)
    return wire::invalid_params(fmt::format("Unknown resource template: {}", show(uri_template)));
  if (variable != "workspace" && !(is_document && variable == "id"))
    return wire::invalid_params(fmt::format("{} has no variable {}", uri_template, show(variable)));
  const auto values = session_.read([&](replica::Reader& reader) -> base::Result<std::vector<std::string>> {
    std::vector<std::string> found;
    if (variable == "workspace") {
      for (const auto& row : reader.workspaces()) {
        const std::string name = show(row.name);
        if (name.starts_with(prefix)) found.push_back(name);
      }
      return found;
    }
    std::optional<std::string> workspace;
    if (const auto named = chosen.find("workspace"); named != chosen.end()) workspace = named->second;
    TRY_ASSIGN(const auto place, session_.choose_workspace(reader, workspace));
    TRY_ASSIGN(const auto page,
               reader.documents({place.workspace}, "", wire::CompletionResult::k_most_values * 10, ""));
    for (const auto& row : page.rows) {
      if (row.id.view().starts_with(prefix) || row.title.find(prefix) != std::string::npos)
        found.push_back(row.id.str());
    }
    return found;
  });
  if (!values) return wire::invalid_params(values.error().message);
  return wire::CompletionResult{*values, static_cast<std::int64_t>(values->size())};
}

} // namespace memsync::agent
