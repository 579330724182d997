#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace memsync::hub {

/// A plain text message to one address.
struct Mail {
  std::string to, subject, text;
};

/// What sends mail. Thread-safe; blocking.
class Mailer {
 public:
  virtual ~Mailer() = default;
  /// Done when the server has taken it; `offline` with the reason otherwise.
  virtual base::Result<> send(const Mail& mail) = 0;
  /// From another thread: what is under way fails within some two seconds, and everything after it.
  virtual void stop() = 0;
};

enum class MailSecurity {
  required,      // TLS, or nothing is sent
  opportunistic, // TLS when the server offers it
  none
};

/// An SMTP server and how to use it.
struct SmtpServer {
  std::string url;            // "smtp://host:587" (STARTTLS), "smtps://host:465" (TLS from the start)
  std::string from;           // the address that mail comes from
  std::string user, password; // empty: the server wants none
  std::string ca_file;        // certificates of a private authority; empty: the system's
  MailSecurity security = MailSecurity::required;
  std::chrono::seconds limit{20}; // for one mail
};

/// Sends through libcurl. Fails with `validation` for an address that is no SMTP URL, a `from` that is no
/// e-mail address, and a password that would leave the machine without TLS. Connects to nothing yet.
base::Result<std::unique_ptr<Mailer>> make_smtp_mailer(SmtpServer server, base::Clock& clock,
                                                       base::Random& random);

/// The message as it travels (RFC 5322, RFC 2045, RFC 2047): any subject and text, in lines of ASCII.
std::string format_message(const Mail& mail, const std::string& from, base::Timestamp now,
                           const std::string& id);

} // namespace memsync::hub
