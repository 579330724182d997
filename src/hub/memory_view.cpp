#include "hub/memory_view.h"

#include "base/json.h"

namespace memsync::hub {

namespace {

base::Json id_or_null(std::string_view id) { return id.empty() ? base::Json() : base::Json(id); }

std::string time_of(const model::Stamp& stamp) { return base::format_rfc3339(stamp.clock.time()); }

} // namespace

std::string encode_memory(const model::Node& node, const model::DocumentId& document) {
  model::Stamp latest = node.created_at;
  model::for_each_register(node, [&](model::Field, const auto& reg) {
    if (reg.stamp.sequence > latest.sequence) latest = reg.stamp;
  });
  base::Json json = {{"id", node.id.view()},
                     {"document_id", document.view()},
                     {"parent_id", id_or_null(node.place.value.parent.view())},
                     {"kind", model::name_of(node.kind.value)},
                     {"type", node.type.value},
                     {"title", node.title.value},
                     {"content", node.content.value},
                     {"tags", node.tags.value},
                     {"importance", node.importance.value},
                     {"use_count", node.use_count.value},
                     {"assignee", id_or_null(node.assignee.value.view())},
                     {"completed", node.completed.value},
                     {"created_at", time_of(node.created_at)},
                     {"created_by", id_or_null(node.created.author.view())},
                     {"updated_at", time_of(latest)},
                     {"updated_by", id_or_null(latest.author.view())},
                     {"version", std::to_string(latest.sequence.value)}};
  const auto context = base::parse_json(node.context.value);
  json["context"] = context ? *context : base::Json();
  return base::dump_json(json);
}

} // namespace memsync::hub
