#include "cli/command.h"

namespace memsync::cli {

void Context::show(const Json& structured, std::string_view text) const {
  if (json) {
    constexpr int k_indent = 2;
    write(structured.dump(k_indent, ' ', false, Json::error_handler_t::replace) + "\n");
  } else {
    write(text);
  }
}

Result<> index_rest(const Context& context, Workbench& bench) {
  for (bool has_more = true; has_more && !context.is_interrupted();) {
    TRY_ASSIGN(has_more, bench.replica.index_some());
    if (has_more) context.show_progress("making what came searchable");
  }
  context.show_progress("");
  return {};
}

} // namespace memsync::cli
