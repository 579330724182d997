#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "hub/mail.h"

namespace CLI {
class App;
}

namespace memsync::app {

/// The options that name a mail server. The password comes from a file or the environment, never from the
/// command line, which everybody on the machine can read.
struct MailOptions {
  std::string url, from, user, password_file, ca_file, tls = "required";
};
void add_mail_options(CLI::App& command, MailOptions& options);

/// Nothing without a server's address; `validation` for options that do not fit together.
base::Result<std::unique_ptr<hub::Mailer>> make_mailer(const MailOptions& options, base::Clock& clock,
                                                       base::Random& random);

} // namespace memsync::app
