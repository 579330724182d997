#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct LoginOptions {
  std::string hub;   // empty: the one in the settings
  std::string token; // "-": the first line of stdin; empty: token_file, else MEMSYNC_TOKEN, else a browser
  std::string token_file; // empty: none
  std::string ca_file;    // certificates of a private authority; empty: the system's
};

/// `memsync login`: checks the token, binds the store to that person on that hub, stores both (0600) and
/// fetches what the hub has. Without a token it shows a code and waits until the person has allowed it on
/// the hub's page.
Result<> run_login(const Context& context, const LoginOptions& options);

/// `memsync logout`: ends the token at the hub and forgets it here. What is on this machine stays.
Result<> run_logout(const Context& context);

/// `memsync password`: sets the password with which its owner signs in to the hub's pages; both are read from
/// stdin, without showing them.
Result<> run_password(const Context& context);

struct JoinOptions {
  std::string hub;        // empty: the address in the invitation's link, else the one in the settings
  std::string invitation; // the token, or the whole link
  std::string name;
  std::string ca_file;
};

/// `memsync join`: accepts an invitation, which makes an account, or adds the workspace to the account this
/// store is logged in with; then as login.
Result<> run_join(const Context& context, const JoinOptions& options);

/// "https://hub/prefix/invite/TOKEN" as base URL and token; nothing for text that is no link.
struct InvitationLink {
  std::string hub, token;
};
std::optional<InvitationLink> parse_invitation_link(std::string_view text);

} // namespace memsync::cli
