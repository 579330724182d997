#include "tools/conflict_view.h"

#include <algorithm>
#include <tuple>

namespace memsync::tools {

namespace {

ConflictSide view_side(replica::Reader& reader, const std::string& value, const model::Stamp& stamp,
                       const ConflictRoom& room, base::Timestamp now) {
  ConflictSide side;
  side.value = show_value(value, room.value_bytes);
  side.author = agent::show(reader.user_name(stamp.author));
  if (stamp.clock == model::Hlc{}) return side;
  side.at = base::format_rfc3339(stamp.clock.time());
  side.age = base::format_age(stamp.clock.time(), now);
  return side;
}

} // namespace

Json show_value(const std::string& register_text, std::size_t max_bytes) {
  if (register_text.empty()) return nullptr;
  Json value = agent::show_register(register_text);
  if (!value.is_string()) return value;
  std::size_t left_out = 0;
  std::string text = agent::clip(value.get_ref<const std::string&>(), max_bytes, left_out);
  if (left_out > 0) text += fmt::format("... ({} more bytes)", left_out);
  return text;
}

ConflictView view_conflict(replica::Reader& reader, const replica::WorkspaceRow& workspace,
                           const model::Conflict& conflict, const ConflictRoom& room, base::Timestamp now) {
  return {name_conflict(reader, workspace, conflict),
          agent::show(workspace.name),
          show_value(conflict.base, room.value_bytes),
          show_value(conflict.proposed, room.value_bytes),
          view_side(reader, conflict.local, conflict.local_stamp, room, now),
          view_side(reader, conflict.server, conflict.server_stamp, room, now)};
}

ConflictList list_conflicts(replica::Reader& reader, const std::vector<replica::WorkspaceRow>& workspaces,
                            const std::optional<model::DocumentId>& document, const ConflictRoom& room,
                            base::Timestamp now) {
  ConflictList list;
  std::size_t used = 0;
  for (const auto& workspace : workspaces) {
    auto open = reader.open_conflicts(workspace, document);
    std::sort(open.begin(), open.end(), [](const model::Conflict& a, const model::Conflict& b) {
      return std::tie(a.opened, a.id) < std::tie(b.opened, b.id);
    });
    for (const model::Conflict& conflict : open) {
      // Once the room is filled the rest is only counted.
      if (list.more == 0) {
        ConflictView view = view_conflict(reader, workspace, conflict, room, now);
        used += agent::count_tokens(to_json(view)) + 1;
        if (used <= room.tokens || list.rows.empty()) {
          list.rows.push_back(std::move(view));
          continue;
        }
      }
      ++list.more;
    }
  }
  return list;
}

Json to_json(const ConflictView& view) {
  Json json = to_json(view.name);
  json.update({{"workspace", view.workspace},
               {"base", view.base},
               {"local", view.local.value},
               {"server", view.server.value},
               {"proposed", view.proposed}});
  set_if(json, "local_author", view.local.author);
  set_if(json, "local_at", view.local.at);
  set_if(json, "server_author", view.server.author);
  set_if(json, "server_at", view.server.at);
  return json;
}

void add_conflicts(Json& json, const ConflictList& conflicts) {
  json["conflicts"] = to_json_list(conflicts.rows);
  json["conflicts_left_out"] = conflicts.more;
}

std::string to_text(const ConflictList& conflicts) {
  std::string text;
  for (const ConflictView& view : conflicts.rows)
    text += fmt::format(
        "conflict {} in {} of \"{}\" [{}] between {} and {}: settle it with resolve_conflict\n", view.name.id,
        view.name.field, view.name.title, view.name.node, view.local.author, view.server.author);
  if (conflicts.more > 0)
    text += fmt::format("{} more: resolve_conflict lists them\n",
                        agent::count_of(conflicts.more, "open conflict"));
  return text;
}

} // namespace memsync::tools
