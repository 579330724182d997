#include "tools/conflict_form.h"

#include "model/names.h"
#include "tools/resolve_conflict.h"

namespace memsync::tools {

namespace {

constexpr std::string_view k_form = "conflict";
constexpr std::string_view k_choice = "resolution";
constexpr std::string_view k_later = "later";
// Of one call; fewer than the server lets a call ask.
constexpr std::size_t k_max_forms = 10;
// A form is read at a glance; resolve_conflict shows everything.
constexpr std::size_t k_shown_bytes = 1'200;

Json choice(std::string_view value, std::string title) {
  return {{"const", value}, {"title", std::move(title)}};
}

/// A register's value as a quotation.
std::string quote_value(const std::string& register_text) {
  const Json value = agent::show_register(register_text);
  if (value.is_null()) return "| (nothing)\n";
  std::size_t left_out = 0;
  const std::string text = agent::clip(value.is_string() ? value.get<std::string>() : base::dump_json(value),
                                       k_shown_bytes, left_out);
  std::string quoted = text.empty() ? "| (empty)\n" : agent::quote(text);
  if (left_out > 0) quoted += fmt::format("({} more bytes)\n", left_out);
  return quoted;
}

/// What a form says about a conflict besides its values.
struct Scene {
  std::string title, workspace, local_author, server_author, own_name;
};

Scene set_scene(replica::Reader& reader, const replica::WorkspaceRow& workspace,
                const model::Conflict& conflict) {
  return {name_conflict(reader, workspace, conflict).title, agent::show(workspace.name),
          agent::show(reader.user_name(conflict.local_stamp.author)),
          agent::show(reader.user_name(conflict.server_stamp.author)), agent::show(reader.account().name)};
}

/// What the choices are called by the person in front of the form.
struct Choices {
  std::string keep_local, keep_server;
};

Choices name_choices(const Scene& scene) {
  const bool is_local_own = scene.local_author == scene.own_name;
  const bool is_server_own = !is_local_own && scene.server_author == scene.own_name;
  const auto title = [](bool is_own, bool is_other_own, const std::string& author) {
    if (is_own) return std::string("Keep ours");
    return is_other_own ? fmt::format("Keep theirs ({})", author) : fmt::format("Keep {}'s", author);
  };
  return {title(is_local_own, is_server_own, scene.local_author),
          title(is_server_own, is_local_own, scene.server_author)};
}

mcp::InputRequest make_form(std::string message, Json choices) {
  choices.push_back(choice(k_later, "Decide later"));
  Json schema = {
      {"type", "object"},
      {"properties", {{k_choice, {{"type", "string"}, {"title", "Which one?"}, {"oneOf", choices}}}}},
      {"required", {k_choice}}};
  return mcp::form_request(std::string(k_form), std::move(message), std::move(schema));
}

mcp::InputRequest field_form(const Scene& scene, const model::Conflict& conflict) {
  std::string message = fmt::format(
      "Two versions of the {} of \"{}\" in {}.\n\n{} wrote:\n{}\n{} wrote, and this is shown now:\n{}",
      model::name_of(conflict.field), scene.title, scene.workspace, scene.local_author,
      quote_value(conflict.local), scene.server_author, quote_value(conflict.server));
  const Choices named = name_choices(scene);
  Json choices = {choice(model::name_of(model::Resolution::keep_local), named.keep_local),
                  choice(model::name_of(model::Resolution::keep_server), named.keep_server)};
  const bool is_third = conflict.proposed != conflict.local && conflict.proposed != conflict.server;
  if (!conflict.proposed.empty() && is_third) {
    message += "\nMerged, it would say:\n" + quote_value(conflict.proposed);
    choices.push_back(choice(model::name_of(model::Resolution::merge), "Take the merged text"));
  }
  return make_form(std::move(message), std::move(choices));
}

mcp::InputRequest tree_form(const Scene& scene, model::ConflictKind kind) {
  const bool is_delete = kind == model::ConflictKind::update_delete;
  std::string message =
      is_delete ? fmt::format("{} deleted \"{}\" in {} without having seen what was changed in it meanwhile.",
                              scene.local_author, scene.title, scene.workspace)
                : fmt::format("{} moved \"{}\" in {} below something that lies below it since.",
                              scene.local_author, scene.title, scene.workspace);
  return make_form(std::move(message), {choice(model::name_of(model::Resolution::keep_local),
                                               is_delete ? "Delete it" : "Move it"),
                                        choice(model::name_of(model::Resolution::keep_server),
                                               is_delete ? "Keep it" : "Leave it where it is")});
}

const mcp::InputReply* reply_of(const mcp::CallContext& context) {
  const bool is_ours =
      context.input && context.input->state.is_object() && context.input->state.contains("forms");
  return is_ours ? &*context.input : nullptr;
}

} // namespace

std::string how_to_settle(const std::vector<std::string>& conflicts) {
  if (conflicts.empty()) return {};
  return fmt::format(
      " Open conflict: settle it with resolve_conflict {{conflict: \"{}\", resolution: keep_local, "
      "keep_server, merge or custom}}; without arguments it shows the versions.",
      conflicts.front());
}

Json carried_of(const mcp::CallContext& context) {
  const auto* reply = reply_of(context);
  return reply == nullptr ? Json(nullptr) : reply->state["carried"];
}

std::string ConflictForms::take_answer(const mcp::CallContext& context) {
  const auto* reply = reply_of(context);
  if (reply == nullptr) return {};
  std::string note = reply->state["note"];
  const auto conflict = model::ConflictId::parse(reply->state["conflict"].get<std::string>());
  if (!conflict) return note;
  return note + settle(*conflict, mcp::find_form_answer(context.input, k_form).value_or(mcp::FormAnswer{}));
}

std::string ConflictForms::settle(const model::ConflictId& conflict, const mcp::FormAnswer& answer) {
  const auto chosen = answer.content.find(k_choice);
  const bool is_chosen = chosen != answer.content.end() && chosen->is_string();
  const auto resolution = is_chosen
                              ? model::find_by_name<model::Resolution>(chosen->get_ref<const std::string&>())
                              : std::nullopt;
  left_open_.insert(conflict); // whatever comes of it, it is not asked again
  if (!resolution || resolution == model::Resolution::custom) return {};
  ResolveArguments arguments;
  arguments.conflict = conflict.str();
  arguments.resolution = resolution;
  const auto settled = resolve_conflict(session_, arguments);
  if (!settled) return fmt::format("The conflict was not settled: {}. ", settled.error().message);
  return fmt::format("The {} of \"{}\" was settled with {}. ", settled->applied->conflict.field,
                     settled->applied->conflict.title, settled->applied->resolution);
}

base::Result<std::optional<mcp::InputRequired>> ConflictForms::make_question(replica::Reader& reader,
                                                                             const std::string& name,
                                                                             Json state) {
  TRY_ASSIGN(const auto located, agent::locate_conflict(session_, reader, name));
  const model::Conflict& conflict = located.conflict;
  if (left_open_.contains(conflict.id)) return std::optional<mcp::InputRequired>();
  const Scene scene = set_scene(reader, located.workspace, conflict);
  state["conflict"] = conflict.id.view();
  auto form = conflict.kind == model::ConflictKind::field ? field_form(scene, conflict)
                                                          : tree_form(scene, conflict.kind);
  return std::optional(mcp::InputRequired{{std::move(form)}, std::move(state)});
}

std::optional<mcp::InputRequired> ConflictForms::next_form(const mcp::CallContext& context,
                                                           const std::vector<std::string>& conflicts,
                                                           const std::string& note, const Json& carried) {
  if (!context.can_show_form || context.cancelled.stop_requested()) return std::nullopt;
  const auto* reply = reply_of(context);
  const std::size_t shown = reply == nullptr ? 0 : reply->state["forms"].get<std::size_t>();
  if (shown >= k_max_forms) return std::nullopt;
  const Json state = {{"forms", shown + 1}, {"note", note}, {"carried", carried}};
  for (const std::string& id : conflicts) {
    auto question =
        session_.replica().read([&](replica::Reader& reader) { return make_question(reader, id, state); });
    if (question && *question) return **std::move(question);
  }
  return std::nullopt;
}

} // namespace memsync::tools
