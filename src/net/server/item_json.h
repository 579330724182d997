#pragma once

#include "base/json.h"
#include "hub/item_records.h"
#include "net/server/http_message.h"

/// Items in the bodies of the routes for those without a replica (schemas/openapi.json).
namespace memsync::net::server {

base::Json to_json(const hub::NodeView& view);
base::Json to_json(const hub::CommentView& view);
base::Json to_json(const hub::ConflictView& view);
base::Json to_json(const hub::Reverted& reverted);

/// `If-Match`: the version that GET gave, with or without quotes, or *. `validation` when it is missing or
/// neither.
base::Result<hub::SeenVersion> read_if_match(const Request& request);
/// What a PATCH changes; null clears. `validation` names the member that is wrong, or unknown.
base::Result<hub::NodeEdit> read_node_edit(const base::Json& json);
base::Result<std::string> read_comment(const Request& request);
base::Result<hub::Decision> read_decision(const Request& request);
/// Times may be ages, counted from `now`.
base::Result<hub::RevertRequest> read_revert(const Request& request, base::Timestamp now);

} // namespace memsync::net::server
