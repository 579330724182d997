#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/client/connection.h"

namespace memsync::cli {

/// Reads an environment variable; nothing when it is not set or empty.
using Environment = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> read_environment(const char* name);

/// Where the memory is and which hub it belongs to: the environment before config.json of MEMSYNC_HOME.
/// Never from project files: a repository must not choose where a person's notes go.
struct Settings {
  std::string home;      // MEMSYNC_HOME, else ~/.memsync
  std::string hub;       // MEMSYNC_HUB_URL, else config.json; empty: none
  std::string token;     // MEMSYNC_TOKEN, else config.json if that is of the same hub; empty: none
  std::string ca_path;   // config.json: file with the certificates of a private authority
  std::string workspace; // MEMSYNC_WORKSPACE
  std::string log_level; // MEMSYNC_LOG

  std::string config_path() const { return home + "/config.json"; }
};

/// Fails with `validation` for a config.json that cannot be read, naming it, and when no home is known.
base::Result<Settings> load_settings(const Environment& environment = read_environment);

/// Writes hub, token and CA path to config.json (0600), in one step; other members of the file stay.
base::Result<> save_settings(const Settings& settings);

/// How to reach the hub; nothing without a hub. `validation` when the hub's address or the token is wrong
/// or the token missing.
base::Result<std::optional<net::client::HubAccess>> find_access(const Settings& settings);

} // namespace memsync::cli
