#include <span>

#include "base/embedded.h"
#include "net/server/dispatcher.h"
#include "net/server/handlers.h"
#include "net/server/route_table.h"

namespace memsync::net::server {

std::span<const base::EmbeddedFile> embedded_files();

void show_health(Call call) { call.responder.send(Response::json(R"({"status":"ok"})")); }

hub::Answer<Response> show_readiness(Call& call) {
  if (const auto ready = call.hub.check_ready(); !ready)
    return base::Error{base::ErrorCode::busy, "the store cannot be read: " + ready.error().message};
  return Response::json(R"({"status":"ready"})");
}

void show_metrics(Call call) {
  call.responder.send(
      Response{200, "text/plain; version=0.0.4; charset=utf-8", call.hub.metrics().render(), {}});
}

void show_openapi(Call call) { call.responder.send(Response::json(std::string(openapi_document()))); }

std::string_view openapi_document() {
  for (const base::EmbeddedFile& file : embedded_files())
    if (file.path == "openapi.json") return file.content;
  return {};
}

} // namespace memsync::net::server
