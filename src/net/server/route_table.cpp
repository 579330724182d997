#include "net/server/route_table.h"

namespace memsync::net::server {

namespace {

/// Walks the segments of pattern and path together; nothing when they differ.
std::optional<std::map<std::string, std::string, std::less<>>> match_pattern(
    std::string_view pattern, const std::vector<std::string>& segments) {
  std::map<std::string, std::string, std::less<>> arguments;
  std::size_t i = 0;
  pattern.remove_prefix(1);
  while (!pattern.empty()) {
    const std::string_view expected = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(std::min(pattern.size(), expected.size() + 1));
    if (i == segments.size()) return std::nullopt;
    if (expected.front() == '{')
      arguments.emplace(expected.substr(1, expected.size() - 2), segments[i]);
    else if (expected != segments[i])
      return std::nullopt;
    ++i;
  }
  if (i != segments.size()) return std::nullopt;
  return arguments;
}

bool serves(const Route& route, Method method) {
  if (method == Method::head) return route.method == Method::get && route.access == Access::open;
  return route.method == method;
}

void append_name(std::string& list, std::string_view name) {
  if (!list.empty()) list += ", ";
  list += name;
}

} // namespace

RouteMatch match_route(std::span<const Route> table, std::optional<Method> method, const Target& target) {
  std::optional<RouteFound> found;
  std::string allow;
  for (const Route& route : table) {
    auto arguments = match_pattern(route.pattern, target.segments);
    if (!arguments) continue;
    append_name(allow, model::name_of(route.method));
    if (serves(route, Method::head)) append_name(allow, "HEAD");
    const bool is_better = !found || arguments->size() < found->arguments.size();
    if (method && serves(route, *method) && is_better) found = RouteFound{&route, *std::move(arguments)};
  }
  if (found) return *std::move(found);
  if (allow.empty()) return RouteUnknown{};
  return RouteMethodWrong{std::move(allow)};
}

} // namespace memsync::net::server
