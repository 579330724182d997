#include "net/server/handlers.h"
#include "net/server/list_query.h"

namespace memsync::net::server {

using base::Json;

namespace {

Response present_response(const std::vector<model::PresentMember>& present) {
  Json list = Json::array();
  for (const model::PresentMember& each : present) list.push_back(wire::encode_present(each));
  return Response::json(base::dump_json({{"present", std::move(list)}}));
}

} // namespace

hub::Answer<Response> list_present(Call& call) {
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto present, call.hub.present(call.caller(), workspace));
  return present_response(present);
}

hub::Answer<Response> list_present_at(Call& call) {
  TRY_ASSIGN(const auto room, call.request.id<model::NodeId>("id"));
  TRY_ASSIGN(const auto workspace, read_workspace(call.request.target));
  TRY_ASSIGN(const auto present, call.hub.present_at(call.caller(), workspace, room));
  return present_response(present);
}

hub::Answer<Response> report_presence(Call& call) {
  TRY_ASSIGN(const auto json, call.request.json());
  TRY_ASSIGN(const auto report, wire::decode_presence_report(json));
  TRY_ASSIGN(const std::size_t seen, call.hub.report_presence(call.caller(), report));
  return Response::json(wire::encode(wire::PresenceReported{seen}));
}

} // namespace memsync::net::server
