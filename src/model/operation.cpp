#include "model/operation.h"

namespace memsync::model {

SetChange set_change(const std::vector<std::string>& before, const std::vector<std::string>& wanted) {
  const auto lacks = [](const std::vector<std::string>& list, const std::string& element) {
    return std::find(list.begin(), list.end(), element) == list.end();
  };
  SetChange change;
  for (const std::string& element : wanted)
    if (lacks(before, element) && lacks(change.add, element)) change.add.push_back(element);
  for (const std::string& element : before)
    if (lacks(wanted, element)) change.remove.push_back(element);
  return change;
}

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
