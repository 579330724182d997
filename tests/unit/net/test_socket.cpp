#include "tests/unit/net/test_socket.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace memsync::tests {

using base::Json;

namespace {

constexpr std::size_t k_short = 126, k_medium = 65'536; // lengths from which more bytes tell them

std::size_t number(std::string_view bytes) {
  std::size_t value = 0;
  for (const char byte : bytes) value = value << 8u | static_cast<unsigned char>(byte);
  return value;
}

} // namespace

TestSocket::TestSocket(const LiveHub& hub, const std::string& path, const std::string& token,
                       const std::string& more_headers)
    : connection_(hub.port()) {
  const std::string bearer = token.empty() ? "" : fmt::format("Authorization: Bearer {}\r\n", token);
  connection_.send(
      fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n{}{}{}\r\n", path, k_upgrade_headers, bearer, more_headers));
  const auto head = connection_.receive();
  REQUIRE(head);
  head_ = *head;
}

void TestSocket::send(Opcode opcode, std::string_view payload, Mask mask) const {
  constexpr std::string_view k_key = "\x11\x22\x33\x44";
  const unsigned masked = mask == Mask::yes ? 0x80u : 0;
  std::string frame(1, static_cast<char>(0x80u | static_cast<unsigned>(opcode)));
  const auto append = [&](std::size_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) frame += static_cast<char>(value >> (8u * static_cast<unsigned>(i)));
  };
  if (payload.size() < k_short) {
    append(masked | payload.size(), 1);
  } else {
    append(masked | (payload.size() < k_medium ? 126u : 127u), 1);
    append(payload.size(), payload.size() < k_medium ? 2 : 8);
  }
  if (mask == Mask::yes) frame += k_key;
  for (std::size_t i = 0; i < payload.size(); ++i)
    frame += mask == Mask::yes ? static_cast<char>(payload[i] ^ k_key[i % k_key.size()]) : payload[i];
  connection_.send(frame);
}

bool TestSocket::fill(std::size_t size) {
  while (in_.size() < size) {
    const std::string piece = connection_.read_some();
    if (piece.empty()) return false;
    in_ += piece;
  }
  return true;
}

std::optional<TestSocket::Frame> TestSocket::read_frame() {
  if (!fill(2)) return std::nullopt;
  std::size_t head = 2;
  std::size_t size = static_cast<unsigned char>(in_[1]);
  if (size >= k_short) {
    head += size == k_short ? 2 : 8;
    if (!fill(head)) return std::nullopt;
    size = number(std::string_view(in_).substr(2, head - 2));
  }
  if (!fill(head + size)) return std::nullopt;
  Frame frame{in_[0] & 0x0f, in_.substr(head, size)};
  in_.erase(0, head + size);
  return frame;
}

std::optional<Json> TestSocket::next_of_any_type() {
  for (auto frame = read_frame(); frame; frame = read_frame()) {
    switch (static_cast<Opcode>(frame->opcode)) {
      case Opcode::text: return Json::parse(frame->payload);
      case Opcode::close:
        close_code_ = static_cast<int>(number(std::string_view(frame->payload).substr(0, 2)));
        return std::nullopt;
      case Opcode::binary:
      case Opcode::ping:
      case Opcode::pong: break;
    }
  }
  return std::nullopt;
}

std::optional<Json> TestSocket::next() {
  auto message = next_of_any_type();
  while (message && (*message)["type"] == "present") message = next_of_any_type();
  return message;
}

std::optional<Json> TestSocket::next(std::string_view type) {
  for (auto message = next_of_any_type(); message; message = next_of_any_type())
    if ((*message)["type"] == type) return message;
  return std::nullopt;
}

Json TestSocket::ask(Json message) {
  const std::string id = std::to_string(++asked_);
  message["id"] = id;
  send(message);
  for (auto answer = next(); answer; answer = next())
    if (answer->value("id", "") == id) return *answer;
  FAIL("the hub closed instead of answering " << message.dump());
  return {};
}

int TestSocket::close_code() {
  while (next()) continue;
  return close_code_;
}

} // namespace memsync::tests
