#include "tools/resolve_conflict.h"

#include "agent/status.h"
#include "model/register_text.h"

namespace memsync::tools {

namespace {

using model::Resolution;

base::Error invalid(std::string message) { return {base::ErrorCode::validation, std::move(message)}; }

Json shown(const std::string& register_text) {
  return register_text.empty() ? Json(nullptr) : agent::show_register(register_text);
}

ConflictView make_view(replica::Reader& reader, const replica::WorkspaceRow& workspace,
                       const model::Conflict& conflict) {
  return {name_conflict(reader, workspace, conflict),
          agent::show(workspace.name),
          shown(conflict.base),
          shown(conflict.local),
          shown(conflict.server),
          shown(conflict.proposed),
          agent::show(reader.user_name(conflict.local_stamp.author)),
          agent::show(reader.user_name(conflict.server_stamp.author))};
}

/// The JSON text of the register for what the caller wrote.
base::Result<std::string> custom_text(const model::Conflict& conflict, const std::string& value) {
  model::Node probe;
  const std::string as_text = base::dump_json(value);
  if (model::set_register_text(probe, conflict.field, as_text)) return as_text;
  if (model::set_register_text(probe, conflict.field, value)) return value;
  return invalid(fmt::format("value: not a value of {}; give text, or JSON such as {}",
                             model::name_of(conflict.field), conflict.server));
}

base::Result<std::string> chosen_text(const model::Conflict& conflict, const ResolveArguments& arguments) {
  switch (*arguments.resolution) {
    case Resolution::keep_local: return conflict.local;
    case Resolution::keep_server: return conflict.server;
    case Resolution::merge:
      if (conflict.proposed.empty())
        return invalid(
            "no merge is proposed for this conflict: use keep_local, keep_server, or custom with value");
      return conflict.proposed;
    case Resolution::custom: return custom_text(conflict, *arguments.value);
  }
  return std::string();
}

base::Result<AppliedResolution> settle(Session& session, const ResolveArguments& arguments,
                                       std::string& message) {
  TRY_ASSIGN(const auto located, session.replica().read([&](replica::Reader& reader) {
    return agent::locate_conflict(session, reader, *arguments.conflict);
  }));
  if (located.conflict.resolved) return invalid("this conflict was settled already");
  TRY_ASSIGN(const std::string text, chosen_text(located.conflict, arguments));
  return session.edit(
      located.workspace.id, std::nullopt, std::nullopt,
      [&](replica::Editor& editor) -> base::Result<AppliedResolution> {
        AppliedResolution applied{name_conflict(editor, editor.workspace(), located.conflict),
                                  std::string(model::name_of(*arguments.resolution)), shown(text)};
        TRY(editor.resolve(located.conflict.id, *arguments.resolution, text));
        message =
            fmt::format("Settled {} of \"{}\" with {}. {}", applied.conflict.field, applied.conflict.title,
                        applied.resolution,
                        agent::describe_pending(agent::connection_name(session, editor), editor.workspace(),
                                                editor.pending_count(editor.workspace())));
        return applied;
      });
}

} // namespace

base::Result<ResolveArguments> ResolveArguments::parse(const Arguments& in) {
  ResolveArguments arguments{in.text("conflict"), in.choice<Resolution>("resolution"), in.text("value")};
  if (!arguments.conflict && (arguments.resolution || arguments.value))
    return invalid("conflict: which one? Call without arguments to list them");
  if (arguments.conflict && !arguments.resolution)
    return invalid("resolution: choose keep_local, keep_server, merge or custom");
  if (arguments.resolution == Resolution::custom && !arguments.value)
    return invalid("value: custom needs the value to set");
  if (arguments.resolution && arguments.resolution != Resolution::custom && arguments.value)
    return invalid("value: only resolution custom takes one");
  return arguments;
}

base::Result<ResolveResult> resolve_conflict(Session& session, const ResolveArguments& arguments) {
  ResolveResult result;
  if (arguments.conflict) {
    TRY_ASSIGN(result.applied, settle(session, arguments, result.message));
  }
  return session.replica().read([&](replica::Reader& reader) -> base::Result<ResolveResult> {
    for (const auto& workspace : reader.workspaces())
      for (const auto& conflict : reader.open_conflicts(workspace, std::nullopt))
        result.open.push_back(make_view(reader, workspace, conflict));
    result.more = cut_to_budget(result.open, agent::k_default_answer_tokens);
    const auto open = result.open.size() + result.more;
    if (!result.message.empty()) result.message += " ";
    result.message += open == 0 ? "No open conflicts."
                                : fmt::format("{}: choose keep_local, keep_server, merge or custom for each.",
                                              agent::count_of(open, "open conflict"));
    return std::move(result);
  });
}

Json to_json(const ConflictView& view) {
  Json json = to_json(view.name);
  json.update({{"workspace", view.workspace},
               {"base", view.base},
               {"local", view.local},
               {"server", view.server},
               {"proposed", view.proposed}});
  set_if(json, "local_author", view.local_author);
  set_if(json, "server_author", view.server_author);
  return json;
}

mcp::ToolResult render(const ResolveResult& result) {
  Json json = {{"conflicts", to_json_list(result.open)},
               {"more", result.more},
               {"message", result.message},
               {"notice", agent::k_notice}};
  if (result.applied) {
    const auto& applied = *result.applied;
    json["applied"] = {{"conflict", applied.conflict.id},  {"node", applied.conflict.node},
                       {"title", applied.conflict.title},  {"field", applied.conflict.field},
                       {"resolution", applied.resolution}, {"value", applied.value}};
  }
  std::string text = result.message + "\n";
  for (const auto& view : result.open) {
    text += fmt::format("- {} {} of \"{}\" [{}] in {}\n", view.name.id, view.name.field, view.name.title,
                        view.name.node, view.workspace);
    text += agent::quote(
        fmt::format("base: {}\nlocal ({}): {}\nserver ({}): {}\nproposed: {}", base::dump_json(view.base),
                    view.local_author, base::dump_json(view.local), view.server_author,
                    base::dump_json(view.server), base::dump_json(view.proposed)),
        "  ");
  }
  return {std::move(json), std::move(text), {}, false};
}

} // namespace memsync::tools
