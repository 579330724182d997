#include "base/utf8.h"
#include "net/server/browser.h"
#include "net/server/dispatcher.h"
#include "net/server/handlers.h"

/// The page on which a person allows a terminal. Forms without scripts; addresses are relative, so that
/// the hub may stand below a path of a proxy.
namespace memsync::net::server {

using hub::DeviceFlow;

namespace {

constexpr std::string_view k_title = "Allow a terminal";
// The page as seen from itself, and from the addresses of its forms.
constexpr std::string_view k_page = "device", k_page_from_below = "../device";

std::string problem_html(std::string_view problem) {
  if (problem.empty()) return "";
  return fmt::format("<p class=\"problem\" role=\"alert\">{}.</p>\n", escape_html(problem));
}

std::string sign_in_html(std::string_view at, std::string_view code, std::string_view problem) {
  return fmt::format(
      "{}<p>Sign in to the hub first.</p>\n"
      "<form method=\"post\" action=\"{}/sign-in\">\n"
      "<input type=\"hidden\" name=\"code\" value=\"{}\">\n"
      "<label for=\"email\">E-mail address</label>\n"
      "<input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"username\" required>\n"
      "<label for=\"password\">Password</label>\n"
      "<input id=\"password\" name=\"password\" type=\"password\" "
      "autocomplete=\"current-password\" required>\n"
      "<button>Sign in</button></form>\n"
      "<p>No password yet? Run <code>memsync password</code> where you are signed in, or ask "
      "whoever runs the hub for <code>memsync-hub user password</code>.</p>\n",
      problem_html(problem), at, escape_html(code));
}

std::string code_html(std::string_view at, std::string_view problem) {
  return fmt::format(
      "{}<form method=\"get\" action=\"{}\">\n"
      "<label for=\"code\">The code that the terminal shows</label>\n"
      "<input id=\"code\" name=\"code\" autocomplete=\"off\" maxlength=\"12\" required>\n"
      "<button>Continue</button></form>\n",
      problem_html(problem), at);
}

std::string decide_html(std::string_view at, const hub::DeviceRequest& request, std::string_view who) {
  return fmt::format(
      "<p>You are signed in as {1}. A terminal asks to act for you, until you revoke it:</p>\n"
      "<dl><dt>Code</dt><dd>{2}</dd><dt>It calls itself</dt><dd>{3}</dd>"
      "<dt>It asks from</dt><dd>{4}</dd><dt>Since</dt><dd>{5}</dd></dl>\n"
      "<p>Allow it only if you began this yourself and it shows this code.</p>\n"
      "<form method=\"post\" action=\"{0}/decide\"><input type=\"hidden\" name=\"code\" value=\"{2}\">\n"
      "<button name=\"decision\" value=\"allow\">Allow</button>"
      "<button name=\"decision\" value=\"deny\">Deny</button></form>\n"
      "<form method=\"post\" action=\"{0}/sign-out\"><button>Sign out</button></form>\n",
      at, escape_html(who), escape_html(request.user_code), escape_html(base::make_visible(request.client)),
      escape_html(request.address), base::format_rfc3339(request.created_at));
}

std::optional<hub::Principal> find_browser(Call& call) {
  const auto secret = find_browser_secret(call.request.cookie);
  if (!secret) return std::nullopt;
  auto principal = call.hub.authenticate(*secret);
  if (!principal) return std::nullopt;
  return *std::move(principal);
}

/// Letters and dashes: all that a code has, and safe in an address.
std::string clean_code(std::string_view typed) {
  std::string code;
  for (const char c : typed)
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-') code += c;
  return code.substr(0, 12);
}

std::string text_of(const wire::Problem& problem) {
  std::string text = problem.detail;
  while (text.ends_with('.')) text.pop_back();
  return text;
}

Response with_status(const wire::Problem& problem, Response response) {
  for (auto& header : to_response(problem).headers)
    if (header.first == "Retry-After") response.headers.push_back(std::move(header));
  return response;
}

int status_of(const wire::Problem& problem) { return base::error_info(problem.code).http_status; }

} // namespace

hub::Answer<Response> show_device_page(Call& call) {
  const std::string code = clean_code(call.request.target.find("code").value_or(""));
  const auto principal = find_browser(call);
  if (!principal) return html_page(200, k_title, sign_in_html(k_page, code, ""));
  if (code.empty()) return html_page(200, k_title, code_html(k_page, ""));
  const auto request = call.hub.devices().find(code, call.request.address);
  if (!request)
    return with_status(request.error(), html_page(status_of(request.error()), k_title,
                                                  code_html(k_page, text_of(request.error()))));
  TRY_ASSIGN(const auto me, call.hub.me(*principal));
  return html_page(200, k_title, decide_html(k_page, *request, me.email));
}

hub::Answer<Response> sign_in_device_page(Call& call) {
  TRY(require_same_origin(call.request, call.dispatcher.public_url()));
  TRY_ASSIGN(auto form, call.request.form());
  const std::string code = clean_code(form["code"]);
  const auto made = call.hub.sign_in().log_in_browser(form["email"], form["password"],
                                                      browser_name(call.request), call.request.address);
  if (!made)
    return with_status(made.error(), html_page(status_of(made.error()), k_title,
                                               sign_in_html(k_page_from_below, code, text_of(made.error()))));
  Response response = see_other(std::string(k_page_from_below) + "?code=" + code);
  response.headers.emplace_back("Set-Cookie", sign_in_cookie(made->cookie));
  return response;
}

hub::Answer<Response> decide_device(Call& call) {
  TRY(require_same_origin(call.request, call.dispatcher.public_url()));
  TRY_ASSIGN(auto form, call.request.form());
  const std::string code = clean_code(form["code"]);
  const auto principal = find_browser(call);
  if (!principal) return see_other(std::string(k_page_from_below) + "?code=" + code);
  const bool is_allowed = form["decision"] == "allow";
  if (!is_allowed && form["decision"] != "deny")
    return base::Error{base::ErrorCode::validation, "'decision' must be allow or deny"};
  const auto decision = is_allowed ? DeviceFlow::Decision::allow : DeviceFlow::Decision::deny;
  const auto decided = call.hub.devices().decide(*principal, code, decision, call.request.address);
  if (!decided)
    return with_status(decided.error(), html_page(status_of(decided.error()), k_title,
                                                  code_html(k_page_from_below, text_of(decided.error()))));
  return html_page(200, k_title,
                   is_allowed ? "<p>Allowed. The terminal goes on by itself; you may close this page.</p>\n"
                              : "<p>Denied. The terminal was told so; you may close this page.</p>\n");
}

hub::Answer<Response> sign_out_device_page(Call& call) {
  TRY(require_same_origin(call.request, call.dispatcher.public_url()));
  if (const auto principal = find_browser(call)) TRY(call.hub.sign_in().log_out(*principal));
  Response response = see_other(std::string(k_page_from_below));
  response.headers.emplace_back("Set-Cookie", sign_out_cookie());
  return response;
}

} // namespace memsync::net::server
