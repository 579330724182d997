#include "hub/presence.h"

#include <algorithm>

#include "hub/store.h"

namespace memsync::hub {

using model::Presence;
using model::PresentMember;
using model::UserId;
using model::WorkspaceId;

void keep_members(StoreReader& reader, const WorkspaceId& workspace, std::vector<PresentMember>& present) {
  std::erase_if(present, [&](const PresentMember& each) {
    const auto member = reader.find_member(workspace, each.user);
    return !member || member->removed;
  });
}

std::size_t PresenceBook::report(const UserId& user, const std::string& name, const std::string& reporter,
                                 const std::vector<Presence>& sessions, base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  std::size_t others = 0;
  for (auto at = entries_.lower_bound({user, ""}); at != entries_.end() && at->first.first == user; ++at)
    if (at->first.second != reporter) others += at->second.size();
  const std::size_t room = k_sessions_of_user - std::min(k_sessions_of_user, others);
  std::vector<Entry> after;
  for (const Presence& each : sessions)
    if (after.size() < room) after.push_back({name, each, now});
  const auto known = entries_.find({user, reporter});
  const std::vector<Entry> before = known == entries_.end() ? std::vector<Entry>() : known->second;
  const auto has = [](const std::vector<Entry>& list, const Entry& wanted) {
    return std::any_of(list.begin(), list.end(), [&](const Entry& each) {
      return each.presence == wanted.presence && each.name == wanted.name;
    });
  };
  for (const Entry& each : before)
    if (!has(after, each)) changed_.insert(each.presence.workspace);
  for (const Entry& each : after)
    if (!has(before, each)) changed_.insert(each.presence.workspace);
  const std::size_t taken = after.size();
  if (after.empty()) {
    if (known != entries_.end()) entries_.erase(known);
  } else {
    entries_[{user, reporter}] = std::move(after);
  }
  return taken;
}

void PresenceBook::keep_only(const UserId& user, const std::set<WorkspaceId>& workspaces) {
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.lower_bound({user, ""}); at != entries_.end() && at->first.first == user;) {
    std::erase_if(at->second, [&](const Entry& each) {
      const bool is_gone = workspaces.count(each.presence.workspace) == 0;
      if (is_gone) changed_.insert(each.presence.workspace);
      return is_gone;
    });
    at = at->second.empty() ? entries_.erase(at) : std::next(at);
  }
}

std::vector<PresentMember> PresenceBook::list(const WorkspaceId& workspace, base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  std::vector<PresentMember> present;
  for (const auto& [reporter, entries] : entries_)
    for (const Entry& each : entries)
      if (each.presence.workspace == workspace && each.last_seen + k_stale > now)
        present.push_back({reporter.first, each.name, each.presence, each.last_seen});
  std::sort(present.begin(), present.end(), [](const PresentMember& a, const PresentMember& b) {
    return std::tie(a.presence.state, a.name, a.user, a.presence.session) <
           std::tie(b.presence.state, b.name, b.user, b.presence.session);
  });
  if (present.size() > k_listed) present.resize(k_listed);
  return present;
}

void PresenceBook::put_back(const std::set<WorkspaceId>& changed) {
  const std::lock_guard lock(mutex_);
  changed_.insert(changed.begin(), changed.end());
}

std::set<WorkspaceId> PresenceBook::take_changed(base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.begin(); at != entries_.end();) {
    std::erase_if(at->second, [&](const Entry& each) {
      const bool is_stale = each.last_seen + k_stale <= now;
      if (is_stale) changed_.insert(each.presence.workspace);
      return is_stale;
    });
    at = at->second.empty() ? entries_.erase(at) : std::next(at);
  }
  return std::exchange(changed_, {});
}

} // namespace memsync::hub
