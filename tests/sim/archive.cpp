#include "tests/sim/archive.h"

#include <algorithm>

#include "tests/sim/violation.h"

namespace memsync::sim {

using base::Json;

namespace {

Json normal(const Json& item) {
  if (!item.contains("f")) return item;
  Json made = item;
  const Json& stamps = item["stamps"];
  for (auto& [field, value] : made["f"].items()) value[0] = stamps[value[0].get<std::size_t>()];
  if (made.contains("born")) made["born"] = stamps[made["born"].get<std::size_t>()];
  made.erase("stamps");
  return made;
}

/// What an effect says replaces what was; the rest of the node stays.
void lay_over(Json& node, Json effect) {
  Json registers = node.contains("f") ? node["f"] : Json::object();
  registers.update(effect["f"]);
  effect["f"] = std::move(registers);
  if (node.contains("new")) // who made it was said once
    for (const char* key : {"new", "by", "born"}) effect[key] = node[key];
  node = std::move(effect);
}

} // namespace

std::string LogArchive::normal_form(const Json& item) { return normal(item).dump(); }

void LogArchive::set(const std::string& id, Json item) {
  const auto text = std::make_shared<const std::string>(item.dump());
  current_[id] = std::move(item);
  auto& versions = versions_[id];
  if (!versions.empty() && versions.back().sequence == head()) versions.pop_back();
  versions.push_back({head(), text});
}

void LogArchive::append(const std::string& text) {
  Json entry = Json::parse(text);
  require(std::stoull(entry["seq"].get<std::string>()) == head() + 1, "3: the log has a gap");
  entries_.push_back(std::move(entry));
  const Json& added = entries_.back();
  for (const Json& effect : added.value("nodes", Json::array())) {
    Json node = current_[effect["id"]];
    lay_over(node, normal(effect));
    set(effect["id"], std::move(node));
  }
  for (const char* kind : {"relationships", "comments", "conflicts"})
    for (const Json& item : added.value(kind, Json::array())) set(item["id"], item);
}

LogArchive::Items LogArchive::items_at(std::uint64_t sequence) const {
  Items items;
  for (const auto& [id, versions] : versions_) {
    const auto after =
        std::upper_bound(versions.begin(), versions.end(), sequence,
                         [](std::uint64_t at, const Version& each) { return at < each.sequence; });
    if (after != versions.begin()) items.emplace_hint(items.end(), id, std::prev(after)->text);
  }
  return items;
}

} // namespace memsync::sim
