#include "net/server/channel.h"

#include <array>
#include <fmt/format.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr std::size_t k_max_buffers = 64; // per call; the rest follows in the next

/// The outcome of recv, send and sendmsg. `blocked` is the direction to wait for.
Io plain_result(ssize_t result, IoState blocked) {
  if (result > 0) return {IoState::done, static_cast<std::size_t>(result)};
  if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return {blocked, 0};
  return {IoState::closed, 0};
}

std::string tls_reason() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

} // namespace

Result<TlsContext> load_tls(const std::string& certificate_file, const std::string& key_file) {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) return Error{ErrorCode::internal, "OpenSSL could not start: " + tls_reason()};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // Queued bytes may have moved or grown when a write is tried again.
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1)
    return Error{ErrorCode::validation,
                 fmt::format("--tls-cert {} is not a readable PEM certificate chain ({})", certificate_file,
                             tls_reason())};
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return Error{
        ErrorCode::validation,
        fmt::format("--tls-key {} is not the PEM key of that certificate ({})", key_file, tls_reason())};
  return context;
}

Channel::Channel(tcp::socket socket, SSL_CTX* tls) : socket_(std::move(socket)) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
  if (!tls) return;
  ssl_.reset(SSL_new(tls));
  SSL_set_fd(ssl_.get(), socket_.native_handle());
  SSL_set_accept_state(ssl_.get());
}

Io Channel::tls_result(int result) {
  if (result > 0) return {IoState::done, static_cast<std::size_t>(result)};
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return {IoState::wants_read, 0};
    case SSL_ERROR_WANT_WRITE: return {IoState::wants_write, 0};
    default: ERR_clear_error(); return {IoState::closed, 0};
  }
}

Io Channel::read(std::span<char> room) {
  if (!ssl_)
    return plain_result(::recv(socket_.native_handle(), room.data(), room.size(), 0), IoState::wants_read);
  return tls_result(SSL_read(ssl_.get(), room.data(), static_cast<int>(room.size())));
}

Io Channel::write(std::string_view bytes) {
  if (ssl_) return tls_result(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())));
  return plain_result(::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                      IoState::wants_write);
}

Io Channel::write(std::span<const std::string_view> buffers) {
  if (buffers.size() == 1 || ssl_) return write(buffers.front());
  std::array<iovec, k_max_buffers> parts;
  const std::size_t count = std::min(buffers.size(), parts.size());
  for (std::size_t i = 0; i < count; ++i)
    parts[i] = {const_cast<char*>(buffers[i].data()), buffers[i].size()}; // sendmsg only reads them
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  return plain_result(::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL), IoState::wants_write);
}

void Channel::finish_sending() {
  boost::system::error_code ignored;
  if (ssl_) SSL_shutdown(ssl_.get());
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void Channel::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void Channel::limit_send_buffer(int bytes) {
  boost::system::error_code ignored;
  socket_.set_option(boost::asio::socket_base::send_buffer_size(bytes), ignored);
}

} // namespace memsync::net::server
