#include "net/server/browser.h"
#include "net/server/dispatcher.h"
#include "net/server/handlers.h"
#include "net/server/list_query.h"
#include "net/server/web_socket.h"

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::WorkspaceId;

namespace {

bool has_token(std::string_view list, std::string_view wanted) {
  std::string lower(list);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::string_view rest = lower;
  while (!rest.empty()) {
    std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (item == wanted) return true;
  }
  return false;
}

Result<> require_upgrade(const Request::Upgrade& upgrade) {
  constexpr std::size_t k_key_characters = 24; // 16 bytes in base64
  if (has_token(upgrade.connection, "upgrade") && has_token(upgrade.protocol, "websocket") &&
      upgrade.socket_key.size() == k_key_characters && upgrade.socket_version == "13")
    return {};
  return Error{ErrorCode::validation,
               "this address speaks WebSocket (RFC 6455, version 13): connect with a WebSocket client"};
}

/// Browsers open a WebSocket for any page, and send our cookie along: only pages of ours may.
Result<> require_own_page(const Call& call) {
  const bool is_by_cookie = call.principal && call.request.authorization.empty();
  if (call.request.origin.empty() && !is_by_cookie) return {};
  return require_same_origin(call.request, call.dispatcher.public_url());
}

} // namespace

hub::Answer<Response> issue_socket_ticket(Call& call) {
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto ticket, call.hub.issue_socket_ticket(call.caller(), workspace));
  Response response = Response::json(
      base::dump_json({{"ticket", ticket.secret}, {"expires_at", base::format_rfc3339(ticket.expires_at)}}));
  response.status = 201;
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

void open_socket(Call call) {
  const auto workspace = call.request.id<WorkspaceId>("id");
  if (!workspace) return call.responder.fail(workspace.error());
  if (const auto own = require_own_page(call); !own) return call.responder.fail(own.error());
  std::optional<hub::SocketVisit> visit;
  if (call.principal) {
    auto opened = call.hub.open_socket(*call.principal, *workspace);
    if (!opened) return call.responder.send(to_response(opened.error()));
    visit = *std::move(opened);
  }
  if (const auto upgrade = require_upgrade(call.request.upgrade); !upgrade)
    return call.responder.fail(upgrade.error());
  call.responder.send(std::make_shared<WebSocket>(*workspace, call.request, std::move(visit)));
}

} // namespace memsync::net::server
