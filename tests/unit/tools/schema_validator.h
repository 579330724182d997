#pragma once

#include <string>

#include "base/json.h"

namespace memsync::tests {

/// What a validator independent of ours finds wrong with `value`, one line each; empty when it fits.
std::string find_schema_violations(const base::Json& schema, const base::Json& value);

} // namespace memsync::tests
