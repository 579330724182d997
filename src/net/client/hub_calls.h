#pragma once

#include <string>
#include <string_view>

#include "net/client/connection.h"
#include "wire/hub_messages.h"

namespace memsync::net::client {

/// A new invitation to a workspace.
struct Invitation {
  std::string token, url, expires_at;
};

/// A sign-in that waits for somebody to allow it in a browser.
struct DeviceSignIn {
  std::string device_code; // a secret
  std::string user_code, page, page_with_code;
  std::chrono::seconds lifetime{0}, interval{0};
};
enum class DeviceAnswer { waiting, allowed, denied };
struct DeviceState {
  DeviceAnswer answer = DeviceAnswer::waiting;
  std::string token; // of `allowed`
};

/// What `GET /healthz` says.
struct HubHealth {
  std::string version;                     // empty: the hub does not say
  std::optional<base::Timestamp> hub_time; // of the Date header, whole seconds
};

/// The hub's routes outside sync, called one at a time while a person waits. Blocking. Failures carry the
/// hub's code; `offline` when it could not be reached.
class HubCalls {
 public:
  /// Fails with `validation` when the access cannot be used.
  static base::Result<HubCalls> make(HubAccess access);

  base::Result<wire::Me> me();
  base::Result<HubHealth> health();
  base::Result<wire::WorkspaceDigest> digest(const model::WorkspaceId& workspace);
  /// Creates the account of the invited address; `sign_in_required` when it exists already.
  base::Result<wire::InvitationAccepted> accept_invitation(std::string_view token, std::string_view name);
  /// `client` is how the person will know this terminal.
  base::Result<DeviceSignIn> begin_device(std::string_view client);
  /// `not_found` when the code is too old.
  base::Result<DeviceState> ask_device(std::string_view device_code);
  /// Ends the token that this access has.
  base::Result<> log_out();
  /// `current` may be empty for an account that has no password.
  base::Result<> set_password(std::string_view current, std::string_view next);
  base::Result<Invitation> create_invitation(const model::WorkspaceId& workspace, std::string_view email,
                                             model::Role role);

 private:
  explicit HubCalls(HubAccess access) : access_(std::move(access)) {}
  HubAccess access_;
};

} // namespace memsync::net::client
