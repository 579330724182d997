#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <openssl/ssl.h>
#include <span>
#include <string_view>

#include "base/result.h"

namespace memsync::net::server {

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, SslFree>;

/// A server context of TLS 1.2 or newer from PEM files; `validation` naming the file when one is unusable.
base::Result<TlsContext> load_tls(const std::string& certificate_file, const std::string& key_file);

enum class IoState { done, wants_read, wants_write, closed };
struct Io {
  IoState state = IoState::closed;
  std::size_t bytes = 0; // of `done`: at least 1
};

/// The bytes of one accepted connection, plain or TLS. No call blocks: the caller tries, and waits for the
/// direction named when the answer is wants_*. That one shape serves the request loop, the direct sends of
/// the streams and TLS alike, where a read may have to write first. Network thread only.
class Channel {
 public:
  using tcp = boost::asio::ip::tcp;

  /// Takes an accepted socket. `tls` may be nullptr: plain.
  Channel(tcp::socket socket, SSL_CTX* tls);

  Io read(std::span<char> room);
  Io write(std::string_view bytes);
  /// Several buffers in one call (one after another over TLS).
  Io write(std::span<const std::string_view> buffers);

  /// Calls `handler(error_code)` once the direction is ready; at most one wait per direction at a time.
  template <class Handler>
  void wait(IoState direction, Handler&& handler) {
    socket_.async_wait(direction == IoState::wants_write ? tcp::socket::wait_write : tcp::socket::wait_read,
                       std::forward<Handler>(handler));
  }

  /// Says that no more bytes come; reading goes on.
  void finish_sending();
  void close();
  bool is_open() const { return socket_.is_open(); }

  /// A stalled reader otherwise grows the kernel's send buffer to megabytes.
  void limit_send_buffer(int bytes);

 private:
  Io tls_result(int result);

  tcp::socket socket_;
  std::unique_ptr<SSL, SslFree> ssl_;
};

} // namespace memsync::net::server
