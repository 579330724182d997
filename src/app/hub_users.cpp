#include <CLI/CLI.hpp>
#include <iostream>
#include <termios.h>
#include <unistd.h>

#include "app/hub_program.h"

namespace memsync::app {

namespace {

/// One line of stdin, without showing it when it is typed.
std::string read_password() {
  termios before{};
  const bool is_terminal = ::tcgetattr(STDIN_FILENO, &before) == 0;
  if (is_terminal) {
    std::cerr << "Password: " << std::flush;
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &silent);
  }
  std::string password;
  std::getline(std::cin, password);
  if (is_terminal) {
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
    std::cerr << '\n';
  }
  return password;
}

hub::Answer<Output> list_users(HubProgram& program) {
  TRY_ASSIGN(const auto store, program.open_store());
  TRY_ASSIGN(const auto users, hub::Admin(program.clock(), program.random(), *store).users());
  base::Json list = base::Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const hub::User& user : users) {
    const std::string since = base::format_rfc3339(user.created_at);
    list.push_back(
        {{"id", user.id.view()}, {"email", user.email}, {"name", user.name}, {"created_at", since}});
    rows.push_back({user.id.str(), user.email, user.name, since});
  }
  return Output{{{"users", std::move(list)}}, render_table({"ID", "E-MAIL", "NAME", "SINCE"}, rows)};
}

hub::Answer<Output> add_user(HubProgram& program, const std::string& email, const std::string& name) {
  TRY_ASSIGN(const auto store, program.open_store());
  TRY_ASSIGN(const auto made, hub::Admin(program.clock(), program.random(), *store).create_user(email, name));
  return Output{{{"user", made.user.id.view()}, {"workspace", made.personal.view()}, {"token", made.token}},
                fmt::format("{} has an account.\n\n{}\nThe token is shown only now; they sign in with:\n\n"
                            "  memsync login --hub {} --token -\n",
                            email,
                            render_pairs({{"user", made.user.id.str()},
                                          {"personal workspace", made.personal.str()},
                                          {"token", made.token}}),
                            program.public_url(""))};
}

hub::Answer<Output> set_password(HubProgram& program, const std::string& email) {
  TRY_ASSIGN(const auto store, program.open_store());
  TRY_ASSIGN(const auto ended,
             hub::Admin(program.clock(), program.random(), *store).set_password(email, read_password()));
  return Output{{{"email", email}, {"sessions_ended", ended}},
                fmt::format("The password of {} is set. Sign-ins that were open and are ended now: {}.\n",
                            email, ended)};
}

} // namespace

void add_user_commands(HubProgram& program, CLI::App& app) {
  struct Options {
    std::string email, name;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* user = app.add_subcommand("user", "The people of this hub")->require_subcommand(1);
  program.add_command(*user, "list", "Everybody", [&program] { return list_users(program); });
  CLI::App& add =
      program.add_command(*user, "add", "Make an account with its personal workspace and a token",
                          [&program, options] { return add_user(program, options->email, options->name); });
  add.add_option("--email", options->email, "E-mail address")->required();
  add.add_option("--name", options->name, "Name")->required();
  CLI::App& password =
      program.add_command(*user, "password", "Set a password, read from stdin, and end the sign-ins",
                          [&program, options] { return set_password(program, options->email); });
  password.add_option("--email", options->email, "E-mail address")->required();
}

} // namespace memsync::app
