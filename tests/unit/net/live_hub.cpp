#include "tests/unit/net/live_hub.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hub/backends/sqlite_store.h"
#include "model/number.h"
#include "model/sibling_key.h"
#include "wire/operation_codec.h"

namespace memsync::tests {

namespace {

constexpr int k_patience_seconds = 10;

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

Reply parse_head(std::string_view head) {
  Reply reply;
  std::size_t at = head.find("\r\n");
  reply.status = static_cast<int>(model::parse_u64(head.substr(9, 3)).value_or(0));
  while (at + 2 < head.size()) {
    const auto end = head.find("\r\n", at + 2);
    const std::string_view line = head.substr(at + 2, end - at - 2);
    const auto colon = line.find(": ");
    if (colon != std::string_view::npos)
      reply.headers[lower(std::string(line.substr(0, colon)))] = line.substr(colon + 2);
    at = end;
  }
  return reply;
}

} // namespace

std::string Reply::code() const {
  const auto type = headers.find("content-type");
  if (type == headers.end() || type->second != "application/problem+json") return "";
  const base::Json problem = json();
  CHECK(problem.value("status", 0) == status);
  CHECK_FALSE(problem.value("detail", "").empty());
  return problem.value("code", "");
}

TestConnection::TestConnection(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{k_patience_seconds, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
}

TestConnection::~TestConnection() { ::close(socket_); }

void TestConnection::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return; // the peer may refuse early
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void TestConnection::finish_sending() const { ::shutdown(socket_, SHUT_WR); }

std::string TestConnection::read_some() {
  if (!in_.empty()) return std::exchange(in_, "");
  std::string piece(65536, '\0');
  const ssize_t got = ::recv(socket_, piece.data(), piece.size(), 0);
  piece.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return piece;
}

std::optional<Reply> TestConnection::receive() {
  for (;;) {
    const auto end = in_.find("\r\n\r\n");
    if (end != std::string::npos) {
      Reply reply = parse_head(std::string_view(in_).substr(0, end + 2));
      const auto length = reply.headers.find("content-length");
      const std::size_t size =
          length == reply.headers.end() ? 0 : model::parse_u64(length->second).value_or(0);
      if (in_.size() >= end + 4 + size) {
        reply.body = in_.substr(end + 4, size);
        in_.erase(0, end + 4 + size);
        return reply;
      }
    }
    std::string before = std::exchange(in_, "");
    const std::string piece = read_some();
    in_ = std::move(before) + piece;
    if (piece.empty()) return std::nullopt;
  }
}

bool TestConnection::is_closed_by_peer() {
  if (!in_.empty()) return false;
  char byte = 0;
  const ssize_t got = ::recv(socket_, &byte, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

TestStream::TestStream(std::uint16_t port, const std::string& path, const std::string& token,
                       const std::string& more_headers)
    : connection_(port) {
  connection_.send(fmt::format("GET {} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n{}\r\n", path,
                               token, more_headers));
  const auto head = connection_.receive();
  REQUIRE(head);
  head_ = *head;
}

std::optional<wire::SseEvent> TestStream::next() {
  while (ready_.empty()) {
    const std::string piece = connection_.read_some();
    if (piece.empty()) return std::nullopt;
    ready_ = parser_.feed(piece);
  }
  wire::SseEvent event = std::move(ready_.front());
  ready_.erase(ready_.begin());
  return event;
}

std::optional<wire::SseEvent> TestStream::next(std::string_view name) {
  for (auto event = next(); event; event = next())
    if (event->event == name) return event;
  return std::nullopt;
}

LiveHub::LiveHub(net::server::ServerOptions options, hub::HubOptions hub_options) {
  hub::SqliteStoreOptions store_options;
  store_options.path = folder_.file("hub.db");
  store_ = *hub::SqliteStore::open(store_options, random_);
  const auto made = admin().init("owner@example.org", "Olivia Owner", "Team");
  REQUIRE(made);
  owner_ = {made->user, made->token};
  team_ = made->workspace;
  gate_ = std::make_unique<GatedStore>(*store_);
  hub_ = *hub::Hub::open(clock_, random_, *gate_, broker_, hub_options);
  options.listen = "127.0.0.1:0";
  server_ = std::make_unique<net::server::Server>(*hub_, clock_, options);
  const auto url = server_->listen();
  REQUIRE(url);
  url_ = *url;
  port_ = static_cast<std::uint16_t>(*model::parse_u64(url_.substr(url_.rfind(':') + 1)));
  thread_ = std::thread([this] { server_->run(); });
}

LiveHub::~LiveHub() {
  gate_->open();
  end_server();
}

void LiveHub::end_server() {
  if (server_) server_->stop();
  join();
  server_.reset();
}

void LiveHub::join() {
  if (thread_.joinable()) thread_.join();
}

std::string LiveHub::team_path(std::string_view rest) const {
  return fmt::format("/api/v1/workspaces/{}{}", team_.view(), rest);
}

LiveHub::Person LiveHub::add_stranger(const std::string& email) {
  const auto made = admin().create_user(email, "Somebody");
  REQUIRE(made);
  return {made->user.id, made->token};
}

LiveHub::Person LiveHub::add_member(const std::string& email, model::Role role) {
  const auto invited = admin().invite(team_.view(), email, role);
  REQUIRE(invited);
  const auto accepted = hub_->accept_invitation(invited->token, "Somebody", std::nullopt, "127.0.0.1");
  REQUIRE(accepted);
  return {accepted->user, accepted->token};
}

Reply LiveHub::call(const std::string& method, const std::string& path, const std::string& token,
                    const std::string& body, const std::string& more_headers,
                    const std::string& content_type) const {
  TestConnection connection(port_);
  std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: h\r\n", method, path);
  if (!token.empty()) request += fmt::format("Authorization: Bearer {}\r\n", token);
  if (!body.empty())
    request += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", content_type, body.size());
  connection.send(request + more_headers + "\r\n" + body);
  const auto reply = connection.receive();
  REQUIRE(reply);
  return *reply;
}

std::string LiveHub::push_body(int count, const std::string& title) {
  wire::PushRequest request;
  request.replica = model::ReplicaId::random(random_);
  for (int i = 1; i <= count; ++i) {
    model::Operation op;
    op.n = static_cast<std::uint64_t>(i);
    op.kind = model::OperationKind::create;
    op.target = model::ItemId::random(random_);
    op.fields.title = title;
    op.place = model::Place{{}, "a"};
    wire::seal(op);
    request.operations.push_back(std::move(op));
  }
  return wire::encode(request);
}

Reply LiveHub::push(const Person& person, int count, const std::string& title) {
  return call("POST", team_path("/push"), person.token, push_body(count, title));
}

model::ConflictId LiveHub::open_conflict(const Person& author, const model::WorkspaceId& workspace,
                                         const model::NodeId& node) {
  const auto principal = hub_->authenticate(author.token);
  REQUIRE(principal);
  std::optional<model::ConflictId> opened;
  for (const char* text : {"first", "second"}) {
    model::Operation op;
    op.n = 1;
    op.kind = model::OperationKind::update;
    op.target = *model::ItemId::parse(node.view());
    op.base = model::Sequence{1};
    op.fields.content = model::TextChange{text, base::Hash128::of("")};
    op.strategy = model::Strategy::manual;
    wire::seal(op);
    const auto answer = hub_->push(*principal, workspace, {model::ReplicaId::random(random_), {}, {op}});
    REQUIRE(answer);
    if (answer->results[0].conflict) opened = answer->results[0].conflict;
  }
  REQUIRE(opened);
  return *opened;
}

std::string LiveHub::cursor_at(std::uint64_t sequence) const {
  return model::Cursor{hub_->epoch(), model::Sequence{sequence}}.str();
}

} // namespace memsync::tests
