#include "net/client/routes.h"

#include <fmt/format.h>

namespace memsync::net::client {

using base::Error;
using base::ErrorCode;
using base::Json;
using base::Result;
using wire::Problem;

namespace {

Problem problem(ErrorCode code, std::string detail) {
  Problem made;
  made.code = code;
  made.detail = std::move(detail);
  return made;
}

/// Encodes each kind of request.
struct Encoder {
  HttpRequest operator()(const replica::MeRequest&) const { return {"/api/v1/me", std::nullopt}; }
  HttpRequest operator()(const replica::PushToWorkspace& push) const {
    return {workspace_path(push.workspace, "/push"), wire::encode(push.push)};
  }
  HttpRequest operator()(const replica::PullFromWorkspace& pull) const {
    return {pull_path(pull, std::chrono::seconds(0)), std::nullopt};
  }
  HttpRequest operator()(const replica::OpenSnapshot& open) const {
    return {workspace_path(open.workspace, "/snapshot"), wire::encode(open.snapshot)};
  }
  HttpRequest operator()(const replica::NextSnapshotPage& page) const {
    return {workspace_path(page.workspace,
                           fmt::format("/snapshot/{}?after_key={}&max_bytes={}", escape_segment(page.session),
                                       escape_segment(page.after_key), page.max_bytes)),
            std::nullopt};
  }
  HttpRequest operator()(const replica::GetDigest& get) const {
    return {workspace_path(get.workspace, "/digest"), std::nullopt};
  }
  HttpRequest operator()(const replica::GetHistory& get) const {
    return {workspace_path(get.workspace, fmt::format("/history?before={}&after={}&limit={}",
                                                      get.before.value, get.after.value, get.limit)),
            std::nullopt};
  }
  HttpRequest operator()(const replica::GetNotifications& get) const {
    return {fmt::format("/api/v1/notifications/changes?after={}&limit={}", get.after.str(), get.limit),
            std::nullopt};
  }
  HttpRequest operator()(const replica::MarkNotificationsRead& mark) const {
    return {"/api/v1/notifications/mark-read", wire::encode_mark_read(mark.ids)};
  }
  HttpRequest operator()(const replica::ReportPresence& report) const {
    return {"/api/v1/presence/heartbeat", wire::encode(report.report)};
  }
};

template <class T>
HubContent decode_as(const Json& json, Result<T> (*decode)(const Json&)) {
  auto decoded = decode(json);
  if (decoded) return *std::move(decoded);
  return problem(ErrorCode::internal, "the hub's answer cannot be read: " + decoded.error().message);
}

/// Decodes the answer to each kind of request.
struct Decoder {
  const Json& json;
  HubContent operator()(const replica::MeRequest&) const { return decode_as(json, &wire::decode_me); }
  HubContent operator()(const replica::PushToWorkspace&) const {
    return decode_as(json, &wire::decode_push_answer);
  }
  HubContent operator()(const replica::PullFromWorkspace&) const {
    return decode_as(json, &wire::decode_pull_answer);
  }
  HubContent operator()(const replica::OpenSnapshot&) const {
    return decode_as(json, &wire::decode_snapshot_opened);
  }
  HubContent operator()(const replica::NextSnapshotPage&) const {
    return decode_as(json, &wire::decode_snapshot_page);
  }
  HubContent operator()(const replica::GetDigest&) const {
    return decode_as(json, &wire::decode_workspace_digest);
  }
  HubContent operator()(const replica::GetHistory&) const {
    return decode_as(json, &wire::decode_history_page);
  }
  HubContent operator()(const replica::GetNotifications&) const {
    return decode_as(json, &wire::decode_notification_changes);
  }
  HubContent operator()(const replica::MarkNotificationsRead&) const {
    return decode_as(json, &wire::decode_notifications_marked);
  }
  HubContent operator()(const replica::ReportPresence&) const {
    return decode_as(json, &wire::decode_presence_reported);
  }
};

} // namespace

std::string workspace_path(const model::WorkspaceId& workspace, std::string_view rest) {
  return fmt::format("/api/v1/workspaces/{}{}", workspace.view(), rest);
}

std::string pull_path(const replica::PullFromWorkspace& pull, std::chrono::seconds wait) {
  std::string path =
      workspace_path(pull.workspace, fmt::format("/pull?after={}&limit={}", pull.after.str(), pull.limit));
  if (!pull.replica.is_empty()) path += fmt::format("&replica={}", pull.replica.view());
  if (wait.count() > 0) path += fmt::format("&wait={}", wait.count());
  return path;
}

std::string stream_path(const replica::ListenRequest& request) {
  std::string workspaces;
  std::string cursors;
  for (const auto& [workspace, cursor] : request.positions) {
    if (!workspaces.empty()) workspaces += ',', cursors += ',';
    workspaces += workspace.view();
    cursors += cursor.str();
  }
  std::string replicas;
  for (const model::ReplicaId& id : request.replicas) {
    replicas += replicas.empty() ? "&replica=" : ",";
    replicas += id.view();
  }
  return fmt::format("/api/v1/sync/stream?view=ops&workspace_id={}&after={}{}", workspaces, cursors,
                     replicas);
}

HttpRequest encode_request(const replica::HubRequest& request) { return std::visit(Encoder{}, request); }

std::optional<Problem> find_problem(const AnswerHead& head, std::string_view body,
                                    std::string_view expected_type) {
  const bool is_success = head.status >= 200 && head.status < 300 && head.status != 204;
  if (is_success && head.content_type == expected_type) return std::nullopt;
  if (head.status >= 300 && head.status < 400)
    return problem(ErrorCode::offline,
                   fmt::format("the hub's address redirects to {}: log in with the address it moved to",
                               head.location.empty() ? "another one" : head.location));
  if (is_success)
    return problem(
        ErrorCode::offline,
        fmt::format("something that is not a memsync hub answered ({} instead of {}): check the "
                    "address, or the network's sign-in page",
                    head.content_type.empty() ? "no content type" : head.content_type, expected_type));
  Problem read = wire::decode_problem(head.status, body);
  if (!read.retry_after_s) read.retry_after_s = head.retry_after_s;
  return read;
}

Problem problem_of(const NoAnswer& none) { return problem(ErrorCode::offline, none.reason); }

base::Expected<Json, Problem> read_json(const Answer& answer) {
  if (auto found = find_problem(answer.head, answer.body, "application/json")) return *std::move(found);
  auto json = base::parse_json(answer.body, wire::k_answer_limits);
  if (json) return *std::move(json);
  return problem(ErrorCode::internal, "the hub's answer cannot be read: " + json.error().message);
}

HubContent decode_answer(const replica::HubRequest& request, const Answer& answer) {
  const auto json = read_json(answer);
  if (!json) return json.error();
  return std::visit(Decoder{*json}, request);
}

} // namespace memsync::net::client
