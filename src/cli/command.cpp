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

} // namespace memsync::cli
