#pragma once

#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/role.hpp>
#include <cstring>
#include <memory>
#include <string>

#include "net/server/channel.h"

namespace memsync::net::server {

/// A Channel as Asio's AsyncReadStream and AsyncWriteStream, which Beast's WebSocket wants below it. What the
/// connection had read before comes first. Network thread only; operations under way outlive it.
class ChannelStream {
 public:
  using executor_type = boost::asio::io_context::executor_type;

  ChannelStream(boost::asio::io_context& io, Channel channel, std::string already_read)
      : state_(
            std::make_shared<State>(State{io.get_executor(), std::move(channel), std::move(already_read)})) {}

  executor_type get_executor() const noexcept { return state_->executor; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return attempt(
        [room = first_of(buffers)](State& state) {
          std::string& before = state.already_read;
          if (before.empty()) return state.channel.read(room);
          const std::size_t size = std::min(room.size(), before.size());
          std::memcpy(room.data(), before.data(), size);
          before.erase(0, size);
          return Io{IoState::done, size};
        },
        std::forward<Token>(token));
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return attempt(
        [bytes = first_of(buffers)](State& state) {
          return state.channel.write(std::string_view(bytes.data(), bytes.size()));
        },
        std::forward<Token>(token));
  }

  Channel& channel() { return state_->channel; }

 private:
  struct State {
    executor_type executor;
    Channel channel;
    std::string already_read;
  };

  /// The first buffer that is not empty.
  template <class Buffers>
  static auto first_of(const Buffers& buffers) {
    using Byte =
        std::conditional_t<boost::beast::is_mutable_buffer_sequence<Buffers>::value, char, const char>;
    for (const auto& buffer : boost::beast::buffers_range_ref(buffers))
      if (buffer.size() > 0) return std::span<Byte>(static_cast<Byte*>(buffer.data()), buffer.size());
    return std::span<Byte>();
  }

  /// Tries until it is done, waiting for the channel in between. The first try comes from the loop: what
  /// completes must not do so inside the call that began it.
  template <class Try, class Token>
  auto attempt(Try&& try_once, Token&& token) {
    const auto step = [state = state_, try_once = std::forward<Try>(try_once), has_begun = false](
                          auto& self, const boost::system::error_code& failure = {}) mutable {
      // Copies: what is moved with `self` may not be used behind it.
      const auto kept = state;
      if (!std::exchange(has_begun, true)) return boost::asio::post(kept->executor, std::move(self));
      if (failure) return self.complete(failure, 0);
      const Io io = try_once(*kept);
      if (io.state == IoState::done) return self.complete({}, io.bytes);
      if (io.state == IoState::closed) return self.complete(boost::asio::error::eof, 0);
      kept->channel.wait(io.state, std::move(self));
    };
    return boost::asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(step, token,
                                                                                           get_executor());
  }

  std::shared_ptr<State> state_;
};

/// Found by Beast when an operation took too long.
inline void beast_close_socket(ChannelStream& stream) { stream.channel().close(); }

/// Found by Beast when a WebSocket has been closed in both directions, or has failed.
inline void teardown(boost::beast::role_type, ChannelStream& stream, boost::system::error_code& failure) {
  stream.channel().finish_sending();
  failure = {};
}
template <class Handler>
void async_teardown(boost::beast::role_type, ChannelStream& stream, Handler&& handler) {
  stream.channel().finish_sending();
  boost::asio::post(stream.get_executor(), boost::beast::bind_front_handler(std::forward<Handler>(handler),
                                                                            boost::system::error_code()));
}

} // namespace memsync::net::server
