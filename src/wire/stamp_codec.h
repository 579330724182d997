#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "model/node.h"
#include "wire/json_reader.h"

namespace memsync::wire {

void append_number(std::string& out, std::uint64_t value);
/// 64-bit numbers travel as decimal strings.
void append_quoted_number(std::string& out, std::uint64_t value);

/// [sequence, clock, replica, author], all strings; replica and author "" when unknown.
void append_stamp(std::string& out, const model::Stamp& stamp);
base::Result<model::Stamp> decode_stamp(const base::Json& json);
model::Stamp read_stamp(ObjectReader& reader, std::string_view member);

/// {"author", "client"?, "session"?, "project"?}
void append_provenance(std::string& out, const model::Provenance& provenance);
base::Result<model::Provenance> decode_provenance(const base::Json& json);
model::Provenance read_provenance(ObjectReader& reader, std::string_view member);

} // namespace memsync::wire
