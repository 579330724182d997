#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "model/operation.h"

namespace memsync::wire {

/// The JSON object of an operation (schemas/wire/operation.json), keys sorted, absent members omitted,
/// compact. Its texts must be valid UTF-8.
std::string encode_operation(const model::Operation& operation);

/// Fails with `validation` and the member. Members this version does not know are kept in `extra`.
/// Does not check limits (model::validate) nor the hash (has_valid_hash).
base::Result<model::Operation> decode_operation(const base::Json& json);

/// The operation's canonical text: its JSON without `n` and `hash`, sorted and compact. Without n, so
/// that a replica that turns out to be a copy can renumber its outbox.
std::string canonical_text(const model::Operation& operation);

/// Sets `hash` from the canonical text.
void seal(model::Operation& operation);

bool has_valid_hash(const model::Operation& operation);

} // namespace memsync::wire
