#include "cli/set_aside.h"

#include "agent/display.h"
#include "replica/set_aside.h"
#include "wire/operation_codec.h"

namespace memsync::cli {

using base::Error;
using base::ErrorCode;
using replica::SetAside;

namespace {

constexpr std::string_view k_all = "aside";

std::string id_of(const SetAside& row) { return fmt::format("{}-{}", k_all, row.key); }

Result<std::vector<SetAside>> find_rows(Workbench& bench, std::string_view id) {
  TRY_ASSIGN(auto rows, replica::list_set_aside(bench.replica));
  if (id != k_all) std::erase_if(rows, [&](const SetAside& row) { return id_of(row) != id; });
  if (rows.empty() && id == k_all) return Error{ErrorCode::not_found, "nothing is set aside"};
  if (rows.empty())
    return Error{ErrorCode::not_found,
                 fmt::format("nothing is set aside as {}: `memsync pending` lists what is", id)};
  return rows;
}

Json to_json(const SetAside& row) {
  Json json = {{"id", id_of(row)},
               {"workspace", row.workspace_name},
               {"workspace_id", row.workspace},
               {"at", base::format_rfc3339(row.at)},
               {"reason", replica::name_of(row.reason)}};
  if (row.operation)
    json["operation"] = Json::parse(wire::encode_operation(*row.operation));
  else
    json["text"] = row.text;
  return json;
}

Json to_json(const std::vector<SetAside>& rows) {
  Json list = Json::array();
  for (const SetAside& row : rows) list.push_back(to_json(row));
  return list;
}

std::string title_of(const SetAside& row) {
  if (!row.operation) return "(unreadable)";
  if (row.operation->fields.title) return *row.operation->fields.title;
  return fmt::format("node {}", row.operation->target.view().substr(0, 6));
}

} // namespace

bool is_set_aside_id(std::string_view id) {
  return id == k_all || (id.starts_with(k_all) && id.size() > k_all.size() && id[k_all.size()] == '-');
}

Result<Json> list_set_aside(Workbench& bench) {
  TRY_ASSIGN(const auto rows, replica::list_set_aside(bench.replica));
  return to_json(rows);
}

Result<std::string> describe_set_aside(const Context& context, Workbench& bench) {
  constexpr std::size_t k_shown = 50;
  TRY_ASSIGN(const auto rows, replica::list_set_aside(bench.replica));
  if (rows.empty()) return std::string();
  std::vector<std::vector<Cell>> cells;
  for (std::size_t i = 0; i < std::min(rows.size(), k_shown); ++i) {
    const SetAside& row = rows[i];
    cells.push_back({{std::string(replica::name_of(row.reason)), Style::yellow},
                     {row.operation ? std::string(model::name_of(row.operation->kind)) : ""},
                     {clip_columns(agent::show(title_of(row)), 40), Style::bold},
                     {agent::show(row.workspace_name)},
                     {id_of(row), Style::dim}});
  }
  std::string text = fmt::format(
      "\n{} set aside, in no workspace any more (removed: you were removed from it; damaged: unreadable):\n",
      agent::count_of(rows.size(), "change"));
  text += format_table(context.terminal, {{"REASON"}, {"CHANGE"}, {"TITLE"}, {"WORKSPACE"}, {"ID"}}, cells);
  if (rows.size() > k_shown) text += fmt::format("and {} more\n", rows.size() - k_shown);
  return text +
         "Keep them with `memsync pending --export aside > FILE`, forget them with `--discard aside`.\n";
}

Result<> export_set_aside(const Context& context, Workbench& bench, std::string_view id) {
  TRY_ASSIGN(const auto rows, find_rows(bench, id));
  context.write(to_json(rows).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  return {};
}

Result<> discard_set_aside(const Context& context, Workbench& bench, std::string_view id) {
  TRY_ASSIGN(const auto rows, find_rows(bench, id));
  std::vector<std::int64_t> keys;
  for (const SetAside& row : rows) keys.push_back(row.key);
  TRY_ASSIGN(const std::size_t discarded, replica::discard_set_aside(bench.replica, keys));
  context.show(Json{{"discarded", id}, {"changes", discarded}},
               fmt::format("Discarded {} set aside.\n", agent::count_of(discarded, "change")));
  return {};
}

} // namespace memsync::cli
