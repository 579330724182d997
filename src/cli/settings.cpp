#include "cli/settings.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <pwd.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/text_file.h"
#include "wire/json_reader.h"

namespace memsync::cli {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;
using base::Json;
using base::Result;

namespace {

/// The config file as JSON; an empty object when there is none.
Result<Json> load_config(const std::string& path) {
  TRY_ASSIGN(const auto text, read_text_file(path));
  if (!text) return Json(Json::object());
  auto json = base::parse_json(*text);
  if (json && json->is_object()) return *std::move(json);
  return Error{ErrorCode::validation,
               fmt::format("{} cannot be read ({}): correct it, or delete it and log in again", path,
                           json ? "it is no JSON object" : json.error().message)};
}

Result<std::string> find_home(const Environment& environment) {
  if (auto home = environment("MEMSYNC_HOME")) return fs::absolute(*home).lexically_normal().string();
  std::optional<std::string> user_home = environment("HOME");
  if (!user_home) {
    if (const passwd* entry = ::getpwuid(::getuid())) user_home = entry->pw_dir;
  }
  if (!user_home || user_home->empty())
    return Error{ErrorCode::validation, "neither MEMSYNC_HOME nor HOME is set: set MEMSYNC_HOME"};
  return *user_home + "/.memsync";
}

} // namespace

std::optional<std::string> read_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

Result<Settings> load_settings(const Environment& environment) {
  Settings settings;
  TRY_ASSIGN(settings.home, find_home(environment));
  TRY_ASSIGN(const Json config, load_config(settings.config_path()));
  wire::ObjectReader reader(config, "config.json");
  const std::string configured_hub = reader.optional_text("hub").value_or("");
  const std::string configured_token = reader.optional_text("token").value_or("");
  settings.ca_path = reader.optional_text("ca_file").value_or("");
  TRY(reader.result());
  settings.hub = environment("MEMSYNC_HUB_URL").value_or(configured_hub);
  const auto endpoint = net::client::parse_endpoint(settings.hub);
  const auto configured = net::client::parse_endpoint(configured_hub);
  // The stored token is for the stored hub only: an address from elsewhere must not receive it.
  const bool is_configured_hub = endpoint && configured && *endpoint == *configured;
  settings.token = environment("MEMSYNC_TOKEN").value_or(is_configured_hub ? configured_token : "");
  settings.workspace = environment("MEMSYNC_WORKSPACE").value_or("");
  settings.log_level = environment("MEMSYNC_LOG").value_or("");
  return settings;
}

Result<> save_settings(const Settings& settings) {
  TRY_ASSIGN(Json config, load_config(settings.config_path()));
  config["hub"] = settings.hub;
  config["token"] = settings.token;
  if (!settings.ca_path.empty()) config["ca_file"] = settings.ca_path;
  return replace_text_file(settings.config_path(), config.dump(2) + "\n", FilePrivacy::owner_only);
}

Result<std::optional<net::client::HubAccess>> find_access(const Settings& settings) {
  if (settings.hub.empty()) return std::optional<net::client::HubAccess>();
  net::client::HubAccess access;
  TRY_ASSIGN(access.endpoint, net::client::parse_endpoint(settings.hub));
  if (settings.token.empty())
    return Error{ErrorCode::validation, fmt::format("there is no token for {}: run `memsync login --hub {}`",
                                                    settings.hub, settings.hub)};
  access.token = settings.token;
  access.ca_path = settings.ca_path;
  access.proxies = net::client::read_proxy_environment();
  access.user_agent = "memsync/" MEMSYNC_VERSION;
  TRY(net::client::check_access(access));
  return std::optional<net::client::HubAccess>(std::move(access));
}

} // namespace memsync::cli
