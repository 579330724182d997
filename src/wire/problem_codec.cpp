#include "wire/hub_messages.h"
#include "wire/json_reader.h"

namespace memsync::wire {

using base::ErrorCode;
using base::Json;

namespace {

/// What a status means without more. Never what makes a replica act on its store (epoch, forked, gap, resync,
/// removed).
ErrorCode code_for_status(int status) {
  switch (status) {
    case 400: return ErrorCode::validation;
    case 401: return ErrorCode::unauthenticated;
    case 403: return ErrorCode::permission;
    case 404: return ErrorCode::not_found;
    case 405: return ErrorCode::method_not_allowed;
    case 412: return ErrorCode::stale;
    case 413: return ErrorCode::too_large;
    case 415: return ErrorCode::media_type;
    case 429: return ErrorCode::rate_limited;
    case 507: return ErrorCode::storage_full;
    default: return ErrorCode::offline;
  }
}

/// Without a code the answer may be a proxy's: what it refuses or does not find says nothing of the
/// workspace.
ErrorCode code_for_stranger(int status) {
  return status == 403 || status == 404 ? ErrorCode::offline : code_for_status(status);
}

} // namespace

std::string encode(const Problem& problem) {
  const base::ErrorInfo& info = base::error_info(problem.code);
  Json json = {{"type", "about:blank"},
               {"title", info.title},
               {"status", info.http_status},
               {"code", info.name},
               {"detail", problem.detail}};
  if (problem.epoch) json["epoch"] = number_text(problem.epoch->value);
  if (problem.last_n) json["last_n"] = number_text(*problem.last_n);
  if (problem.retry_after_s) json["retry_after"] = *problem.retry_after_s;
  if (problem.workspace) json["workspace"] = problem.workspace->view();
  if (problem.user) json["user"] = problem.user->view();
  if (problem.code == ErrorCode::forked || !problem.accepted.empty()) {
    Json accepted = Json::array();
    for (const OperationMark& mark : problem.accepted)
      accepted.push_back({{"n", number_text(mark.n)}, {"hash", mark.hash.hex()}});
    json["accepted"] = std::move(accepted);
  }
  return base::dump_json(json);
}

Problem decode_problem(int http_status, std::string_view body) {
  Problem problem;
  problem.code = code_for_stranger(http_status);
  problem.detail = fmt::format("the hub answered HTTP {}", http_status);
  const auto json = base::parse_json(body, k_answer_limits);
  if (!json || !json->is_object()) return problem;
  ObjectReader reader(*json, "problem");
  if (const auto name = reader.optional_text("code"))
    problem.code = base::find_error_code(*name).value_or(code_for_status(http_status));
  if (auto detail = reader.optional_text("detail")) problem.detail = *std::move(detail);
  if (const auto epoch = reader.optional_u64("epoch")) problem.epoch = model::Epoch{*epoch};
  problem.last_n = reader.optional_u64("last_n");
  problem.retry_after_s = reader.optional_int("retry_after");
  problem.workspace = reader.optional_id<model::WorkspaceId>("workspace");
  problem.user = reader.optional_id<model::UserId>("user");
  reader.each("accepted", [&](const Json& item) -> base::Result<> {
    ObjectReader mark(item, "accepted");
    const std::uint64_t n = mark.u64("n");
    const auto hash = base::Hash128::parse(mark.text("hash"));
    if (mark.result() && hash) problem.accepted.push_back({n, *hash});
    return {};
  });
  return problem;
}

base::Error to_error(const Problem& problem) { return {problem.code, problem.detail}; }

} // namespace memsync::wire
