#include "net/server/account_json.h"
#include "net/server/handlers.h"
#include "wire/json_reader.h"

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::Json;
using base::Result;

namespace {

Result<std::string> text_element(const Json& item) {
  if (!item.is_string()) return Error{ErrorCode::validation, "lists of the token hold texts"};
  return item.get<std::string>();
}

Result<hub::TokenRequest> read_token_request(const Json& json, base::Timestamp now) {
  wire::ObjectReader reader(json, "token");
  hub::TokenRequest request;
  request.name = reader.text("name");
  if (reader.find("scopes")) request.scopes = hub::PermissionSet();
  reader.each("scopes", [&](const Json& item) -> Result<> {
    TRY_ASSIGN(const auto name, text_element(item));
    const auto permission = model::find_by_name<model::Permission>(name);
    if (!permission)
      return Error{ErrorCode::validation, fmt::format("token.scopes: no permission '{}'", name)};
    request.scopes.add(*permission);
    return {};
  });
  reader.each("workspaces", [&](const Json& item) -> Result<> {
    TRY_ASSIGN(const auto text, text_element(item));
    const auto id = model::WorkspaceId::parse(text);
    if (!id) return Error{ErrorCode::validation, fmt::format("token.workspaces: '{}' is no id", text)};
    request.workspaces.push_back(*id);
    return {};
  });
  if (const auto expires = reader.optional_text("expires_at")) {
    request.expires_at = base::parse_time(*expires, now);
    if (!request.expires_at || *request.expires_at <= now)
      reader.fail("expires_at", "must be a time to come, for example 2030-01-31T00:00:00Z");
  }
  TRY(reader.result());
  return request;
}

} // namespace

hub::Answer<Response> show_me(Call& call) {
  TRY_ASSIGN(const auto me, call.hub.me(call.caller()));
  return Response::json(wire::encode(me));
}

hub::Answer<Response> list_tokens(Call& call) {
  TRY_ASSIGN(const auto tokens, call.hub.tokens(call.caller()));
  return Response::json(list_json("tokens", tokens));
}

hub::Answer<Response> create_token(Call& call) {
  TRY_ASSIGN(const auto json, call.request.json());
  TRY_ASSIGN(const auto request, read_token_request(json, call.hub.clock().now()));
  TRY_ASSIGN(const auto issued, call.hub.create_token(call.caller(), request));
  Json body = to_json(issued.token);
  body["token"] = issued.secret;
  return Response{201, "application/json", base::dump_json(body), {{"Cache-Control", "no-store"}}};
}

hub::Answer<Response> revoke_token(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<hub::TokenId>("token"));
  TRY(call.hub.revoke_token(call.caller(), id));
  return Response::empty();
}

} // namespace memsync::net::server
