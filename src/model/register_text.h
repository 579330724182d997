#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "model/node.h"

namespace memsync::model {

/// A register's value as JSON text, the form kept in history, lost values and conflicts and used on
/// the wire: a string, number, boolean, list of tags, name of an enumerator, id or null, or
/// {"key","parent"} for the place.
std::string register_text(const Node& node, Field field);

/// The reverse: sets the register's value (not its stamp). False when the text is not of that form.
bool set_register_text(Node& node, Field field, std::string_view text);

/// The string that the text of a register is; nothing where there is none, or it is of another form.
std::optional<std::string> text_in(const std::optional<std::string>& register_text);

// The same for single values: appending, and reading (false when the JSON does not fit the type).
void append_value(std::string& out, const std::string& value);
void append_value(std::string& out, bool value);
void append_value(std::string& out, double value);
void append_value(std::string& out, std::int64_t value);
void append_value(std::string& out, NodeKind value);
void append_value(std::string& out, const std::vector<std::string>& value);
void append_value(std::string& out, const UserId& value);
void append_value(std::string& out, const std::optional<Strategy>& value);
void append_value(std::string& out, const Place& value);

/// A single value as text of a register.
template <class T>
std::string value_text(const T& value) {
  std::string text;
  append_value(text, value);
  return text;
}

bool read_value(const base::Json& json, std::string& value);
bool read_value(const base::Json& json, bool& value);
bool read_value(const base::Json& json, double& value);
bool read_value(const base::Json& json, std::int64_t& value);
bool read_value(const base::Json& json, NodeKind& value);
bool read_value(const base::Json& json, std::vector<std::string>& value);
bool read_value(const base::Json& json, UserId& value);
bool read_value(const base::Json& json, std::optional<Strategy>& value);
bool read_value(const base::Json& json, Place& value);

} // namespace memsync::model
