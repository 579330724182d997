#pragma once

#include <string>

#include "model/node.h"

namespace memsync::hub {

/// A node as one JSON object for people and programs that do not replicate: absolute values, times in
/// RFC 3339. `document` is the root above it.
std::string encode_memory(const model::Node& node, const model::DocumentId& document);

} // namespace memsync::hub
