#include "net/server/event_stream.h"

#include "net/server/core.h"

namespace memsync::net::server {

namespace {

constexpr int k_kernel_buffer_bytes = 64 << 10;
constexpr std::size_t k_take_bytes = std::size_t{64} << 10; // what one write may take
constexpr std::size_t k_write_pieces = 64;

} // namespace

void EventStream::attach(Core& core, Channel channel, std::string_view head) {
  core_ = &core;
  channel_.emplace(std::move(channel));
  channel_->limit_send_buffer(k_kernel_buffer_bytes);
  refill();
  queue_.insert(queue_.begin(), hub::StreamPiece{std::make_shared<const std::string>(head), 0, head.size()});
  watch_peer();
  send_more();
}

void EventStream::on_ready() {
  if (!channel_) return;
  // Its peer does not read, so the socket would stay blocked, and open, for ever.
  if (subscription_->has_stalled()) return close();
  if (!blocked_) send_more();
}

bool EventStream::refill() {
  next_ = 0;
  do {
    queue_ = subscription_->take(k_take_bytes);
    if (queue_.empty()) return false;
    std::erase_if(queue_, [](const hub::StreamPiece& piece) { return piece.view().empty(); });
  } while (queue_.empty());
  return true;
}

void EventStream::consume(std::size_t bytes) {
  while (bytes > 0) {
    hub::StreamPiece& piece = queue_[next_];
    const std::size_t left = piece.view().size();
    if (bytes < left) {
      piece.offset += bytes;
      piece.size -= bytes;
      return;
    }
    bytes -= left;
    piece.bytes.reset();
    ++next_;
  }
}

void EventStream::send_more() {
  while (channel_) {
    if (next_ == queue_.size() && !refill()) {
      if (!subscription_->is_over()) return;
      channel_->finish_sending();
      return close();
    }
    std::array<std::string_view, k_write_pieces> buffers;
    const std::size_t count = std::min(queue_.size() - next_, buffers.size());
    for (std::size_t i = 0; i < count; ++i) buffers[i] = queue_[next_ + i].view();
    const Io io = channel_->write(std::span(buffers.data(), count));
    if (io.state == IoState::closed) return close();
    if (io.state != IoState::done) return wait_to_send(io.state);
    consume(io.bytes);
  }
}

void EventStream::wait_to_send(IoState direction) {
  // A TLS write that has to read first is tried again by watch_peer, which waits for exactly that.
  if (direction == IoState::wants_read) return;
  blocked_ = true;
  channel_->wait(direction, [self = shared_from_this()](const boost::system::error_code&) {
    self->blocked_ = false;
    self->send_more();
  });
}

void EventStream::watch_peer() {
  channel_->wait(IoState::wants_read, [self = shared_from_this()](const boost::system::error_code& failure) {
    if (!self->channel_) return;
    if (failure) return self->close();
    std::array<char, 1024> ignored; // nothing is expected; reading it shows the end
    Io io{IoState::done, 0};
    for (int tries = 0; tries < 16 && io.state == IoState::done; ++tries) io = self->channel_->read(ignored);
    if (io.state != IoState::wants_read && io.state != IoState::wants_write) return self->close();
    self->watch_peer();
    self->on_ready();
  });
}

void EventStream::close() {
  if (!channel_) return;
  channel_->close();
  channel_.reset();
  subscription_.reset();
  queue_.clear();
  core_->remove(*this);
}

} // namespace memsync::net::server
