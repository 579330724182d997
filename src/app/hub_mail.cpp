#include "app/hub_mail.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>

namespace memsync::app {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr const char* k_password_variable = "MEMSYNC_HUB_SMTP_PASSWORD";

Result<std::string> find_password(const MailOptions& options) {
  std::string password;
  if (!options.password_file.empty()) {
    std::ifstream file(options.password_file);
    if (!file || !std::getline(file, password) || password.empty())
      return Error{
          ErrorCode::validation,
          fmt::format("--smtp-password-file {}: its first line must be the password", options.password_file)};
  } else if (const char* const value = std::getenv(k_password_variable)) {
    password = value;
  }
  if (options.user.empty() == password.empty()) return password;
  return Error{ErrorCode::validation,
               fmt::format("--smtp-user and a password (--smtp-password-file or {}) go "
                           "together",
                           k_password_variable)};
}

hub::MailSecurity security_of(const std::string& tls) {
  if (tls == "none") return hub::MailSecurity::none;
  return tls == "opportunistic" ? hub::MailSecurity::opportunistic : hub::MailSecurity::required;
}

} // namespace

void add_mail_options(CLI::App& command, MailOptions& options) {
  command
      .add_option("--smtp-url", options.url,
                  "Mail server for invitations: smtp://host:587 or smtps://host:465; default: no mail")
      ->envname("MEMSYNC_HUB_SMTP_URL");
  command.add_option("--smtp-from", options.from, "The address that mail comes from")
      ->envname("MEMSYNC_HUB_SMTP_FROM");
  command.add_option("--smtp-user", options.user, "User at the mail server")
      ->envname("MEMSYNC_HUB_SMTP_USER");
  command
      .add_option("--smtp-password-file", options.password_file,
                  fmt::format("File whose first line is the password; else {}", k_password_variable))
      ->envname("MEMSYNC_HUB_SMTP_PASSWORD_FILE");
  command.add_option("--smtp-tls", options.tls, "required, opportunistic or none")
      ->envname("MEMSYNC_HUB_SMTP_TLS")
      ->check(CLI::IsMember({"required", "opportunistic", "none"}))
      ->capture_default_str();
  command
      .add_option("--smtp-ca-file", options.ca_file,
                  "Certificates of the mail server's private authority; default: the system's")
      ->envname("MEMSYNC_HUB_SMTP_CA_FILE");
}

Result<std::unique_ptr<hub::Mailer>> make_mailer(const MailOptions& options, base::Clock& clock,
                                                 base::Random& random) {
  if (options.url.empty()) return std::unique_ptr<hub::Mailer>();
  if (options.from.empty())
    return Error{ErrorCode::validation, "--smtp-from must be the address that mail comes from"};
  hub::SmtpServer server;
  server.url = options.url;
  server.from = options.from;
  server.user = options.user;
  TRY_ASSIGN(server.password, find_password(options));
  server.ca_file = options.ca_file;
  server.security = security_of(options.tls);
  return hub::make_smtp_mailer(std::move(server), clock, random);
}

} // namespace memsync::app
