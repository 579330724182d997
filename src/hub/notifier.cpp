#include "hub/notifier.h"

#include <algorithm>
#include <set>

#include "hub/mentions.h"
#include "model/register_text.h"

namespace memsync::hub {

using model::Field;
using model::Node;
using model::NodeId;
using model::Notification;
using model::NotificationKind;
using model::UserId;

namespace {

/// Stores it unless this person is no member any more or does not want the kind.
void deliver(StoreTxn& txn, const UserId& user, Notification notification) {
  const auto member = txn.find_member(notification.workspace, user);
  if (!member || member->removed) return;
  const auto muted = txn.list_muted(user);
  if (std::find(muted.begin(), muted.end(), notification.kind) != muted.end()) return;
  if (const auto actor = txn.find_user(notification.actor)) notification.actor_name = actor->name;
  txn.put_notification(user, notification);
}

/// The text of a value of type string; empty for any other.
std::string plain_text(const std::optional<std::string>& register_text) {
  Node node;
  if (!register_text || !model::set_register_text(node, Field::content, *register_text)) return {};
  return node.content.value;
}

const model::Stamp& stamp_of(const Node& node, Field field) {
  const model::Stamp* stamp = &node.created_at;
  model::for_each_register(node, [&](Field each, const auto& reg) {
    if (each == field) stamp = &reg.stamp;
  });
  return *stamp;
}

} // namespace

struct Notifier::Event {
  const model::Operation& operation;
  const model::Commit& commit;
  const model::Outcome& outcome;
};

void Notifier::tell(const model::Operation& operation, const model::Commit& commit,
                    const model::Outcome& outcome) {
  const Event event{operation, commit, outcome};
  for (const model::LostValue& lost : outcome.lost) tell_lost(event, lost);
  for (const model::Conflict& conflict : outcome.conflicts) tell_conflict(event, conflict);
  for (const auto& changed : state_.changes()) tell_changed(event, changed);
  for (const model::NodeEffect& effect : outcome.nodes)
    if (effect.is_new) tell_new(event, effect.node);
  for (const model::Comment& comment : outcome.comments) tell_mentioned(event, comment.node, comment.text);
}

void Notifier::tell_lost(const Event& event, const model::LostValue& lost) {
  const auto node = state_.find_node(lost.node);
  if (!node) return;
  const std::string now = model::register_text(*node, lost.field);
  if (now == lost.value) return;
  const bool is_own =
      lost.stamp.replica == event.commit.replica && lost.stamp.sequence == event.commit.sequence;
  const bool is_changed = std::any_of(event.outcome.nodes.begin(), event.outcome.nodes.end(),
                                      [&](const model::NodeEffect& effect) {
                                        return effect.node.id == lost.node && effect.fields.has(lost.field);
                                      });
  const bool is_in_conflict = std::any_of(
      event.outcome.conflicts.begin(), event.outcome.conflicts.end(), [&](const model::Conflict& conflict) {
        return !conflict.resolved && conflict.node == lost.node && conflict.field == lost.field;
      });
  if (is_own && is_in_conflict) return; // of which its author hears
  if (is_own && is_changed) return tell_merged(event, lost, now);
  Notification notification = start(event, NotificationKind::overwritten, lost.node);
  if (is_own) notification.actor = stamp_of(*node, lost.field).author;
  notification.field = lost.field;
  notification.yours = lost.value;
  notification.now = now;
  send(event, lost.stamp.author, std::move(notification));
}

/// Both authors see what became of their texts.
void Notifier::tell_merged(const Event& event, const model::LostValue& lost, const std::string& now) {
  const auto& changes = state_.changes();
  const auto changed = std::find_if(changes.begin(), changes.end(), [&](const auto& each) {
    return each.node == lost.node && each.field == lost.field;
  });
  Notification notification = start(event, NotificationKind::merged, lost.node);
  notification.field = lost.field;
  notification.now = now;
  if (changed != changes.end() && changed->old_value && changed->old_stamp.author != event.commit.author) {
    Notification theirs = notification;
    theirs.yours = *changed->old_value;
    send(event, changed->old_stamp.author, std::move(theirs));
  }
  if (changed != changes.end()) notification.actor = changed->old_stamp.author;
  notification.yours = lost.value;
  send(event, event.commit.author, std::move(notification));
}

/// Both authors of a conflict that somebody settled hear which value stands now, if it is not theirs.
void Notifier::tell_settled(const Event& event, const model::Conflict& conflict) {
  const auto node = state_.find_node(conflict.node);
  if (!node) return;
  const bool is_merged = conflict.resolution == model::Resolution::merge;
  Notification notification =
      start(event, is_merged ? NotificationKind::merged : NotificationKind::overwritten, conflict.node);
  notification.field = conflict.field;
  notification.now = model::register_text(*node, conflict.field);
  const auto tell = [&](const UserId& author, const std::string& value) {
    if (author.is_empty() || author == event.commit.author || value == notification.now) return;
    notification.yours = value;
    send(event, author, notification);
  };
  tell(conflict.local_stamp.author, conflict.local);
  if (conflict.kind == model::ConflictKind::field) tell(conflict.server_stamp.author, conflict.server);
}

void Notifier::tell_conflict(const Event& event, const model::Conflict& conflict) {
  if (conflict.resolved) return tell_settled(event, conflict);
  Notification notification = start(event, NotificationKind::conflict, conflict.node);
  notification.field = conflict.field;
  notification.conflict = conflict.id;
  const UserId& local = conflict.local_stamp.author;
  // Over a delete the other side is whoever edited; the register itself nobody may ever have set.
  const auto node = state_.find_node(conflict.node);
  const bool is_over_delete = conflict.kind == model::ConflictKind::update_delete && node;
  const UserId server = is_over_delete ? model::newest_stamp(*node).author : conflict.server_stamp.author;
  if (local != server) {
    notification.yours = conflict.server;
    notification.now = conflict.server;
    notification.actor = local;
    send(event, server, notification);
  }
  notification.yours = conflict.local;
  notification.now = conflict.server;
  notification.actor = server;
  send(event, local, std::move(notification));
}

void Notifier::tell_changed(const Event& event, const TxnState::ChangedField& changed) {
  const auto node = state_.find_node(changed.node);
  if (!node) return;
  if (changed.field == Field::assignee) tell_assigned(event, *node);
  if (changed.field == Field::completed) tell_completed(event, *node);
  if (changed.field == Field::content)
    tell_mentioned(event, node->id, node->content.value, plain_text(changed.old_value));
}

void Notifier::tell_new(const Event& event, const Node& node) {
  tell_assigned(event, node);
  tell_mentioned(event, node.id, node.content.value);
}

void Notifier::tell_assigned(const Event& event, const Node& node) {
  const UserId& user = node.assignee.value;
  if (user.is_empty() || user == event.commit.author) return;
  send(event, user, start(event, NotificationKind::assigned, node.id));
}

void Notifier::tell_completed(const Event& event, const Node& node) {
  if (!node.completed.value) return;
  for (const UserId& user : std::set<UserId>{node.created.author, node.assignee.value})
    if (!user.is_empty() && user != event.commit.author)
      send(event, user, start(event, NotificationKind::completed, node.id));
}

void Notifier::tell_mentioned(const Event& event, const NodeId& node, const std::string& text,
                              const std::string& text_before) {
  if (text.find('@') == std::string::npos) return;
  if (!members_) members_ = txn_.list_members(workspace_);
  const auto before = find_mentions(text_before, *members_);
  for (const Mention& mention : find_mentions(text, *members_)) {
    const bool was_named = std::any_of(before.begin(), before.end(),
                                       [&](const Mention& each) { return each.user == mention.user; });
    if (was_named || mention.user == event.commit.author) continue;
    Notification notification = start(event, NotificationKind::mentioned, node);
    notification.text = mention.words;
    send(event, mention.user, std::move(notification));
  }
}

Notification Notifier::start(const Event& event, NotificationKind kind, const NodeId& node) {
  Notification notification;
  notification.workspace = workspace_;
  notification.kind = kind;
  notification.at = now_;
  notification.actor = event.commit.author;
  notification.sequence = event.commit.sequence;
  notification.node = node;
  notification.document = state_.find_document(node).value_or(model::DocumentId{});
  notification.title = state_.title_of(node);
  return notification;
}

/// The id follows from the operation, so that applying it again after a backup was restored tells nobody
/// twice.
void Notifier::send(const Event& event, const UserId& user, Notification notification) {
  const base::Sha256 digest = base::sha256(fmt::format(
      "notification:{}:{}:{}:{}:{}", event.operation.hash.hex(), model::name_of(notification.kind),
      user.view(), notification.node.view(), notification.field ? model::name_of(*notification.field) : ""));
  constexpr std::size_t k_length = model::NotificationId::k_length;
  notification.id =
      model::NotificationId::from_bytes(std::span<const std::uint8_t, k_length>(digest.data(), k_length));
  deliver(txn_, user, std::move(notification));
}

namespace {

Notification membership_event(Work& work, const model::WorkspaceId& workspace, NotificationKind kind,
                              model::Role role) {
  Notification notification;
  notification.id = model::NotificationId::random(work.random);
  notification.workspace = workspace;
  notification.kind = kind;
  notification.at = work.now;
  notification.actor = work.actor;
  notification.text = model::name_of(role);
  return notification;
}

} // namespace

void tell_member_joined(Work& work, const Invitation& invitation, const UserId& user) {
  Notification notification =
      membership_event(work, invitation.workspace, NotificationKind::member_joined, invitation.role);
  notification.actor = user;
  for (const wire::MemberInfo& member : work.txn.list_members(invitation.workspace)) {
    const bool looks_after = model::allows(member.role, model::Permission::member_invite);
    if (member.id == user || (!looks_after && member.id != invitation.invited_by)) continue;
    deliver(work.txn, member.id, notification);
  }
}

void tell_role_changed(Work& work, const model::WorkspaceId& workspace, const UserId& user,
                       model::Role role) {
  if (user == work.actor) return;
  deliver(work.txn, user, membership_event(work, workspace, NotificationKind::role_changed, role));
}

} // namespace memsync::hub
