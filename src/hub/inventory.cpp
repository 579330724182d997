#include "hub/inventory.h"

#include <fmt/format.h>

namespace memsync::hub {

namespace {

void add_tokens(StoreReader& reader, const User& user, base::Timestamp now, Inventory& inventory) {
  for (const Token& token : reader.list_tokens(user.id)) {
    const bool is_over = token.revoked_at || (token.expires_at && *token.expires_at <= now);
    if (!is_over)
      inventory.tokens[token.id.str()] =
          fmt::format("token {} of {} ({})", token.id.view(), user.email, token.name);
  }
}

void add_workspace(StoreReader& reader, const Workspace& workspace, base::Timestamp now,
                   Inventory& inventory) {
  const std::string id = workspace.id.str();
  const std::string name = fmt::format("\"{}\" ({})", workspace.name, id);
  inventory.workspaces[id] = fmt::format("workspace {}", name);
  for (const wire::MemberInfo& member : reader.list_members(workspace.id)) {
    const std::string key = id + " " + member.id.str();
    inventory.memberships[key] = fmt::format("membership of {} in {}", member.email, name);
    inventory.roles[key] = member.role;
  }
  for (const Invitation& invitation : reader.list_invitations(workspace.id)) {
    const bool is_open = !invitation.accepted_at && !invitation.revoked_at && invitation.expires_at > now;
    if (is_open)
      inventory.invitations[invitation.id.str()] =
          fmt::format("invitation of {} to {}", invitation.email, name);
  }
}

void compare(const std::map<std::string, std::string>& replaced,
             const std::map<std::string, std::string>& backup, Difference& difference) {
  for (const auto& [key, line] : replaced)
    if (!backup.contains(key)) difference.missing.push_back(line);
  for (const auto& [key, line] : backup)
    if (!replaced.contains(key)) difference.returned.push_back(line);
}

void compare_roles(const Inventory& replaced, const Inventory& backup, Difference& difference) {
  for (const auto& [key, role] : backup.roles) {
    const auto before = replaced.roles.find(key);
    if (before == replaced.roles.end() || before->second == role) continue;
    difference.changed.push_back(fmt::format("{}: {} again, no longer {}", backup.memberships.at(key),
                                             model::name_of(role), model::name_of(before->second)));
  }
}

void compare_passwords(const Inventory& replaced, const Inventory& backup, Difference& difference) {
  for (const auto& [key, hash] : replaced.password_hashes) {
    const auto person = backup.people.find(key);
    if (person == backup.people.end()) continue;
    const auto earlier = backup.password_hashes.find(key);
    if (earlier == backup.password_hashes.end())
      difference.changed.push_back(fmt::format("password of {}: none again", person->second));
    else if (earlier->second != hash)
      difference.changed.push_back(fmt::format("password of {}: the earlier one again", person->second));
  }
}

} // namespace

Inventory take_inventory(StoreReader& reader, base::Timestamp now) {
  Inventory inventory;
  for (const User& user : reader.list_users()) {
    inventory.people[user.id.str()] = fmt::format("account {} <{}>", user.name, user.email);
    inventory.newest = std::max(inventory.newest, user.created_at);
    if (auto hash = reader.find_password_hash(user.id))
      inventory.password_hashes[user.id.str()] = *std::move(hash);
    add_tokens(reader, user, now, inventory);
  }
  constexpr model::Sequence k_above_all{std::uint64_t(std::numeric_limits<std::int64_t>::max())};
  for (const Workspace& workspace : reader.list_workspaces()) {
    add_workspace(reader, workspace, now, inventory);
    for (const EntryHeader& last : reader.list_headers(workspace.id, k_above_all, 1))
      inventory.newest = std::max(inventory.newest, last.at);
  }
  for (const AuditEvent& last : reader.list_audit({}, std::numeric_limits<std::int64_t>::max(), 1))
    inventory.newest = std::max(inventory.newest, last.at);
  return inventory;
}

Difference compare(const Inventory& replaced, const Inventory& backup) {
  Difference difference;
  compare(replaced.people, backup.people, difference);
  compare(replaced.workspaces, backup.workspaces, difference);
  compare(replaced.memberships, backup.memberships, difference);
  compare(replaced.invitations, backup.invitations, difference);
  compare(replaced.tokens, backup.tokens, difference);
  compare_roles(replaced, backup, difference);
  compare_passwords(replaced, backup, difference);
  return difference;
}

} // namespace memsync::hub
