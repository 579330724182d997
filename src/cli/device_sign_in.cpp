#include "cli/device_sign_in.h"

#include <chrono>
#include <iostream>
#include <termios.h>
#include <thread>
#include <unistd.h>

#include "net/client/hub_calls.h"

namespace memsync::cli {

using base::Error;
using base::ErrorCode;
using net::client::DeviceAnswer;
using net::client::DeviceSignIn;
using net::client::HubCalls;

namespace {

/// How this terminal is called on the page and in the list of tokens.
std::string terminal_name() {
  std::array<char, 256> host{};
  const bool is_known = ::gethostname(host.data(), host.size() - 1) == 0 && host[0] != '\0';
  constexpr std::size_t k_longest = 60;
  return fmt::format("memsync on {}", is_known ? std::string(host.data()).substr(0, k_longest) : "a machine");
}

/// False when the person pressed Ctrl-C meanwhile.
bool pause(const Context& context, std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds k_slice{50};
  for (; time.count() > 0; time -= k_slice) {
    if (context.is_interrupted()) return false;
    std::this_thread::sleep_for(std::min(time, k_slice));
  }
  return !context.is_interrupted();
}

void show_code(const Context& context, const DeviceSignIn& begun) {
  context.show(Json{{"user_code", begun.user_code},
                    {"page", begun.page},
                    {"page_with_code", begun.page_with_code},
                    {"expires_in", begun.lifetime.count()}},
               fmt::format("Open {}\nsign in, and allow the code\n\n    {}\n\nWaiting (Ctrl-C to stop)...\n",
                           begun.page_with_code, context.in(Style::bold, begun.user_code)));
}

} // namespace

Result<std::string> sign_in_by_browser(const Context& context, const net::client::HubAccess& access) {
  TRY_ASSIGN(HubCalls calls, HubCalls::make(access));
  TRY_ASSIGN(const auto begun, calls.begin_device(terminal_name()));
  show_code(context, begun);
  while (pause(context, begun.interval)) {
    const auto state = calls.ask_device(begun.device_code);
    if (!state) {
      // A hub that restarts, or a network that changes, is no reason to give the code up.
      const auto code = state.error().code;
      if (code == ErrorCode::offline || code == ErrorCode::rate_limited || code == ErrorCode::busy) continue;
      if (code == ErrorCode::not_found)
        return Error{ErrorCode::not_found, "nobody allowed the code in time: run `memsync login` again"};
      return state.error();
    }
    switch (state->answer) {
      case DeviceAnswer::waiting: break;
      case DeviceAnswer::allowed: return state->token;
      case DeviceAnswer::denied:
        return Error{ErrorCode::permission, "the sign-in was denied on the hub's page"};
    }
  }
  return Error{ErrorCode::cancelled, "stopped: nothing was changed"};
}

std::optional<std::string> read_secret(const Context& context, std::string_view prompt) {
  termios before{};
  if (::tcgetattr(STDIN_FILENO, &before) != 0) return context.read_line();
  std::cerr << prompt << std::flush;
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &silent);
  auto line = context.read_line();
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
  std::cerr << '\n';
  return line;
}

} // namespace memsync::cli
