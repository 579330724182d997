#include <doctest/doctest.h>

#include "net/client/connection.h"
#include "net/client/endpoint.h"
#include "net/client/proxy.h"

using namespace memsync;
using namespace memsync::net::client;

namespace {

std::string spelled(std::string_view url) {
  const auto endpoint = parse_endpoint(url);
  return endpoint ? endpoint->str() : "refused";
}

std::string proxy_for(std::string_view url, const ProxySettings& settings) {
  const auto proxy = find_proxy(settings, *parse_endpoint(url));
  if (!proxy) return "refused";
  return *proxy ? fmt::format("{}:{}", (*proxy)->host, (*proxy)->port) : "direct";
}

} // namespace

TEST_CASE("a hub address has one spelling, whatever its case, default port and slashes") {
  CHECK(spelled("https://Hub.Example.com:443/") == "https://hub.example.com");
  CHECK(spelled("http://127.0.0.1:8787") == "http://127.0.0.1:8787");
  CHECK(spelled("http://hub:80") == "http://hub");
  CHECK(spelled("https://example.com/memsync/") == "https://example.com/memsync");
  CHECK(spelled("http://[::1]:9") == "http://[::1]:9");
}

TEST_CASE("an address that is no plain http or https base URL is refused") {
  for (const std::string_view url :
       {"hub.example.com", "ftp://hub", "http://", "http://user:pass@hub", "http://hub?x=1", "http://hub/#x",
        "http://hub:0", "http://hub:65536", "http://hub:12x", "http://hu b", "http://[::1", "http://[::1]x",
        "http://hub/a b", "http://hub\r\nX: y", ""})
    CHECK_MESSAGE(spelled(url) == "refused", url);
  CHECK(spelled(std::string("http://hub/a\0b", 14)) == "refused");
}

TEST_CASE("nothing that could end a header line goes into one") {
  HubAccess access;
  access.endpoint = {false, "hub", 80, ""};
  access.token = "mst_ok";
  CHECK(check_access(access));
  for (const std::string& token :
       {std::string("a\r\nX-Evil: 1"), std::string("a\n"), std::string("a\0b", 3)}) {
    access.token = token;
    REQUIRE_FALSE(check_access(access));
    CHECK(check_access(access).error().code == base::ErrorCode::validation);
  }
}

TEST_CASE("an escaped segment keeps to unreserved characters") {
  CHECK(escape_segment("aZ09-._~") == "aZ09-._~");
  CHECK(escape_segment("a/b?c=d&e f\r\n") == "a%2Fb%3Fc%3Dd%26e%20f%0D%0A");
}

TEST_CASE("the proxy variables choose by scheme, and no_proxy excepts hosts, domains and ports") {
  const ProxySettings settings{"http://plain:3128", "http://secure:3129",
                               "direct.com, .corp, 10.0.0.1, p.com:81"};
  CHECK(proxy_for("http://hub.org", settings) == "plain:3128");
  CHECK(proxy_for("https://hub.org", settings) == "secure:3129");
  CHECK(proxy_for("http://direct.com", settings) == "direct");
  CHECK(proxy_for("http://www.direct.com", settings) == "direct");
  CHECK(proxy_for("http://notdirect.com", settings) == "plain:3128");
  CHECK(proxy_for("http://hub.corp", settings) == "direct");
  CHECK(proxy_for("http://10.0.0.1:99", settings) == "direct");
  CHECK(proxy_for("http://p.com:81", settings) == "direct");
  CHECK(proxy_for("http://p.com:82", settings) == "plain:3128");
  CHECK(proxy_for("http://hub.org", {"http://plain:3128", "", "*"}) == "direct");
  CHECK(proxy_for("http://localhost:8787", settings) == "direct");
  CHECK(proxy_for("http://127.0.0.1:8787", settings) == "direct");
  CHECK(proxy_for("https://hub.org", {"http://plain:3128", "", ""}) == "direct");
}

TEST_CASE("a proxy may name a login, and one that cannot be used is refused") {
  const Endpoint hub = *parse_endpoint("http://hub.org");
  const auto proxy = find_proxy({"http://ada:s@cret@proxy:3128/", "", ""}, hub);
  REQUIRE(proxy);
  REQUIRE(*proxy);
  CHECK((*proxy)->user == "ada");
  CHECK((*proxy)->password == "s@cret");
  CHECK((*proxy)->host == "proxy");
  CHECK(proxy_for("http://hub.org", {"proxy:3128", "", ""}) == "proxy:3128");
  CHECK(proxy_for("http://hub.org", {"socks5://proxy:1080", "", ""}) == "refused");
}
