#include "net/server/handlers.h"
#include "net/server/route_table.h"

namespace memsync::net::server {

namespace {

using enum Method;
using enum Access;
using enum model::Permission;

constexpr auto k_no_permission = std::nullopt;
constexpr auto k_none = BodyKind::none;
constexpr auto k_json = BodyKind::json;
constexpr auto k_form = BodyKind::form;

#define AUTH "/api/v1/auth"
#define WORKSPACE "/api/v1/workspaces/{id}"
#define TEAM "/api/v1/teams/{id}"

constexpr Route k_routes[] = {
    {get, "/healthz", open, k_no_permission, k_none, &show_health, Runs::on_network},
    {get, "/readyz", open, k_no_permission, k_none, &answered<&show_readiness>},
    {get, "/metrics", open, k_no_permission, k_none, &show_metrics, Runs::on_network},
    {get, "/openapi.json", open, k_no_permission, k_none, &show_openapi, Runs::on_network},
    {get, "/invite/{token}", open, k_no_permission, k_none, &answered<&explain_invitation>},
    {get, "/api/v1/invitations/{token}", open, k_no_permission, k_none, &answered<&show_invitation>},
    {post, "/api/v1/invitations/{token}/accept", open_or_signed_in, k_no_permission, BodyKind::optional_json,
     &answered<&accept_invitation>},

    {post, AUTH "/login", open, k_no_permission, k_json, &answered<&log_in>},
    {post, AUTH "/refresh", open, k_no_permission, k_json, &answered<&refresh_sign_in>},
    {post, AUTH "/logout", signed_in, k_no_permission, BodyKind::optional_json, &answered<&log_out>},
    {post, AUTH "/logout-all", signed_in, k_no_permission, BodyKind::optional_json,
     &answered<&log_out_everywhere>},
    {post, AUTH "/password", signed_in, k_no_permission, k_json, &answered<&change_password>},
    {get, AUTH "/sessions", signed_in, k_no_permission, k_none, &answered<&list_sessions>},
    {remove, AUTH "/sessions/{session}", signed_in, k_no_permission, k_none, &answered<&end_session>},
    {post, AUTH "/device", open, k_no_permission, BodyKind::optional_json, &answered<&begin_device>},
    {post, AUTH "/device/token", open, k_no_permission, k_json, &answered<&poll_device>},
    {post, AUTH "/ws-ticket", member, memory_read, k_none, &answered<&issue_socket_ticket>},
    // For people: who is signed in, these pages learn from their own cookie.
    {get, "/device", open, k_no_permission, k_none, &answered<&show_device_page>},
    {post, "/device/sign-in", open, k_no_permission, k_form, &answered<&sign_in_device_page>},
    {post, "/device/decide", open, k_no_permission, k_form, &answered<&decide_device>},
    {post, "/device/sign-out", open, k_no_permission, k_form, &answered<&sign_out_device_page>},

    {get, "/api/v1/me", signed_in, k_no_permission, k_none, &answered<&show_me>},
    {get, "/api/v1/tokens", signed_in, k_no_permission, k_none, &answered<&list_tokens>},
    {post, "/api/v1/tokens", signed_in, k_no_permission, k_json, &answered<&create_token>},
    {remove, "/api/v1/tokens/{token}", signed_in, k_no_permission, k_none, &answered<&revoke_token>},

    {get, "/api/v1/workspaces", signed_in, k_no_permission, k_none, &answered<&list_workspaces>},
    {post, "/api/v1/workspaces", signed_in, k_no_permission, k_json, &answered<&create_workspace>},
    {get, WORKSPACE, member, team_read, k_none, &answered<&show_workspace>},
    {patch, WORKSPACE, member, team_write, k_json, &answered<&change_workspace>},
    {remove, WORKSPACE, member, team_delete, k_none, &answered<&delete_workspace>},
    {get, WORKSPACE "/members", member, team_read, k_none, &answered<&list_members>},
    {patch, WORKSPACE "/members/{user}", member, member_change_role, k_json, &answered<&change_role>},
    {remove, WORKSPACE "/members/{user}", member, member_remove, k_none, &answered<&remove_member>},
    {post, WORKSPACE "/leave", member, team_read, BodyKind::optional_json, &answered<&leave_workspace>},
    {post, TEAM "/invite", member, member_invite, k_json, &answered<&invite>},
    {get, TEAM "/invitations", member, member_invite, k_none, &answered<&list_invitations>},
    {remove, TEAM "/invitations/{invitation}", member, member_invite, k_none, &answered<&revoke_invitation>},

    // Whether the caller may do an operation is decided for each one and told in its result.
    {post, WORKSPACE "/push", member, memory_read, k_json, &push, Runs::on_reader},
    {get, WORKSPACE "/pull", member, memory_read, k_none, &pull},
    {get, WORKSPACE "/digest", member, memory_read, k_none, &answered<&show_digest>},
    {post, WORKSPACE "/snapshot", member, memory_read, k_json, &answered<&open_snapshot>},
    {get, WORKSPACE "/snapshot/{session}", member, memory_read, k_none, &answered<&show_snapshot_page>},
    {get, "/api/v1/sync/stream", member, memory_read, k_none, &open_stream},

    // A browser cannot send a token with it: who has none in a header or cookie shows a ticket in the first
    // message. The hub's services decide about both.
    {get, "/ws/workspace/{id}", open_or_signed_in, k_no_permission, k_none, &open_socket},

    {get, WORKSPACE "/history", member, memory_read, k_none, &answered<&list_log_history>},
    {get, WORKSPACE "/activity", member, memory_read, k_none, &answered<&list_activity>},
    {get, "/api/v1/history/nodes/{id}", member, memory_read, k_none, &answered<&list_node_history>},
    {get, "/api/v1/history/documents/{id}", member, memory_read, k_none, &answered<&list_document_history>},
    {get, "/api/v1/history/users/{id}", member, memory_read, k_none, &answered<&list_user_history>},
    {get, "/api/v1/history/diff/{from}/{to}", member, memory_read, k_none, &answered<&show_diff>},
    {get, "/api/v1/history/blame/{node}", member, memory_read, k_none, &answered<&show_blame>},
    {post, "/api/v1/history/revert", member, memory_write, k_json, &answered<&revert_changes>},

    {get, WORKSPACE "/documents", member, memory_read, k_none, &answered<&list_documents>},
    {get, WORKSPACE "/tasks", member, memory_read, k_none, &answered<&list_tasks>},
    {get, "/api/v1/documents/{id}", member, memory_read, k_none, &answered<&show_document>},
    {get, "/api/v1/nodes/{id}", member, memory_read, k_none, &answered<&show_node>},
    {patch, "/api/v1/nodes/{id}", member, memory_write, k_json, &answered<&edit_node>},
    {remove, "/api/v1/nodes/{id}", member, memory_delete_own, k_none, &answered<&remove_node>},
    {get, "/api/v1/nodes/{id}/comments", member, memory_read, k_none, &answered<&list_comments>},
    {post, "/api/v1/nodes/{id}/comments", member, memory_write, k_json, &answered<&add_comment>},
    {get, WORKSPACE "/conflicts", member, memory_read, k_none, &answered<&list_conflicts>},
    {post, "/api/v1/conflicts/{id}/resolve", member, memory_write, k_json, &answered<&resolve_conflict>},

    {get, "/api/v1/notifications", signed_in, k_no_permission, k_none, &answered<&list_notifications>},
    {get, "/api/v1/notifications/changes", signed_in, k_no_permission, k_none,
     &answered<&list_notification_changes>},
    {get, "/api/v1/notifications/unread-count", signed_in, k_no_permission, k_none, &answered<&count_unread>},
    {post, "/api/v1/notifications/mark-read", signed_in, k_no_permission, k_json, &answered<&mark_read>},
    {get, "/api/v1/notifications/preferences", signed_in, k_no_permission, k_none,
     &answered<&show_preferences>},
    {put, "/api/v1/notifications/preferences", signed_in, k_no_permission, k_json,
     &answered<&change_preferences>},

    {get, "/api/v1/presence/online", member, memory_read, k_none, &answered<&list_present>},
    {get, "/api/v1/presence/room/{id}", member, memory_read, k_none, &answered<&list_present_at>},
    {post, "/api/v1/presence/heartbeat", signed_in, k_no_permission, k_json, &answered<&report_presence>},

    {get, "/api/v1/audit", member, team_write, k_none, &answered<&list_audit>},
};

#undef AUTH
#undef WORKSPACE
#undef TEAM

} // namespace

std::span<const Route> routes() { return k_routes; }

} // namespace memsync::net::server
