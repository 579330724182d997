#pragma once

#include <map>
#include <string>

#include "hub/store.h"

namespace memsync::hub {

/// Names and titles for the rows of one page, each looked up once.
class Lookup {
 public:
  Lookup(StoreReader& reader, const model::WorkspaceId& workspace) : reader_(reader), workspace_(workspace) {}

  const std::string& name_of(const model::UserId& id) {
    auto [at, is_new] = names_.try_emplace(id);
    if (is_new && !id.is_empty())
      if (const auto user = reader_.find_user(id)) at->second = user->name;
    return at->second;
  }
  const std::string& title_of(const model::NodeId& id) {
    auto [at, is_new] = titles_.try_emplace(id);
    if (is_new && !id.is_empty())
      if (const auto node = reader_.find_node(workspace_, id)) at->second = node->title.value;
    return at->second;
  }
  /// Completes what the store does not keep with a change.
  void complete(Change& change) {
    change.author_name = name_of(change.author);
    if (change.title.empty()) change.title = title_of(change.node);
  }

 private:
  StoreReader& reader_;
  const model::WorkspaceId workspace_;
  std::map<model::UserId, std::string> names_;
  std::map<model::NodeId, std::string> titles_;
};

} // namespace memsync::hub
