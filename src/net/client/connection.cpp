#include "net/client/connection.h"

#include <array>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/utf8.h"
#include "model/number.h"
#include "wire/hub_messages.h"

namespace memsync::net::client {

using base::Error;
using base::ErrorCode;
using base::Expected;
using base::Result;

namespace {

/// The Date header (RFC 9110, section 5.6.7), IMF-fixdate only: the form every server must send.
std::optional<base::Timestamp> parse_http_date(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const std::time_t seconds = ::timegm(&parts);
  return base::Timestamp(std::chrono::seconds(seconds));
}

std::string media_type(std::string value) {
  value.resize(std::min(value.find(';'), value.size()));
  while (value.ends_with(' ')) value.pop_back();
  for (char& c : value)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return value;
}

AnswerHead head_of(const httplib::Response& response) {
  AnswerHead head;
  head.status = response.status;
  head.content_type = media_type(response.get_header_value("Content-Type"));
  head.location = base::make_visible(response.get_header_value("Location"));
  head.hub_time = parse_http_date(response.get_header_value("Date"));
  if (const auto seconds = model::parse_u64(response.get_header_value("Retry-After")))
    head.retry_after_s = static_cast<std::int64_t>(std::min<std::uint64_t>(*seconds, 86'400));
  return head;
}

NoAnswer no_answer(httplib::Error error, const HubAccess& access) {
  const std::string hub = access.endpoint.str();
  switch (error) {
    case httplib::Error::SSLServerVerification:
      return {false, fmt::format("the certificate of {} is not trusted: name its authority with ca_file in "
                                 "config.json",
                                 hub)};
    case httplib::Error::SSLLoadingCerts:
      return {false, fmt::format("the certificates in {} cannot be read", access.ca_path)};
    case httplib::Error::SSLConnection: return {false, fmt::format("{} does not answer with TLS", hub)};
    case httplib::Error::ConnectionTimeout:
    case httplib::Error::Connection:
    case httplib::Error::BindIPAddress: return {false, fmt::format("cannot connect to {}", hub)};
    case httplib::Error::Success:
    case httplib::Error::Unknown:
    case httplib::Error::Read:
    case httplib::Error::Write:
    case httplib::Error::ExceedRedirectCount:
    case httplib::Error::Canceled:
    case httplib::Error::UnsupportedMultipartBoundaryChars:
    case httplib::Error::Compression: break;
  }
  return {true, fmt::format("the connection to {} broke", hub)};
}

} // namespace

Result<> check_access(const HubAccess& access) {
  for (const std::string* text : {&access.token, &access.user_agent, &access.endpoint.host}) {
    if (!is_header_safe(*text))
      return Error{ErrorCode::validation,
                   "the token contains a line break or another control character: paste it again"};
  }
  TRY(find_proxy(access.proxies, access.endpoint));
  return {};
}

Interrupter::~Interrupter() {
  if (duplicate_ >= 0) ::close(duplicate_);
}

void Interrupter::interrupt() {
  const std::lock_guard lock(mutex_);
  is_interrupted_ = true;
  if (duplicate_ >= 0) ::shutdown(duplicate_, SHUT_RDWR);
}

bool Interrupter::is_interrupted() const {
  const std::lock_guard lock(mutex_);
  return is_interrupted_;
}

void Interrupter::watch(int socket) {
  const std::lock_guard lock(mutex_);
  if (duplicate_ >= 0) ::close(duplicate_);
  duplicate_ = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  // Shut down before it connects, a socket fails every later call, so interrupting wins this race too.
  if (is_interrupted_) ::shutdown(socket, SHUT_RDWR);
}

struct Connection::State {
  HubAccess access;
  Timeouts timeouts;
  Interrupter& interrupter;
  httplib::Headers headers;
  std::unique_ptr<httplib::ClientImpl> client;
  bool was_used = false; // by a request that got its answer, so that the connection may be a kept one

  State(const HubAccess& a, const Timeouts& t, Interrupter& i) : access(a), timeouts(t), interrupter(i) {
    headers.emplace("User-Agent", access.user_agent);
    if (!access.token.empty()) headers.emplace("Authorization", "Bearer " + access.token);
  }

  void connect() {
    const Endpoint& endpoint = access.endpoint;
    if (endpoint.is_tls) {
      client = std::make_unique<httplib::SSLClient>(endpoint.host, endpoint.port);
      if (!access.ca_path.empty()) client->set_ca_cert_path(access.ca_path);
      client->enable_server_certificate_verification(true);
    } else {
      client = std::make_unique<httplib::ClientImpl>(endpoint.host, endpoint.port);
    }
    client->set_connection_timeout(timeouts.connect);
    client->set_read_timeout(timeouts.read);
    client->set_write_timeout(timeouts.read);
    client->set_tcp_nodelay(true); // off by default: Nagle with delayed ACK costs 40 ms
    client->set_keep_alive(true);
    client->set_follow_location(false);
    client->set_url_encode(false);
    client->set_socket_options([this](socket_t socket) { interrupter.watch(socket); });
    if (const auto proxy = find_proxy(access.proxies, endpoint); proxy && *proxy) {
      client->set_proxy((*proxy)->host, (*proxy)->port);
      if (!(*proxy)->user.empty()) client->set_proxy_basic_auth((*proxy)->user, (*proxy)->password);
    }
    was_used = false;
  }

  Expected<Answer, NoAnswer> exchange(const std::function<httplib::Request()>& make_request) {
    for (;;) {
      if (interrupter.is_interrupted()) return NoAnswer{false, "stopped"};
      if (!client) connect();
      const bool was_kept = was_used;
      httplib::Request request = make_request();
      std::string body;
      request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
        if (body.size() + size > wire::k_answer_limits.max_bytes) return false;
        body.append(data, size);
        return true;
      };
      const httplib::Result result = client->send(request);
      if (result) {
        was_used = true;
        return Answer{head_of(*result), std::move(body)};
      }
      const NoAnswer reason = no_answer(result.error(), access);
      client.reset();
      // The hub may have closed the kept connection in the moment we sent; every request of ours may be
      // repeated, pushes by their numbers.
      if (!was_kept) return reason;
    }
  }
};

Connection::Connection(const HubAccess& access, const Timeouts& timeouts, Interrupter& interrupter)
    : state_(std::make_unique<State>(access, timeouts, interrupter)) {}
Connection::~Connection() = default;

Expected<Answer, NoAnswer> Connection::send(const std::string& method, const std::string& path,
                                            const std::string& json) {
  return state_->exchange([&] {
    httplib::Request request;
    request.method = method;
    request.path = state_->access.endpoint.path + path;
    request.headers = state_->headers;
    if (!json.empty()) request.headers.emplace("Content-Type", "application/json");
    request.body = json;
    return request;
  });
}

Expected<Answer, NoAnswer> Connection::get(const std::string& path) { return send("GET", path, ""); }

Expected<Answer, NoAnswer> Connection::post(const std::string& path, const std::string& json) {
  return send("POST", path, json);
}

Expected<AnswerHead, NoAnswer> Connection::stream(const std::string& path,
                                                  const std::function<bool(const AnswerHead&)>& head,
                                                  const std::function<bool(std::string_view)>& body) {
  if (state_->interrupter.is_interrupted()) return NoAnswer{false, "stopped"};
  state_->connect();
  httplib::Headers headers = state_->headers;
  headers.emplace("Accept", "text/event-stream");
  headers.emplace("Cache-Control", "no-cache");
  const httplib::Result result = state_->client->Get(
      state_->access.endpoint.path + path, headers,
      [&](const httplib::Response& response) { return head(head_of(response)); },
      [&](const char* data, std::size_t size) {
        return body({data, size});
      });
  state_->client.reset();
  if (!result) return no_answer(result.error(), state_->access);
  return head_of(*result);
}

} // namespace memsync::net::client
