#include "model/number.h"
#include "net/server/account_json.h"
#include "net/server/handlers.h"
#include "net/server/list_query.h"

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::WorkspaceId;

namespace {

Result<hub::ActivityFilter> read_filter(const Target& target, base::Timestamp now) {
  hub::ActivityFilter filter;
  if (const auto user = target.find("user")) {
    filter.user = model::UserId::parse(*user);
    if (!filter.user) return Error{ErrorCode::validation, "'user' must be a user's id"};
  }
  if (const auto document = target.find("document")) {
    filter.document = model::DocumentId::parse(*document);
    if (!filter.document) return Error{ErrorCode::validation, "'document' must be a document's id"};
  }
  if (const auto action = target.find("action")) filter.action = std::string(*action);
  TRY(read_time(target, "since", now, filter.since));
  TRY(read_upper_bound(target, "until", now, filter.until));
  return filter;
}

Result<hub::AuditFilter> read_audit_filter(const Target& target, base::Timestamp now) {
  hub::AuditFilter filter;
  if (const auto user = target.find("user")) {
    filter.user = model::UserId::parse(*user);
    if (!filter.user) return Error{ErrorCode::validation, "'user' must be a user's id"};
  }
  if (const auto action = target.find("action")) {
    filter.action = model::find_by_name<hub::AuditAction>(*action);
    if (!filter.action)
      return Error{
          ErrorCode::validation,
          fmt::format("'action' is one of {}", fmt::join(model::EnumNames<hub::AuditAction>::names, ", "))};
  }
  TRY(read_time(target, "since", now, filter.since));
  TRY(read_upper_bound(target, "until", now, filter.until));
  return filter;
}

Result<hub::UserChangeFilter> read_user_filter(const Request& request, base::Timestamp now) {
  hub::UserChangeFilter filter;
  TRY_ASSIGN(filter.user, request.id<model::UserId>("id"));
  filter.session = request.target.find("session").value_or("");
  TRY(read_time(request.target, "since", now, filter.since));
  return filter;
}

/// A sequence in the path; 0 is before everything.
Result<model::Sequence> read_sequence(const Request& request, std::string_view name) {
  constexpr std::uint64_t k_most = std::numeric_limits<std::int64_t>::max();
  const auto at = request.arguments.find(name);
  const auto number = at == request.arguments.end() ? std::nullopt : model::parse_u64(at->second);
  if (!number || *number > k_most)
    return Error{ErrorCode::validation,
                 fmt::format("'{}' must be the sequence of a change, as its history lists it, or 0", name)};
  return model::Sequence{*number};
}

Result<hub::DiffRequest> read_diff(const Request& request) {
  hub::DiffRequest diff;
  TRY_ASSIGN(diff.from, read_sequence(request, "from"));
  TRY_ASSIGN(diff.to, read_sequence(request, "to"));
  const auto node = request.target.find("node_id"), document = request.target.find("document_id");
  if (node.has_value() == document.has_value())
    return Error{ErrorCode::validation, "give either 'node_id' or 'document_id'"};
  if (node) diff.node = model::NodeId::parse(*node);
  if (document) diff.document = model::DocumentId::parse(*document);
  if (!diff.node && !diff.document)
    return Error{ErrorCode::validation, fmt::format("'{}' must be an id", node ? "node_id" : "document_id")};
  return diff;
}

} // namespace

hub::Answer<Response> list_activity(Call& call) {
  const Target& target = call.request.target;
  TRY_ASSIGN(const auto workspace, call.request.id<WorkspaceId>("id"));
  TRY_ASSIGN(const auto query, read_page_query(target));
  TRY_ASSIGN(const auto filter, read_filter(target, call.hub.clock().now()));
  TRY_ASSIGN(const auto page, call.hub.activity(call.caller(), workspace, filter, query.cursor, query.limit));
  return Response::json(page_json("activity", page));
}

hub::Answer<Response> list_log_history(Call& call) {
  constexpr std::uint64_t k_end = std::numeric_limits<std::int64_t>::max();
  const Target& target = call.request.target;
  TRY_ASSIGN(const auto workspace, call.request.id<WorkspaceId>("id"));
  TRY_ASSIGN(const auto before, query_number(target, "before", k_end, 1, k_end));
  TRY_ASSIGN(const auto after, query_number(target, "after", 0, 0, k_end));
  TRY_ASSIGN(const auto limit,
             query_number(target, "limit", model::limits::k_page_entries, 1, model::limits::k_page_entries));
  TRY_ASSIGN(const auto page, call.hub.log_history(call.caller(), workspace, model::Sequence{before},
                                                   model::Sequence{after}, limit));
  return Response::json(wire::encode(page));
}

hub::Answer<Response> list_node_history(Call& call) {
  TRY_ASSIGN(const auto node, call.request.id<model::NodeId>("id"));
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto query, read_page_query(call.request.target));
  TRY_ASSIGN(const auto page,
             call.hub.node_history(call.caller(), workspace, node, query.cursor, query.limit));
  return Response::json(page_json("changes", page));
}

hub::Answer<Response> list_document_history(Call& call) {
  TRY_ASSIGN(const auto document, call.request.id<model::DocumentId>("id"));
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto query, read_page_query(call.request.target));
  TRY_ASSIGN(const auto page,
             call.hub.document_history(call.caller(), workspace, document, query.cursor, query.limit));
  return Response::json(page_json("changes", page));
}

hub::Answer<Response> list_user_history(Call& call) {
  TRY_ASSIGN(const auto filter, read_user_filter(call.request, call.hub.clock().now()));
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto query, read_page_query(call.request.target));
  TRY_ASSIGN(const auto page,
             call.hub.user_history(call.caller(), workspace, filter, query.cursor, query.limit));
  return Response::json(page_json("changes", page));
}

hub::Answer<Response> show_diff(Call& call) {
  TRY_ASSIGN(const auto diff, read_diff(call.request));
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto query, read_page_query(call.request.target));
  TRY_ASSIGN(const auto page, call.hub.diff(call.caller(), workspace, diff, query.cursor, query.limit));
  return Response::json(page_json("nodes", page));
}

hub::Answer<Response> show_blame(Call& call) {
  TRY_ASSIGN(const auto node, call.request.id<model::NodeId>("node"));
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto query, read_page_query(call.request.target));
  TRY_ASSIGN(const auto blame, call.hub.blame(call.caller(), workspace, node, query.cursor, query.limit));
  return Response::json(base::dump_json(to_json(blame)));
}

hub::Answer<Response> list_audit(Call& call) {
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto query, read_page_query(call.request.target));
  TRY_ASSIGN(const auto filter, read_audit_filter(call.request.target, call.hub.clock().now()));
  TRY_ASSIGN(const auto page, call.hub.audit(call.caller(), workspace, filter, query.cursor, query.limit));
  return Response::json(page_json("events", page));
}

} // namespace memsync::net::server
