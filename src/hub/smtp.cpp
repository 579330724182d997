#include <array>
#include <atomic>
#include <curl/curl.h>

#include "hub/accounts.h"
#include "hub/mail.h"

namespace memsync::hub {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

struct CurlEnd {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// What libcurl reads the message from.
struct Source {
  std::string text;
  std::size_t read = 0;

  static std::size_t take(char* room, std::size_t size, std::size_t count, void* self) {
    auto& source = *static_cast<Source*>(self);
    const std::size_t bytes = std::min(size * count, source.text.size() - source.read);
    source.text.copy(room, bytes, source.read);
    source.read += bytes;
    return bytes;
  }
};

long use_of(MailSecurity security) {
  switch (security) {
    case MailSecurity::required: return CURLUSESSL_ALL;
    case MailSecurity::opportunistic: return CURLUSESSL_TRY;
    case MailSecurity::none: return CURLUSESSL_NONE;
  }
  return CURLUSESSL_ALL;
}

/// The host of "smtp://host:port".
std::string host_of(const std::string& url) {
  const auto begin = url.find("://") + 3;
  std::string host = url.substr(begin, url.find('/', begin) - begin);
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.rfind(':'));
}

bool is_this_machine(const std::string& host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

class SmtpMailer final : public Mailer {
 public:
  SmtpMailer(SmtpServer server, base::Clock& clock, base::Random& random)
      : server_(std::move(server)), clock_(clock), random_(random) {}

  void stop() override { is_stopped_ = true; }

  Result<> send(const Mail& mail) override {
    const std::unique_ptr<CURL, CurlEnd> curl(curl_easy_init());
    if (!curl) return Error{ErrorCode::busy, "not enough memory to send mail"};
    const std::unique_ptr<curl_slist, CurlEnd> to(
        curl_slist_append(nullptr, fmt::format("<{}>", mail.to).c_str()));
    Source source{
        format_message(mail, server_.from, clock_.now(), base::Id<struct MessageTag>::random(random_).str())};
    std::array<char, CURL_ERROR_SIZE> reason{};
    configure(curl.get(), to.get(), source, reason.data());
    const CURLcode code = curl_easy_perform(curl.get());
    if (code == CURLE_OK) return {};
    const std::string why = reason[0] != '\0' ? reason.data() : curl_easy_strerror(code);
    return Error{ErrorCode::offline, fmt::format("{} did not take the mail: {}", server_.url, why)};
  }

 private:
  /// Called by libcurl at least once a second; anything but 0 ends the transfer.
  static int is_over(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<SmtpMailer*>(self)->is_stopped_ ? 1 : 0;
  }

  void configure(CURL* curl, curl_slist* to, Source& source, char* reason) {
    const std::string from = fmt::format("<{}>", server_.from);
    curl_easy_setopt(curl, CURLOPT_URL, server_.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); // of HTTP: not meant for mail
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(server_.limit.count()));
    curl_easy_setopt(curl, CURLOPT_USE_SSL, use_of(server_.security));
    if (!server_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, server_.ca_file.c_str());
    if (!server_.user.empty()) {
      curl_easy_setopt(curl, CURLOPT_USERNAME, server_.user.c_str());
      curl_easy_setopt(curl, CURLOPT_PASSWORD, server_.password.c_str());
    }
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from.c_str());
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, &Source::take);
    curl_easy_setopt(curl, CURLOPT_READDATA, &source);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &SmtpMailer::is_over);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, this);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  }

  const SmtpServer server_;
  std::atomic<bool> is_stopped_{false};
  base::Clock& clock_;
  base::Random& random_;
};

} // namespace

Result<std::unique_ptr<Mailer>> make_smtp_mailer(SmtpServer server, base::Clock& clock,
                                                 base::Random& random) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) return Error{ErrorCode::internal, "libcurl cannot be used here"};
  const bool is_smtps = server.url.starts_with("smtps://");
  if ((!server.url.starts_with("smtp://") && !is_smtps) || host_of(server.url).empty())
    return Error{
        ErrorCode::validation,
        fmt::format("'{}' is no mail server: write smtp://host:587 or smtps://host:465", server.url)};
  if (server.url.find('@') != std::string::npos)
    return Error{ErrorCode::validation,
                 "the mail server's address holds no user or password: give them apart"};
  TRY_ASSIGN(server.from, parse_email(server.from));
  const bool is_safe = is_smtps || server.security == MailSecurity::required;
  if (!server.user.empty() && !is_safe && !is_this_machine(host_of(server.url)))
    return Error{ErrorCode::validation, "the mail password would travel without TLS: require TLS"};
  return std::unique_ptr<Mailer>(std::make_unique<SmtpMailer>(std::move(server), clock, random));
}

} // namespace memsync::hub
