#include "net/server/account_json.h"
#include "net/server/handlers.h"
#include "net/server/item_json.h"
#include "net/server/list_query.h"
#include "wire/json_reader.h"

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::NodeId;
using model::WorkspaceId;

namespace {

constexpr auto k_encode = [](const auto& row) { return to_json(row); };

/// The node with its version as an entity tag, for If-Match.
Response node_response(const hub::NodeView& view) {
  Response response = Response::json(base::dump_json(to_json(view)));
  response.headers.emplace_back("ETag", fmt::format("\"{}\"", hub::version_of(view.node).value));
  return response;
}

Result<hub::TaskFilter> read_task_filter(const Target& target) {
  hub::TaskFilter filter;
  const auto assignee = target.find("assignee").value_or("me");
  if (assignee != "me") {
    filter.assignee = model::UserId::parse(assignee);
    if (!filter.assignee) return Error{ErrorCode::validation, "'assignee' must be a user's id, or me"};
  }
  TRY_ASSIGN(filter.completed, read_flag(target, "completed"));
  return filter;
}

/// Whoever may not change the node at all learns that and not what is wrong with the header.
hub::Answer<hub::SeenVersion> read_seen(Call& call, const WorkspaceId& workspace,
                                        model::Permission permission) {
  const auto seen = read_if_match(call.request);
  if (seen) return *seen;
  TRY(call.hub.authorize(call.caller(), permission, workspace));
  return seen.error();
}

} // namespace

hub::Answer<Response> list_documents(Call& call) {
  TRY_ASSIGN(const auto workspace, call.request.id<WorkspaceId>("id"));
  TRY_ASSIGN(const auto query, read_page_query(call.request.target));
  TRY_ASSIGN(const auto page, call.hub.documents(call.caller(), workspace, query.cursor, query.limit));
  return Response::json(page_json("documents", page, k_encode));
}

hub::Answer<Response> list_tasks(Call& call) {
  TRY_ASSIGN(const auto workspace, call.request.id<WorkspaceId>("id"));
  TRY_ASSIGN(const auto query, read_page_query(call.request.target));
  TRY_ASSIGN(const auto filter, read_task_filter(call.request.target));
  TRY_ASSIGN(const auto page, call.hub.tasks(call.caller(), workspace, filter, query.cursor, query.limit));
  return Response::json(page_json("tasks", page, k_encode));
}

hub::Answer<Response> show_document(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<model::DocumentId>("id"));
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto query, read_page_query(call.request.target));
  TRY_ASSIGN(const auto page, call.hub.document(call.caller(), workspace, id, query.cursor, query.limit));
  return Response::json(page_json("nodes", page, k_encode));
}

hub::Answer<Response> show_node(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<NodeId>("id"));
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto view, call.hub.node(call.caller(), workspace, id));
  return node_response(view);
}

hub::Answer<Response> edit_node(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<NodeId>("id"));
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto json, call.request.json());
  TRY_ASSIGN(const auto edit, read_node_edit(json));
  TRY_ASSIGN(const auto seen, read_seen(call, workspace, model::Permission::memory_write));
  TRY_ASSIGN(const auto view, call.hub.edit_node(call.caller(), workspace, id, seen, edit));
  return node_response(view);
}

hub::Answer<Response> remove_node(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<NodeId>("id"));
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto seen, read_seen(call, workspace, model::Permission::memory_delete_own));
  TRY(call.hub.remove_node(call.caller(), workspace, id, seen));
  return Response::empty();
}

hub::Answer<Response> list_comments(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<NodeId>("id"));
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto query, read_page_query(call.request.target));
  TRY_ASSIGN(const auto page, call.hub.comments(call.caller(), workspace, id, query.cursor, query.limit));
  return Response::json(page_json("comments", page, k_encode));
}

hub::Answer<Response> add_comment(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<NodeId>("id"));
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto text, read_comment(call.request));
  TRY_ASSIGN(const auto view, call.hub.add_comment(call.caller(), workspace, id, text));
  Response response = Response::json(base::dump_json(to_json(view)));
  response.status = 201;
  return response;
}

hub::Answer<Response> list_conflicts(Call& call) {
  TRY_ASSIGN(const auto workspace, call.request.id<WorkspaceId>("id"));
  TRY_ASSIGN(const auto query, read_page_query(call.request.target));
  TRY_ASSIGN(const auto page, call.hub.conflicts(call.caller(), workspace, query.cursor, query.limit));
  return Response::json(page_json("conflicts", page, k_encode));
}

hub::Answer<Response> resolve_conflict(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<model::ConflictId>("id"));
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto decision, read_decision(call.request));
  TRY_ASSIGN(const auto decided, call.hub.resolve(call.caller(), workspace, id, decision));
  return Response::json(base::dump_json({{"status", model::name_of(decided.status)},
                                         {"sequence", wire::number_text(decided.sequence.value)},
                                         {"conflict", to_json(decided.conflict)}}));
}

hub::Answer<Response> revert_changes(Call& call) {
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto wanted, read_revert(call.request, call.hub.clock().now()));
  TRY_ASSIGN(const auto reverted, call.hub.revert(call.caller(), workspace, wanted));
  return Response::json(base::dump_json(to_json(reverted)));
}

} // namespace memsync::net::server
