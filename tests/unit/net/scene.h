#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/server/route_table.h"
#include "tests/unit/net/live_hub.h"

namespace memsync::tests {

/// Who may ask: everybody that the answers of a hub tell apart.
enum class Asker {
  anonymous,
  other_team, // an owner elsewhere
  removed,
  invited, // has an account and an open invitation
  viewer,
  member,
  admin,
  owner,
  expired,  // an owner's token, past its end
  revoked,  // an owner's token, taken back
  read_only // an owner's token that only reads
};

} // namespace memsync::tests

template <>
struct memsync::model::EnumNames<memsync::tests::Asker> {
  static constexpr std::array<std::string_view, 11> names{"anonymous", "other team", "removed",  "invited",
                                                          "viewer",    "member",     "admin",    "owner",
                                                          "expired",   "revoked",    "read only"};
};

namespace memsync::tests {

/// What the asker shows.
enum class Credential { api_token, access_token, cookie };

/// Rates that no test reaches.
hub::HubOptions without_limits();

/// A team with one of each thing that routes are about, and somebody who asks. Every scene of a hub is apart
/// from the others, so that one may be destroyed without harm to the next.
class Scene {
 public:
  Scene(LiveHub& hub, Asker asker, Credential credential = Credential::api_token);

  Asker asker;
  Credential credential;
  model::UserId caller;     // who asks; empty for nobody
  std::string caller_email; // ... and their address
  std::string token;        // the secret they show; empty for nobody
  hub::TokenId own_token;   // an API token of theirs, which may only read
  hub::SessionId session;   // where else they are signed in, with this
  std::string refresh_token;
  std::string device_code, user_code; // of a terminal that waits
  model::WorkspaceId team, other_team;
  std::string team_name;
  model::UserId bystander; // a member of the team besides the caller
  LiveHub::Person owner;   // of the team, never the caller
  hub::InvitationId invitation;
  std::string invitation_secret; // ... for the caller's address, if they are not in the team, else a new one
  model::NodeId node;            // a document of the team, written by its owner
  model::ConflictId conflict;    // ... two of whose texts wait for a decision
};

/// The password of whoever asks.
inline constexpr const char* k_password = "correct horse battery staple";

/// One request to a route that is right but for the rights of whoever sends it.
struct Example {
  std::string door; // what tells the examples of a route apart
  std::map<std::string, std::string> path, query, headers;
  std::optional<base::Json> body; // of a form: its fields
};

/// At least one. A route without a body and with known parameters needs nothing here; for others the tests
/// fail and say what is missing in scene.cpp.
std::vector<Example> examples_of(const net::server::Route& route, LiveHub& hub, const Scene& scene);

/// "/path?query" with every value percent-encoded.
std::string target_of(const net::server::Route& route, const Example& example);

/// Sends it as the asker of the scene, from a page of the hub; a stream is read up to its head.
Reply send(LiveHub& hub, const net::server::Route& route, const Example& example, const Scene& scene);

} // namespace memsync::tests
