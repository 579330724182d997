#include "model/operation.h"

namespace memsync::model {

FieldSet FieldChanges::fields() const {
  FieldSet set;
  if (kind) set.add(Field::kind);
  if (type) set.add(Field::type);
  if (title) set.add(Field::title);
  if (content) set.add(Field::content);
  if (tags) set.add(Field::tags);
  if (importance) set.add(Field::importance);
  if (context) set.add(Field::context);
  if (completed) set.add(Field::completed);
  if (assignee) set.add(Field::assignee);
  if (use_count) set.add(Field::use_count);
  if (strategy) set.add(Field::strategy);
  return set;
}

} // namespace memsync::model
