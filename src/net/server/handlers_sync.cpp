#include "net/server/dispatcher.h"
#include "net/server/event_stream.h"
#include "net/server/handlers.h"

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::Cursor;
using model::WorkspaceId;

namespace {

constexpr std::uint64_t k_max_wait_seconds = 25; // common proxies give up at 30

/// "W1,W2"
Result<std::vector<WorkspaceId>> parse_workspaces(std::string_view text) {
  std::vector<WorkspaceId> workspaces;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    const auto id = WorkspaceId::parse(item);
    if (!id) return Error{ErrorCode::not_found, fmt::format("there is no workspace '{}'", item)};
    workspaces.push_back(*id);
  }
  using model::limits::k_stream_workspaces;
  if (workspaces.empty() || workspaces.size() > k_stream_workspaces)
    return Error{ErrorCode::validation,
                 fmt::format("name 1 to {} workspaces: ?workspace_id=ID,ID", k_stream_workspaces)};
  return workspaces;
}

/// "E.S1,E.S2", one per workspace in their order.
Result<std::vector<Cursor>> parse_cursors(std::string_view text, std::size_t workspaces) {
  std::vector<Cursor> cursors;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    const auto cursor = Cursor::parse(item);
    if (!cursor)
      return Error{ErrorCode::validation, "a cursor has the form EPOCH.SEQUENCE, several are joined by ','"};
    cursors.push_back(*cursor);
  }
  if (!cursors.empty() && cursors.size() != workspaces)
    return Error{ErrorCode::validation, "give one cursor for each workspace, in the same order"};
  return cursors;
}

/// "R1,R2", one per workspace in their order.
Result<std::vector<model::ReplicaId>> parse_replicas(std::string_view text) {
  std::vector<model::ReplicaId> replicas;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    const auto id = model::ReplicaId::parse(item);
    if (!id) return Error{ErrorCode::validation, "'replica' is not a replica id, or a list of them"};
    replicas.push_back(*id);
  }
  return replicas;
}

Result<hub::StreamRequest> read_stream_request(const Request& request) {
  hub::StreamRequest stream;
  TRY_ASSIGN(stream.workspaces, parse_workspaces(request.target.find("workspace_id").value_or("")));
  // A browser reconnects to the address it began with, so what it saw since counts more.
  const std::string_view after =
      request.last_event_id.empty() ? request.target.find("after").value_or("") : request.last_event_id;
  TRY_ASSIGN(stream.after, parse_cursors(after, stream.workspaces.size()));
  const auto view = request.target.find("view").value_or("memories");
  if (view != "ops" && view != "memories")
    return Error{ErrorCode::validation, "'view' is ops (for replicas) or memories"};
  stream.view = view == "ops" ? hub::StreamView::ops : hub::StreamView::memories;
  TRY_ASSIGN(stream.replicas, parse_replicas(request.target.find("replica").value_or("")));
  return stream;
}

Result<wire::PushRequest> read_push(const Request& request) {
  TRY_ASSIGN(const auto json, request.json());
  return wire::decode_push_request(json);
}

struct PullQuery {
  WorkspaceId workspace;
  hub::PullRequest request;
  std::chrono::seconds wait{0};
};

Result<PullQuery> read_pull(const Request& request) {
  PullQuery query;
  TRY_ASSIGN(query.workspace, request.id<WorkspaceId>("id"));
  const auto after = Cursor::parse(request.target.find("after").value_or(""));
  if (!after) return Error{ErrorCode::validation, "'after' must be a cursor of the form EPOCH.SEQUENCE"};
  query.request.after = *after;
  TRY_ASSIGN(query.request.limit, query_number(request.target, "limit", model::limits::k_page_entries, 1,
                                               model::limits::k_page_entries));
  TRY_ASSIGN(const auto wait, query_number(request.target, "wait", 0, 0, k_max_wait_seconds));
  query.wait = std::chrono::seconds(wait);
  TRY_ASSIGN(const auto replicas, parse_replicas(request.target.find("replica").value_or("")));
  if (!replicas.empty()) query.request.replica = replicas.front();
  return query;
}

} // namespace

void push(Call call) {
  const auto workspace = call.request.id<WorkspaceId>("id");
  if (!workspace) return call.responder.fail(workspace.error());
  auto request = read_push(call.request);
  if (!request) return call.responder.fail(request.error());
  call.hub.push(
      call.caller(), *workspace, *std::move(request),
      [responder = call.responder](const hub::Answer<wire::PushAnswer>& answer) {
        responder.send(answer ? Response::json(wire::encode(*answer)) : to_response(answer.error()));
      });
}

void pull(Call call) {
  const auto query = read_pull(call.request);
  if (!query) return call.responder.fail(query.error());
  answer_pull(std::move(call), query->workspace, query->request, query->wait);
}

hub::Answer<Response> show_digest(Call& call) {
  TRY_ASSIGN(const auto workspace, call.request.id<WorkspaceId>("id"));
  TRY_ASSIGN(const auto digest, call.hub.digest(call.caller(), workspace));
  return Response::json(wire::encode(digest));
}

hub::Answer<Response> open_snapshot(Call& call) {
  TRY_ASSIGN(const auto workspace, call.request.id<WorkspaceId>("id"));
  TRY_ASSIGN(const auto json, call.request.json());
  TRY_ASSIGN(const auto request, wire::decode_snapshot_request(json));
  TRY_ASSIGN(const auto opened, call.hub.open_snapshot(call.caller(), workspace, request));
  return Response::json(wire::encode(opened));
}

hub::Answer<Response> show_snapshot_page(Call& call) {
  TRY_ASSIGN(const auto workspace, call.request.id<WorkspaceId>("id"));
  const std::string after_key(call.request.target.find("after_key").value_or(""));
  TRY_ASSIGN(const auto max_bytes, query_number(call.request.target, "max_bytes", model::limits::k_page_bytes,
                                                1, model::limits::k_page_bytes));
  TRY_ASSIGN(const auto page,
             call.hub.snapshot_page(call.caller(), workspace, call.request.arguments["session"], after_key,
                                    max_bytes));
  return Response::json(wire::encode(page));
}

void open_stream(Call call) {
  const auto request = read_stream_request(call.request);
  if (!request) return call.responder.fail(request.error());
  const auto stream = std::make_shared<EventStream>(call.caller().user, call.request.address);
  auto subscription = call.hub.open_stream(call.caller(), *request, *stream);
  if (!subscription) return call.responder.send(to_response(subscription.error()));
  stream->subscribe(*std::move(subscription));
  call.responder.send(stream);
}

} // namespace memsync::net::server
