#include "app/client_server.h"

#include "agent/instructions.h"

namespace memsync::app {

mcp::ServerConfig describe_server(const cli::Settings& settings, ChannelUse channel) {
  mcp::ServerConfig config;
  config.info.name = "memsync";
  config.info.title = "memsync";
  config.info.version = MEMSYNC_VERSION;
  config.instructions = agent::instructions();
  config.principal = settings.home;
  config.changing.resources = true; // documents come and go
  if (channel == ChannelUse::none) return config;
  config.eras = mcp::ServedEras::legacy_only;
  config.experimental = {{"claude/channel", base::Json::object()}};
  config.instructions += agent::channel_instructions();
  return config;
}

} // namespace memsync::app
