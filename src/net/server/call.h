#pragma once

#include <optional>

#include "hub/hub.h"
#include "net/server/http_message.h"
#include "net/server/responder.h"

namespace memsync::net::server {

class Dispatcher;

/// One request on its way through a handler.
struct Call {
  Dispatcher& dispatcher;
  hub::Hub& hub;
  Request request;
  std::optional<hub::Principal> principal; // set on every route that is not open
  Responder responder;

  const hub::Principal& caller() const { return *principal; }
};

/// A handler runs on a worker thread (or, for the routes that say so, on the network thread and must not
/// wait) and sees to it that `call.responder` is answered, now or later.
using Handler = void (*)(Call call);

/// The Handler of a function that returns its answer.
template <hub::Answer<Response> (*Function)(Call& call)>
void answered(Call call) {
  auto answer = Function(call);
  call.responder.send(answer ? *std::move(answer) : to_response(answer.error()));
}

} // namespace memsync::net::server
