#pragma once

#include "net/server/call.h"

/// One handler per route (routes.cpp), grouped by file. Each reads its request into typed values, calls
/// one service of the hub and writes the answer; rights are decided there and nowhere here.
namespace memsync::net::server {

// handlers_system.cpp
void show_health(Call call);
hub::Answer<Response> show_readiness(Call& call);
void show_metrics(Call call);
void show_openapi(Call call);

// handlers_account.cpp
hub::Answer<Response> show_me(Call& call);
hub::Answer<Response> list_tokens(Call& call);
hub::Answer<Response> create_token(Call& call);
hub::Answer<Response> revoke_token(Call& call);

// handlers_sign_in.cpp
hub::Answer<Response> log_in(Call& call);
hub::Answer<Response> refresh_sign_in(Call& call);
hub::Answer<Response> log_out(Call& call);
hub::Answer<Response> log_out_everywhere(Call& call);
hub::Answer<Response> change_password(Call& call);
hub::Answer<Response> list_sessions(Call& call);
hub::Answer<Response> end_session(Call& call);
hub::Answer<Response> begin_device(Call& call);
hub::Answer<Response> poll_device(Call& call);

// handlers_device.cpp
hub::Answer<Response> show_device_page(Call& call);
hub::Answer<Response> sign_in_device_page(Call& call);
hub::Answer<Response> decide_device(Call& call);
hub::Answer<Response> sign_out_device_page(Call& call);

// handlers_invitation.cpp
hub::Answer<Response> invite(Call& call);
hub::Answer<Response> list_invitations(Call& call);
hub::Answer<Response> revoke_invitation(Call& call);
hub::Answer<Response> show_invitation(Call& call);
hub::Answer<Response> accept_invitation(Call& call);
/// For the person who opens the link in a browser.
hub::Answer<Response> explain_invitation(Call& call);

// handlers_workspace.cpp
hub::Answer<Response> list_workspaces(Call& call);
hub::Answer<Response> create_workspace(Call& call);
hub::Answer<Response> show_workspace(Call& call);
hub::Answer<Response> change_workspace(Call& call);
hub::Answer<Response> delete_workspace(Call& call);
hub::Answer<Response> list_members(Call& call);
hub::Answer<Response> change_role(Call& call);
hub::Answer<Response> remove_member(Call& call);
hub::Answer<Response> leave_workspace(Call& call);

// handlers_sync.cpp
void push(Call call);
void pull(Call call);
hub::Answer<Response> show_digest(Call& call);
hub::Answer<Response> open_snapshot(Call& call);
hub::Answer<Response> show_snapshot_page(Call& call);
void open_stream(Call call);

// handlers_socket.cpp
hub::Answer<Response> issue_socket_ticket(Call& call);
void open_socket(Call call);

// handlers_history.cpp
hub::Answer<Response> list_activity(Call& call);
hub::Answer<Response> list_log_history(Call& call);
hub::Answer<Response> list_node_history(Call& call);
hub::Answer<Response> list_document_history(Call& call);
hub::Answer<Response> list_user_history(Call& call);
hub::Answer<Response> show_diff(Call& call);
hub::Answer<Response> show_blame(Call& call);
hub::Answer<Response> list_audit(Call& call);

// handlers_item.cpp
hub::Answer<Response> list_documents(Call& call);
hub::Answer<Response> list_tasks(Call& call);
hub::Answer<Response> revert_changes(Call& call);
hub::Answer<Response> show_document(Call& call);
hub::Answer<Response> show_node(Call& call);
hub::Answer<Response> edit_node(Call& call);
hub::Answer<Response> remove_node(Call& call);
hub::Answer<Response> list_comments(Call& call);
hub::Answer<Response> add_comment(Call& call);
hub::Answer<Response> list_conflicts(Call& call);
hub::Answer<Response> resolve_conflict(Call& call);

// handlers_presence.cpp
hub::Answer<Response> list_present(Call& call);
hub::Answer<Response> list_present_at(Call& call);
hub::Answer<Response> report_presence(Call& call);

// handlers_notification.cpp
hub::Answer<Response> list_notifications(Call& call);
hub::Answer<Response> list_notification_changes(Call& call);
hub::Answer<Response> count_unread(Call& call);
hub::Answer<Response> mark_read(Call& call);
hub::Answer<Response> show_preferences(Call& call);
hub::Answer<Response> change_preferences(Call& call);

} // namespace memsync::net::server
