#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/net/openapi_answer.h"
#include "tests/unit/net/scene.h"

using namespace memsync;
using namespace memsync::tests;
using base::Json;
using net::server::BodyKind;
using net::server::Method;
using net::server::Route;
using net::server::routes;

namespace {

constexpr std::size_t k_oversized_body_field = 200'000; // above every limit of a text, below that of a body
constexpr std::size_t k_oversized_query_field = 4'000;  // below the limit of a request's head

/// Texts that no field expects.
std::vector<std::string> odd_texts(const Scene& scene, std::size_t oversized) {
  return {"",
          " ",
          std::string(oversized, 'x'),
          scene.other_team.str(),
          "a\x01\x1b[31m\x7f",
          "line\r\nbreak",
          "\U0001F680\U0001D54F",
          "00000000000000000000",
          "-1",
          "1e400",
          "18446744073709551616",
          "' OR 1=1 --",
          "../../etc"};
}

std::vector<Json> odd_values(const Scene& scene) {
  std::vector<Json> values{nullptr, true, 7, -1, 1.5, 1e300, {}, Json::object(), Json::array(), {{"a", 1}}};
  for (const std::string& text : odd_texts(scene, k_oversized_body_field)) values.emplace_back(text);
  values.push_back(Json::array({nullptr}));
  values.push_back(Json::array({"\U0001F680"}));
  values.push_back(Json::array({Json::object()}));
  return values;
}

/// The members of the body that can be replaced: those of its schema and, inside them, those of the example.
void collect_places(const Json& json, const std::string& place, std::vector<std::string>& places) {
  if (json.is_object())
    for (const auto& [name, value] : json.items()) {
      places.push_back(place + "/" + name);
      collect_places(value, place + "/" + name, places);
    }
  if (json.is_array() && !json.empty()) {
    places.push_back(place + "/0");
    collect_places(json[0], place + "/0", places);
  }
}

std::vector<std::string> places_of(const Route& route, const Example& example) {
  std::vector<std::string> places;
  if (example.body) collect_places(*example.body, "", places);
  const Json& operation = operation_of(route);
  if (!operation.contains("requestBody")) return places;
  const Json& content = operation["requestBody"]["content"];
  const Json& schema = resolved(content.begin()->at("schema"));
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, property] : properties.items())
    if (std::find(places.begin(), places.end(), "/" + name) == places.end()) places.push_back("/" + name);
  return places;
}

/// Sends spoiled examples of one route, in a scene that is a new one after whatever changed something.
class Sweep {
 public:
  Sweep(LiveHub& hub, const Route& route) : hub_(hub), route_(route) {}

  void run() {
    for (const Json& parameter : operation_of(route_).value("parameters", Json::array())) {
      CAPTURE(parameter["name"].get<std::string>());
      if (parameter["in"] == "path") spoil_address(parameter["name"], &Example::path);
      if (parameter["in"] == "query") spoil_address(parameter["name"], &Example::query);
      if (parameter["in"] == "header") spoil_address(parameter["name"], &Example::headers);
    }
    if (route_.body == BodyKind::none) return;
    for (const std::string& place : places_of(route_, examples_of(route_, hub_, scene()).front())) {
      CAPTURE(place);
      for (const Json& value : odd_values(scene())) {
        CAPTURE(value.dump().substr(0, 40));
        Example example = examples_of(route_, hub_, scene()).front();
        if (!example.body) example.body = Json::object();
        (*example.body)[Json::json_pointer(place)] = value;
        check(example);
      }
    }
  }

 private:
  const Scene& scene() {
    if (!scene_) scene_.emplace(hub_, Asker::owner);
    return *scene_;
  }

  void spoil_address(const std::string& name, std::map<std::string, std::string> Example::*part) {
    for (const std::string& text : odd_texts(scene(), k_oversized_query_field)) {
      if (part == &Example::path && text.empty()) continue; // that is another address
      const bool is_line = text.find('\n') == std::string::npos;
      if (part == &Example::headers && !is_line) continue; // that is another header
      CAPTURE(text.substr(0, 40));
      Example example = examples_of(route_, hub_, scene()).front();
      (example.*part)[name] = text;
      check(example);
    }
  }

  /// What may not happen: a failure of the hub, an answer that is not described, a text that came out
  /// changed.
  void check(const Example& example) {
    const Reply reply = send(hub_, route_, example, scene());
    CHECK(problem_of(route_, reply) == "");
    CHECK(reply.status < 500);
    if (reply.status >= 400) {
      // A form is answered with its page again.
      if (route_.body != BodyKind::form) CHECK_FALSE(reply.code().empty());
      return;
    }
    if (route_.method != Method::get) scene_.reset();
    if (!example.body || reply.status == 204 || route_.body == BodyKind::form) return;
    const Json answer = reply.json();
    for (const auto& [name, value] : example.body->items()) {
      const bool is_hubs_own = name == "epoch"; // whatever the replica knew
      if (value.is_string() && answer.contains(name) && !is_hubs_own) CHECK(answer[name] == value);
    }
  }

  LiveHub& hub_;
  const Route& route_;
  std::optional<Scene> scene_;
};

} // namespace

TEST_CASE("every field of every route takes odd values exactly or refuses them with typed details") {
  LiveHub hub({}, without_limits());
  for (const Route& route : routes()) {
    CAPTURE(model::name_of(route.method));
    CAPTURE(route.pattern);
    Sweep(hub, route).run();
  }
}

TEST_CASE("a body that is none, of another type or not wanted is refused by every route") {
  LiveHub hub({}, without_limits());
  const Scene scene(hub, Asker::owner);
  for (const Route& route : routes()) {
    CAPTURE(model::name_of(route.method));
    CAPTURE(route.pattern);
    const Example example = examples_of(route, hub, scene).front();
    const auto with_body = [&](const std::string& body) {
      return hub.call(std::string(model::name_of(route.method)), target_of(route, example), scene.token,
                      body);
    };
    if (route.body == BodyKind::none) {
      CHECK(with_body("{}").code() == "validation");
      continue;
    }
    if (route.body == BodyKind::form) {
      CHECK(with_body("{}").code() == "media_type");
      continue;
    }
    for (const std::string body :
         {"[", "[]", "7", "{\"a\":1,\"a\":2}", "{} {}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\xff\"}"})
      CHECK(with_body(body).code() == "validation");
    CHECK(with_body("{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}").code() == "validation");
    if (route.body == BodyKind::json) CHECK(with_body("").code() == "validation");
  }
}
