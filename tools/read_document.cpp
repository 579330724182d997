#include "tools/read_document.h"

namespace memsync::tools {

base::Result<ReadArguments> ReadArguments::parse(const Arguments& in) {
  ReadArguments arguments;
  arguments.document = in.text("document");
  arguments.nodes = in.texts("nodes");
  if (arguments.document.has_value() == !arguments.nodes.empty())
    return base::Error{base::ErrorCode::validation,
                       "give either `document` (for its tree) or `nodes` (for single ones)"};
  if (const auto view = in.text("view"))
    arguments.options.level = *view == "full" ? agent::DetailLevel::full : agent::DetailLevel::outline;
  arguments.options.depth = in.number_or("depth", arguments.options.depth);
  arguments.options.token_budget = in.number_or("token_budget", arguments.options.token_budget);
  return arguments;
}

base::Result<agent::DocumentView> read_document(Session& session, const ReadArguments& arguments) {
  return session.read([&](replica::Reader& reader) -> base::Result<agent::DocumentView> {
    if (!arguments.nodes.empty())
      return agent::view_nodes(session, reader, arguments.nodes, arguments.options);
    TRY_ASSIGN(const auto document, agent::locate_document(session, reader, *arguments.document));
    return agent::view_document(session, reader, document, arguments.options);
  });
}

mcp::ToolResult render(const agent::DocumentView& view) {
  return {agent::to_json(view), agent::to_text(view), {}, false};
}

} // namespace memsync::tools
