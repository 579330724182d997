#include "net/server/account_json.h"
#include "net/server/dispatcher.h"
#include "net/server/handlers.h"
#include "wire/json_reader.h"

namespace memsync::net::server {

using base::Json;
using hub::DeviceFlow;
using hub::SignIn;

namespace {

constexpr const char* k_unnamed = "unnamed client";

Json person_json(const hub::User& user) {
  return {{"id", user.id.view()}, {"email", user.email}, {"name", user.name}};
}

Response secret_response(const Json& body) {
  return {200, "application/json", base::dump_json(body), {{"Cache-Control", "no-store"}}};
}

Response signed_in(const hub::SignedIn& made) {
  return secret_response({{"token_type", "Bearer"},
                          {"access_token", made.access_token},
                          {"expires_in", std::chrono::seconds(hub::k_access_lifetime).count()},
                          {"refresh_token", made.refresh_token},
                          {"refresh_expires_at", base::format_rfc3339(made.refresh_expires_at)},
                          {"session", made.session.view()},
                          {"user", person_json(made.user)}});
}

} // namespace

hub::Answer<Response> log_in(Call& call) {
  TRY_ASSIGN(const auto json, call.request.json());
  wire::ObjectReader reader(json, "sign-in");
  const std::string email = reader.text("email");
  const std::string password = reader.text("password");
  const std::string client = reader.optional_text("client").value_or(k_unnamed);
  TRY(reader.result());
  TRY_ASSIGN(const auto made, call.hub.sign_in().log_in(email, password, client, call.request.address));
  return signed_in(made);
}

hub::Answer<Response> refresh_sign_in(Call& call) {
  TRY_ASSIGN(const auto json, call.request.json());
  wire::ObjectReader reader(json, "refresh");
  const std::string token = reader.text("refresh_token");
  TRY(reader.result());
  TRY_ASSIGN(const auto made, call.hub.sign_in().refresh(token, call.request.address));
  return signed_in(made);
}

hub::Answer<Response> log_out(Call& call) {
  if (!call.request.body.empty()) TRY(call.request.json());
  TRY(call.hub.sign_in().log_out(call.caller()));
  return Response::empty();
}

hub::Answer<Response> log_out_everywhere(Call& call) {
  SignIn::Extent extent = SignIn::Extent::sessions;
  if (!call.request.body.empty()) {
    TRY_ASSIGN(const auto json, call.request.json());
    wire::ObjectReader reader(json, "sign-out");
    if (reader.flag("tokens")) extent = SignIn::Extent::sessions_and_tokens;
    TRY(reader.result());
  }
  TRY(call.hub.sign_in().log_out_everywhere(call.caller(), extent));
  return Response::empty();
}

hub::Answer<Response> change_password(Call& call) {
  TRY_ASSIGN(const auto json, call.request.json());
  wire::ObjectReader reader(json, "password");
  const std::string current = reader.optional_text("current").value_or("");
  const std::string next = reader.text("new");
  TRY(reader.result());
  TRY(call.hub.sign_in().change_password(call.caller(), current, next, call.request.address));
  return Response::empty();
}

hub::Answer<Response> list_sessions(Call& call) {
  TRY_ASSIGN(const auto sessions, call.hub.sign_in().sessions(call.caller()));
  Json list = Json::array();
  for (const hub::Session& session : sessions) {
    list.push_back(to_json(session));
    list.back()["current"] = session.id == call.caller().session;
  }
  return Response::json(base::dump_json({{"sessions", std::move(list)}}));
}

hub::Answer<Response> end_session(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<hub::SessionId>("session"));
  TRY(call.hub.sign_in().end_session(call.caller(), id));
  return Response::empty();
}

hub::Answer<Response> begin_device(Call& call) {
  std::string client = k_unnamed;
  if (!call.request.body.empty()) {
    TRY_ASSIGN(const auto json, call.request.json());
    wire::ObjectReader reader(json, "device");
    client = reader.optional_text("client").value_or(k_unnamed);
    TRY(reader.result());
  }
  TRY_ASSIGN(const auto begun, call.hub.devices().begin(client, call.request.address));
  const std::string page = call.dispatcher.public_url() + "/device";
  return secret_response({{"device_code", begun.device_code},
                          {"user_code", begun.user_code},
                          {"verification_uri", page},
                          {"verification_uri_complete", page + "?code=" + begun.user_code},
                          {"expires_in", std::chrono::seconds(DeviceFlow::k_lifetime).count()},
                          {"interval", DeviceFlow::k_interval.count()}});
}

hub::Answer<Response> poll_device(Call& call) {
  TRY_ASSIGN(const auto json, call.request.json());
  wire::ObjectReader reader(json, "device");
  const std::string code = reader.text("device_code");
  TRY(reader.result());
  TRY_ASSIGN(const auto polled, call.hub.devices().poll(code));
  Json body = {{"status", model::name_of(polled.state)}};
  if (polled.user) {
    body["token"] = polled.token;
    body["user"] = person_json(*polled.user);
  }
  return secret_response(body);
}

} // namespace memsync::net::server
