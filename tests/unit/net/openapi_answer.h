#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "net/server/route_table.h"
#include "tests/unit/net/live_hub.h"

/// schemas/openapi.json as what answers are measured by.
namespace memsync::tests {

/// What the document says about the route; fails the test when it says nothing.
const base::Json& operation_of(const net::server::Route& route);

/// The names of its parameters in that place (query, header) that must be given.
std::vector<std::string> required_of(const net::server::Route& route, std::string_view place);

/// The schema with its first reference followed.
const base::Json& resolved(const base::Json& schema);

/// What is wrong with the answer: a status, a media type or a body that the document does not have for that
/// route. Empty: nothing.
std::string problem_of(const net::server::Route& route, const Reply& reply);

} // namespace memsync::tests
