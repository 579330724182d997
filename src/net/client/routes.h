#pragma once

#include <optional>
#include <string>
#include <variant>

#include "net/client/connection.h"
#include "replica/hub_client.h"

/// How each request looks in HTTP and how its answer is read.
namespace memsync::net::client {

/// The content of a HubAnswer.
using HubContent = decltype(replica::HubAnswer::content);

struct HttpRequest {
  std::string path;                // escaped
  std::optional<std::string> body; // present: POST, else GET
};

HttpRequest encode_request(const replica::HubRequest& request);

/// The answer's content for that request; a Problem for an HTTP error, an answer that is not a hub's
/// (`offline`, naming what answered) and one that cannot be read (`internal`).
HubContent decode_answer(const replica::HubRequest& request, const Answer& answer);

/// The path of a workspace in the API, escaped, with what follows: "/push", "?confirm=Core".
std::string workspace_path(const model::WorkspaceId& workspace, std::string_view rest = "");

std::string pull_path(const replica::PullFromWorkspace& pull, std::chrono::seconds wait);
std::string stream_path(const replica::ListenRequest& request);

/// The Problem of an answer that is no success or not of `expected_type`; nothing when it is both.
std::optional<wire::Problem> find_problem(const AnswerHead& head, std::string_view body,
                                          std::string_view expected_type);
wire::Problem problem_of(const NoAnswer& none);

/// The JSON value of a successful answer, or the Problem. Pages of the hub may be larger than a line of MCP.
base::Expected<base::Json, wire::Problem> read_json(const Answer& answer);

} // namespace memsync::net::client
