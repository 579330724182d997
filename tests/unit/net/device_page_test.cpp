#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/net/live_hub.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

constexpr const char* k_form = "application/x-www-form-urlencoded";

/// A browser on the hub's pages: it keeps the cookie and says where its forms come from.
struct Browser {
  LiveHub& hub;
  std::string cookie;

  std::string headers() const {
    std::string text = fmt::format("Origin: {}\r\nUser-Agent: <b>Browser</b>\r\n", hub.url());
    if (!cookie.empty()) text += "Cookie: " + cookie + "\r\n";
    return text;
  }
  Reply open(const std::string& path) const { return hub.call("GET", path, "", "", headers()); }
  Reply send(const std::string& path, const std::string& form) {
    Reply reply = hub.call("POST", path, "", form, headers(), k_form);
    if (const auto set = reply.headers.find("set-cookie"); set != reply.headers.end())
      cookie = set->second.substr(0, set->second.find(';'));
    return reply;
  }
};

struct Pages {
  LiveHub hub;
  Browser browser{hub, ""};
  base::Json begun;

  Pages() {
    CHECK(hub.admin().set_password("owner@example.org", "correct horse battery"));
    begun = hub.call("POST", "/api/v1/auth/device", "", R"({"client":"<i>memsync</i>"})").json();
  }
  std::string code() const { return begun["user_code"]; }
  Reply sign_in(const std::string& password = "correct+horse+battery") {
    return browser.send("/device/sign-in",
                        "email=owner%40example.org&password=" + password + "&code=" + code());
  }
  base::Json poll() {
    const base::Json body = {{"device_code", begun["device_code"]}};
    return hub.call("POST", "/api/v1/auth/device/token", "", body.dump()).json();
  }
};

bool has(const Reply& reply, const std::string& text) { return reply.body.find(text) != std::string::npos; }

} // namespace

TEST_CASE("a person signs in on the page, sees who asks and allows it") {
  Pages pages;
  CHECK(pages.begun["verification_uri"] == pages.hub.url() + "/device");
  CHECK(has(pages.browser.open("/device?code=" + pages.code()), "type=\"password\""));
  const Reply signed_in = pages.sign_in();
  CHECK(signed_in.status == 303);
  CHECK(signed_in.headers.at("location") == "../device?code=" + pages.code());
  const std::string cookie = signed_in.headers.at("set-cookie");
  CHECK(cookie.starts_with("__Host-memsync=msb_"));
  CHECK(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict"));

  const Reply asked = pages.browser.open("/device?code=" + pages.code());
  CHECK(has(asked, "owner@example.org"));
  CHECK(has(asked, "&lt;i&gt;memsync&lt;/i&gt;"));
  CHECK_FALSE(has(asked, "<i>"));
  CHECK(pages.poll()["status"] == "waiting");
  CHECK(has(pages.browser.send("/device/decide", "decision=allow&code=" + pages.code()), "Allowed"));
  const base::Json polled = pages.poll();
  CHECK(polled["status"] == "allowed");
  CHECK(pages.hub.get("/api/v1/me", polled["token"]).json()["email"] == "owner@example.org");
}

TEST_CASE("the pages run no script, load nothing, stand in no frame and are kept nowhere") {
  Pages pages;
  const Reply page = pages.browser.open("/device");
  const std::string policy = page.headers.at("content-security-policy");
  CHECK(policy.find("default-src 'none'") == 0);
  CHECK(policy.find("unsafe-inline") == std::string::npos);
  CHECK(policy.find("frame-ancestors 'none'") != std::string::npos);
  CHECK(page.headers.at("cache-control") == "no-store");
  CHECK_FALSE(has(page, "<script"));
}

TEST_CASE("a wrong password shows the page again, and no cookie") {
  Pages pages;
  const Reply refused = pages.sign_in("wrong");
  CHECK(refused.status == 401);
  CHECK(has(refused, "role=\"alert\""));
  CHECK(refused.headers.count("set-cookie") == 0);
}

TEST_CASE("another site can neither sign a browser in nor decide for it") {
  Pages pages;
  pages.sign_in();
  for (const std::string origin : {"", "Origin: https://evil.example\r\n", "Origin: null\r\n"}) {
    CAPTURE(origin);
    const std::string headers = origin + "Cookie: " + pages.browser.cookie + "\r\n";
    for (const char* path : {"/device/sign-in", "/device/decide", "/device/sign-out"})
      CHECK(pages.hub.call("POST", path, "", "decision=allow&code=" + pages.code(), headers, k_form).code() ==
            "permission");
  }
  CHECK(pages.poll()["status"] == "waiting");
}

TEST_CASE("whoever is not signed in any more is asked to, and decides nothing") {
  Pages pages;
  pages.sign_in();
  pages.hub.clock().skip(std::chrono::minutes(31));
  const Reply sent = pages.browser.send("/device/decide", "decision=allow&code=" + pages.code());
  CHECK(sent.status == 303);
  CHECK(has(pages.browser.open("/device"), "type=\"password\""));
}

TEST_CASE("signing out on the page ends the session of the browser") {
  Pages pages;
  pages.sign_in();
  const std::string cookie = pages.browser.cookie;
  CHECK(pages.browser.send("/device/sign-out", "").status == 303);
  pages.browser.cookie = cookie;
  CHECK(has(pages.browser.open("/device"), "type=\"password\""));
}

TEST_CASE("denying tells the terminal, and an unknown code tells the person") {
  Pages pages;
  pages.sign_in();
  CHECK(pages.browser.open("/device?code=BCDF-GHJK").status == 404);
  CHECK(has(pages.browser.send("/device/decide", "decision=deny&code=" + pages.code()), "Denied"));
  CHECK(pages.poll()["status"] == "denied");
  CHECK(pages.browser.send("/device/decide", "decision=allow&code=" + pages.code()).status == 404);
}
