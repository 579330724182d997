#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "tests/unit/net/live_hub.h"

namespace memsync::tests {

/// What asks for a WebSocket (RFC 6455 section 4.1).
inline constexpr const char* k_upgrade_headers =
    "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A client of WebSockets that can break their rules. Waits as TestConnection does.
class TestSocket {
 public:
  /// Asks for it, with a token unless it is empty.
  TestSocket(const LiveHub& hub, const std::string& path, const std::string& token,
             const std::string& more_headers = "");

  /// The answer to the handshake: 101, or why not.
  const Reply& head() const { return head_; }

  enum class Opcode { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };
  enum class Mask { yes, no };
  void send(Opcode opcode, std::string_view payload, Mask mask = Mask::yes) const;
  void send(const base::Json& message) const { send(Opcode::text, message.dump()); }

  /// The next message, except `present`, which comes at any time; nothing when the hub has closed.
  std::optional<base::Json> next();
  /// Skips to the next message of that type; nothing when the hub closed before.
  std::optional<base::Json> next(std::string_view type);
  /// Sends it and returns the message that has its `id`.
  base::Json ask(base::Json message);
  /// Reads to the end; the code of the close frame, 0 when the connection ended without one.
  int close_code();

 private:
  struct Frame {
    int opcode = 0;
    std::string payload;
  };
  std::optional<base::Json> next_of_any_type();
  std::optional<Frame> read_frame();
  bool fill(std::size_t size);

  TestConnection connection_;
  Reply head_;
  std::string in_;
  int close_code_ = 0;
  int asked_ = 0;
};

} // namespace memsync::tests
