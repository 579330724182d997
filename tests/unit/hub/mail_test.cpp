#include "hub/mail.h"

#include "hub/invitation_mail.h"
#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;

namespace {

/// A mail server that keeps, or refuses, what it is given.
struct KeepingMailer final : Mailer {
  std::vector<Mail> mails;
  bool refuses = false;
  base::Result<> send(const Mail& mail) override {
    if (refuses) return base::Error{ErrorCode::offline, "no mail today"};
    mails.push_back(mail);
    return {};
  }
  void stop() override {}
};

const base::Timestamp k_now = *base::parse_time("2026-11-28T07:05:09Z", {});

std::string message_of(const std::string& subject, const std::string& text) {
  return format_message({"bob@example.org", subject, text}, "hub@example.com", k_now, "id");
}

} // namespace

TEST_CASE("a mail has the headers that mail servers want") {
  const std::string message = message_of("Hello", "text\n");
  for (const char* line :
       {"Date: Sat, 28 Nov 2026 07:05:09 +0000\r\n", "From: memsync <hub@example.com>\r\n",
        "To: <bob@example.org>\r\n", "Subject: Hello\r\n", "Message-ID: <id@example.com>\r\n",
        "Content-Type: text/plain; charset=utf-8\r\n"}) {
    CAPTURE(line);
    CHECK(message.find(line) != std::string::npos);
  }
  CHECK(message.substr(message.find("\r\n\r\n")) == "\r\n\r\ndGV4dAo=\r\n");
}

TEST_CASE("a mail is lines of ASCII, whatever its subject and text are") {
  std::string long_text;
  for (int i = 0; i < 100; ++i) long_text += "\U0001F680 Gr\u00fc\u00dfe ";
  for (const std::string& subject : {long_text, std::string("=?UTF-8?B?x?="), std::string(200, 'x')}) {
    const std::string message = message_of(subject, ".\r\n" + long_text);
    CHECK(message.find("\nSubject: =?UTF-8?B?") != std::string::npos);
    std::size_t begin = 0;
    while (begin < message.size()) {
      const auto end = message.find("\r\n", begin);
      REQUIRE(end != std::string::npos);
      CHECK(end - begin <= 78);
      for (std::size_t i = begin; i < end; ++i) CHECK((message[i] >= ' ' && message[i] <= '~'));
      CHECK(message.substr(begin, end - begin) != ".");
      begin = end + 2;
    }
  }
}

TEST_CASE("a mail server's address, sender and password are checked before anything is sent") {
  base::SeededRandom random(1);
  base::SystemClock clock;
  const auto make = [&](SmtpServer server) { return make_smtp_mailer(std::move(server), clock, random); };
  const auto server = [](std::string url, MailSecurity security = MailSecurity::required) {
    SmtpServer made;
    made.url = std::move(url);
    made.from = "hub@example.com";
    made.user = "hub";
    made.password = "secret";
    made.security = security;
    return made;
  };
  CHECK(make(server("smtp://mail.example.com:587")));
  CHECK(make(server("smtps://mail.example.com:465", MailSecurity::none)));
  CHECK(make(server("smtp://127.0.0.1:2525", MailSecurity::none)));
  CHECK_FALSE(make(server("smtp://mail.example.com:587", MailSecurity::none)));
  CHECK_FALSE(make(server("smtp://mail.example.com:587", MailSecurity::opportunistic)));
  for (const char* url :
       {"", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://u:p@mail.example.com"}) {
    CAPTURE(url);
    CHECK_FALSE(make(server(url)));
  }
  SmtpServer nobody = server("smtp://mail.example.com:587");
  nobody.from = "not an address";
  CHECK_FALSE(make(nobody));
}

TEST_CASE("an invitation is mailed to its address with the link, and names cannot deceive") {
  HubFixture f;
  KeepingMailer mailer;
  f.options.mailer = &mailer;
  f.reopen();
  must(f.hub->change_workspace(f.olga.principal, f.team, {"Te\u202eam", {}, {}}));
  const auto issued = must(f.hub->invite(f.olga.principal, f.team, "bob@example.org", Role::viewer));
  CHECK(f.hub->mail_invitation(f.olga.principal, issued.invitation, "https://hub/invite/x") ==
        Hub::Mailing::queued);
  REQUIRE(mailer.mails.size() == 1);
  CHECK(mailer.mails[0].to == "bob@example.org");
  CHECK(mailer.mails[0].subject == "Olga invites you to \"Te\\u{202E}am\" on memsync");
  CHECK(mailer.mails[0].text.find("https://hub/invite/x") != std::string::npos);
}

TEST_CASE("a mail that fails leaves the invitation valid and a row in the audit log") {
  HubFixture f;
  KeepingMailer mailer;
  mailer.refuses = true;
  f.options.mailer = &mailer;
  f.reopen();
  const auto issued = must(f.hub->invite(f.olga.principal, f.team, "bob@example.org", Role::viewer));
  f.hub->mail_invitation(f.olga.principal, issued.invitation, "https://hub/invite/x");
  CHECK(must(f.hub->invitation_info(issued.token, "a")).email == "bob@example.org");
  AuditFilter failures;
  failures.action = AuditAction::mail_failed;
  const auto page = must(f.hub->audit(f.olga.principal, f.team, failures, "", 10));
  REQUIRE(page.rows.size() == 1);
  CHECK(page.rows[0].detail == "bob@example.org");
}

TEST_CASE("without a mail server the link is all there is") {
  HubFixture f;
  const auto issued = must(f.hub->invite(f.olga.principal, f.team, "bob@example.org", Role::viewer));
  CHECK(f.hub->mail_invitation(f.olga.principal, issued.invitation, "link") == Hub::Mailing::off);
}
