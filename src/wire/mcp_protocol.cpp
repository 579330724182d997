#include "wire/mcp_protocol.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

namespace memsync::wire {

namespace {

constexpr std::string_view k_reserved_prefix = "io.modelcontextprotocol/";

constexpr std::array<Features, 5> k_revisions = {{
    {.revision = Revision::v2024_11_05,
     .name = "2024-11-05",
     .era = Era::legacy,
     .batches = false,
     .tool_annotations = false,
     .structured_content = false,
     .titled_choices = false,
     .result_type = false},
    {.revision = Revision::v2025_03_26,
     .name = "2025-03-26",
     .era = Era::legacy,
     .batches = true,
     .tool_annotations = true,
     .structured_content = false,
     .titled_choices = false,
     .result_type = false},
    {.revision = Revision::v2025_06_18,
     .name = "2025-06-18",
     .era = Era::legacy,
     .batches = false,
     .tool_annotations = true,
     .structured_content = true,
     .titled_choices = false,
     .result_type = false},
    {.revision = Revision::v2025_11_25,
     .name = "2025-11-25",
     .era = Era::legacy,
     .batches = false,
     .tool_annotations = true,
     .structured_content = true,
     .titled_choices = true,
     .result_type = false},
    {.revision = Revision::v2026_07_28,
     .name = "2026-07-28",
     .era = Era::modern,
     .batches = false,
     .tool_annotations = true,
     .structured_content = true,
     .titled_choices = true,
     .result_type = true},
}};

constexpr std::array<std::string_view, 8> k_severities = {"debug", "info",     "notice", "warning",
                                                          "error", "critical", "alert",  "emergency"};

/// The member `key` of `object` (null when `object` is none), or null.
const Json* find_member(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

const Json* find_meta(const Json& params) {
  const Json* meta = find_member(params, "_meta");
  return meta != nullptr && meta->is_object() ? meta : nullptr;
}

std::string text_or_empty(const Json& object, std::string_view key) {
  const Json* text = find_member(object, key);
  return text != nullptr && text->is_string() ? text->get<std::string>() : std::string();
}

RpcResult<Implementation> parse_implementation(const Json& value, std::string_view where) {
  const Json* name = find_member(value, "name");
  const Json* version = find_member(value, "version");
  if (name == nullptr || !name->is_string() || version == nullptr || !version->is_string()) {
    return invalid_params(fmt::format("{} must be an object with the strings name and version.", where));
  }
  return Implementation{.name = name->get<std::string>(),
                        .version = version->get<std::string>(),
                        .title = text_or_empty(value, "title"),
                        .description = text_or_empty(value, "description"),
                        .website_url = text_or_empty(value, "websiteUrl")};
}

RpcError unsupported_version(std::string_view requested) {
  Json supported = Json::array();
  for (const auto& features : k_revisions) {
    if (features.era == Era::modern) supported.push_back(features.name);
  }
  return {RpcErrorCode::unsupported_protocol_version, "Unsupported protocol version.",
          Json{{"supported", std::move(supported)}, {"requested", requested}}};
}

/// {"elicitation": {"form": {}}} for "elicitation/create", ...
Json capabilities_for(std::string_view method) {
  if (method == "sampling/createMessage") return {{"sampling", Json::object()}};
  if (method == "roots/list") return {{"roots", Json::object()}};
  return {{"elicitation", {{"form", Json::object()}}}};
}

} // namespace

const Features& features_of(Revision revision) { return k_revisions[static_cast<std::size_t>(revision)]; }

std::span<const Features> all_revisions() { return k_revisions; }

std::optional<Revision> find_revision(std::string_view name) {
  const auto found = std::find_if(k_revisions.begin(), k_revisions.end(),
                                  [&](const Features& features) { return features.name == name; });
  if (found == k_revisions.end()) return std::nullopt;
  return found->revision;
}

Revision negotiate_revision(std::string_view requested) {
  const auto revision = find_revision(requested);
  return revision && features_of(*revision).era == Era::legacy ? *revision : Revision::v2025_11_25;
}

Era decide_era(std::string_view method, const Json& params) {
  if (method == "server/discover" || method == "subscriptions/listen") return Era::modern;
  const Json* meta = find_meta(params);
  if (meta == nullptr) return Era::legacy;
  const auto& members = meta->get_ref<const Json::object_t&>();
  const auto reserved = members.lower_bound(std::string(k_reserved_prefix));
  return reserved != members.end() && reserved->first.starts_with(k_reserved_prefix) ? Era::modern
                                                                                     : Era::legacy;
}

RpcResult<Caller> parse_initialize(const Json& params) {
  const Json* version = find_member(params, "protocolVersion");
  if (version == nullptr || !version->is_string()) return invalid_params("protocolVersion must be a string.");
  const Json* capabilities = find_member(params, "capabilities");
  if (capabilities == nullptr || !capabilities->is_object()) {
    return invalid_params("capabilities must be an object.");
  }
  const Json* info = find_member(params, "clientInfo");
  TRY_ASSIGN(auto client, parse_implementation(info == nullptr ? Json() : *info, "clientInfo"));
  return Caller{negotiate_revision(version->get_ref<const std::string&>()), std::move(client), *capabilities};
}

RpcResult<Caller> parse_modern_caller(const Json& params) {
  const Json* meta = find_meta(params);
  if (meta == nullptr) {
    return invalid_params(fmt::format("params._meta must carry {} and {}.", k_meta_protocol_version,
                                      k_meta_client_capabilities));
  }
  const Json* version = find_member(*meta, k_meta_protocol_version);
  if (version == nullptr || !version->is_string()) {
    return invalid_params(fmt::format("_meta[\"{}\"] must be a string.", k_meta_protocol_version));
  }
  const Json* capabilities = find_member(*meta, k_meta_client_capabilities);
  if (capabilities == nullptr || !capabilities->is_object()) {
    return invalid_params(fmt::format("_meta[\"{}\"] must be an object.", k_meta_client_capabilities));
  }
  Caller caller{Revision::v2026_07_28, {}, *capabilities};
  if (const Json* info = find_member(*meta, k_meta_client_info)) {
    TRY_ASSIGN(caller.client, parse_implementation(*info, k_meta_client_info));
  }
  const auto revision = find_revision(version->get_ref<const std::string&>());
  if (!revision || features_of(*revision).era != Era::modern) {
    return unsupported_version(version->get_ref<const std::string&>());
  }
  return caller;
}

RpcResult<std::optional<LogSeverity>> parse_modern_log_level(const Json& params) {
  const Json* meta = find_meta(params);
  const Json* level = meta == nullptr ? nullptr : find_member(*meta, k_meta_log_level);
  if (level == nullptr) return std::optional<LogSeverity>();
  const auto severity =
      level->is_string() ? find_log_severity(level->get_ref<const std::string&>()) : std::nullopt;
  if (!severity) return invalid_params(fmt::format("_meta[\"{}\"] is not a log level.", k_meta_log_level));
  return severity;
}

RpcResult<RequestMeta> parse_request_meta(const Json& params) {
  RequestMeta result;
  const Json* member = find_member(params, "_meta");
  if (member == nullptr) return result;
  if (!member->is_object()) return invalid_params("_meta must be an object.");
  if (const Json* token = find_member(*member, "progressToken")) {
    if (!token->is_string() && !token->is_number_integer()) {
      return invalid_params("_meta.progressToken must be a string or an integer.");
    }
    result.progress_token = *token;
  }
  result.tool_use_id = text_or_empty(*member, "claudecode/toolUseId");
  return result;
}

std::optional<LogSeverity> find_log_severity(std::string_view name) {
  const auto found = std::find(k_severities.begin(), k_severities.end(), name);
  if (found == k_severities.end()) return std::nullopt;
  return static_cast<LogSeverity>(found - k_severities.begin());
}

std::string_view log_severity_name(LogSeverity severity) {
  return k_severities[static_cast<std::size_t>(severity)];
}

bool can_request(const Caller& caller, std::string_view method) {
  if (method == "sampling/createMessage") return find_member(caller.capabilities, "sampling") != nullptr;
  if (method == "roots/list") return find_member(caller.capabilities, "roots") != nullptr;
  if (method != "elicitation/create" || !features_of(caller.revision).structured_content) return false;
  const Json* elicitation = find_member(caller.capabilities, "elicitation");
  if (elicitation == nullptr || !elicitation->is_object()) return false;
  // An empty object means forms, as it did before modes existed; {"url": {}} alone does not.
  return elicitation->contains("form") || !elicitation->contains("url");
}

RpcError missing_capability_error(std::string_view method) {
  return {RpcErrorCode::missing_client_capability,
          fmt::format("The client must support {} for this request.", method),
          Json{{"requiredCapabilities", capabilities_for(method)}}};
}

RpcError resource_not_found_error(std::string_view uri, Revision revision) {
  const bool is_modern = features_of(revision).era == Era::modern;
  return {is_modern ? RpcErrorCode::invalid_params : RpcErrorCode::resource_not_found, "Resource not found.",
          Json{{"uri", uri}}};
}

Json adapt_elicitation(Json params, Revision revision) {
  if (features_of(revision).titled_choices) return params;
  params.erase("mode");
  const auto schema = params.find("requestedSchema");
  if (schema == params.end() || !schema->is_object()) return params;
  const auto properties = schema->find("properties");
  if (properties == schema->end() || !properties->is_object()) return params;
  for (Json& property : *properties) {
    if (!property.is_object() || !property.contains("oneOf")) continue;
    Json values = Json::array();
    Json names = Json::array();
    for (const Json& choice : property["oneOf"]) {
      values.push_back(choice.value("const", ""));
      names.push_back(choice.value("title", ""));
    }
    property.erase("oneOf");
    property["enum"] = std::move(values);
    property["enumNames"] = std::move(names);
  }
  return params;
}

} // namespace memsync::wire
