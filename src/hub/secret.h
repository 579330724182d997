#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "hub/store.h"

namespace memsync::hub {

/// What somebody proves something with: a prefix that secret scanners can search for, 260 random bits, and a
/// checksum of 30 bits, so that a mistyped or cut secret is told apart without asking the store. All in
/// lower-case Crockford base32: the prefix, 52 and 6 characters.
enum class SecretKind {
  token,      // mst_: an API token
  invitation, // msi_
  refresh,    // msr_: makes the next access token
  browser,    // msb_: the cookie of a browser
  device,     // msd_: what a terminal asks with whether it was allowed
  socket,     // msw_: opens a WebSocket
};

std::string make_secret(SecretKind kind, base::Random& random);

/// What the store knows such a secret by; nothing for text that is no secret of this kind.
std::optional<SecretHash> parse_secret(SecretKind kind, std::string_view text);

} // namespace memsync::hub
