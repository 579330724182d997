#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/operation.h"
#include "model/strategy.h"
#include "tools/arguments.h"

namespace memsync::tools {

/// What a caller says about one field: nothing, a new value, or null to clear it.
template <class T>
struct FieldEdit {
  bool is_given = false;
  std::optional<T> value;
};

enum class EditKind {
  create,
  update,
  remove,
  restore,
  move,
  complete,
  reopen,
  assign,
  relate,
  unrelate,
  comment,
  set_document
};

/// One element of edit_document's `operations`, as its author wrote it. Nodes are named by id, prefix or
/// the `ref` of a node created earlier in the same call.
struct EditOperation {
  EditKind kind = EditKind::update;
  std::string ref;
  std::optional<std::string> node, parent, after, from, to, text, title;
  FieldEdit<std::string> content, type, user;
  FieldEdit<std::string> context; // JSON text of an object
  FieldEdit<std::vector<std::string>> tags;
  FieldEdit<double> importance;
  FieldEdit<model::Strategy> strategy;
};
std::string_view name_of(EditKind kind);

/// Reads an element that the input schema has accepted. Fails with `validation` for an argument that the
/// kind of operation needs or does not know.
base::Result<EditOperation> parse_edit_operation(const Json& json);

/// The registers of a create or update; an update leaves the tags to Editor::set_tags.
model::FieldChanges field_changes(const EditOperation& operation);

/// The kind of node that a type makes: a task, a note, or a memory.
model::NodeKind kind_of_type(std::string_view type);

} // namespace memsync::tools
