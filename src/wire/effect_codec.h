#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "model/operation.h"

namespace memsync::wire {

/// Absolute state as JSON text (schemas/wire/effects.json), the one form in which nodes are stored by
/// hub and replica, sent in snapshots and repeated in log entries.
///
/// A node: {"id", "new"?, "by"?: {author, client, session, project}, "born"?: i,
///          "stamps": [[sequence, clock, replica, author]...], "f": {field: [i, value]...},
///          "edits": [last, replica, last_by_other], "x"?: {unknown registers}}
/// where "f" comes right after the id and i is an index into stamps: registers set together share one stamp,
/// which keeps a new node at 1.3 times its text. Only registers in `fields` that were ever set are written.
void append_effect(std::string& out, const model::NodeEffect& effect);
base::Result<model::NodeEffect> decode_effect(const base::Json& json);

/// A whole node as text, and back (for stored rows); failing with `corrupt`.
std::string encode_node(const model::Node& node);
base::Result<model::Node> decode_node(std::string_view text);

/// True when two texts of encode_node have the same id and the same values in all registers, written
/// together the same way. False may also mean that only the stamps are shared out differently.
bool has_same_registers(std::string_view text, std::string_view other);

void append_relationship(std::string& out, const model::Relationship& relationship);
base::Result<model::Relationship> decode_relationship(const base::Json& json);

void append_comment(std::string& out, const model::Comment& comment);
base::Result<model::Comment> decode_comment(const base::Json& json);

void append_conflict(std::string& out, const model::Conflict& conflict);
base::Result<model::Conflict> decode_conflict(const base::Json& json);

void append_lost(std::string& out, const model::LostValue& lost);
base::Result<model::LostValue> decode_lost(const base::Json& json);

/// A log entry (schemas/wire/entry.json).
std::string encode_entry(const model::Entry& entry);
base::Result<model::Entry> decode_entry(const base::Json& json);

} // namespace memsync::wire
