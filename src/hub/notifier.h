#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hub/accounts.h"
#include "hub/store.h"
#include "hub/txn_state.h"
#include "model/apply.h"
#include "model/notification.h"

namespace memsync::hub {

/// Tells people what changes mean for them, in the transaction of the change. Only members of the workspace
/// are told, only of kinds they have not turned off, and nobody of what they just did themselves: except when
/// something they wrote was lost or waits for a decision.
class Notifier {
 public:
  Notifier(StoreTxn& txn, TxnState& state, const model::WorkspaceId& workspace, base::Timestamp now)
      : txn_(txn), state_(state), workspace_(workspace), now_(now) {}

  /// After `operation` was applied and before the state's changes are taken.
  void tell(const model::Operation& operation, const model::Commit& commit, const model::Outcome& outcome);

 private:
  struct Event; // one applied operation
  void tell_lost(const Event& event, const model::LostValue& lost);
  void tell_merged(const Event& event, const model::LostValue& lost, const std::string& now);
  void tell_settled(const Event& event, const model::Conflict& conflict);
  void tell_conflict(const Event& event, const model::Conflict& conflict);
  void tell_changed(const Event& event, const TxnState::ChangedField& changed);
  void tell_new(const Event& event, const model::Node& node);
  void tell_assigned(const Event& event, const model::Node& node);
  void tell_completed(const Event& event, const model::Node& node);
  void tell_mentioned(const Event& event, const model::NodeId& node, const std::string& text,
                      const std::string& text_before = {});

  model::Notification start(const Event& event, model::NotificationKind kind, const model::NodeId& node);
  void send(const Event& event, const model::UserId& user, model::Notification notification);

  StoreTxn& txn_;
  TxnState& state_;
  const model::WorkspaceId workspace_;
  const base::Timestamp now_;
  std::optional<std::vector<wire::MemberInfo>> members_; // read when somebody may be mentioned
};

/// Owners, administrators and whoever invited hear of a new member.
void tell_member_joined(Work& work, const Invitation& invitation, const model::UserId& user);
void tell_role_changed(Work& work, const model::WorkspaceId& workspace, const model::UserId& user,
                       model::Role role);

} // namespace memsync::hub
