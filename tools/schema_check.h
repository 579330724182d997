#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace memsync::tools {

/// Checks `value` against the part of JSON Schema (2020-12) that input schemas use: type, enum,
/// required, properties with additionalProperties false, items, minimum, maximum, minLength, maxLength,
/// minItems, maxItems. Fails with `validation`, or `too_large` for a length, in words for the caller:
/// `place` names the argument ("limit", "operations[2].title"; empty for the whole).
base::Result<> check_schema(const base::Json& schema, const base::Json& value, std::string_view place);

} // namespace memsync::tools
