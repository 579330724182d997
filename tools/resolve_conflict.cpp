#include "tools/resolve_conflict.h"

#include "agent/status.h"
#include "model/register_text.h"

namespace memsync::tools {

namespace {

using model::Resolution;

/// The JSON text of the register for what the caller wrote.
base::Result<std::string> custom_text(const model::Conflict& conflict, const std::string& value) {
  model::Node probe;
  const std::string as_text = base::dump_json(value);
  if (model::set_register_text(probe, conflict.field, as_text)) return as_text;
  if (model::set_register_text(probe, conflict.field, value)) return value;
  return base::invalid(fmt::format("value: not a value of {}; give text, or JSON such as {}",
                                   model::name_of(conflict.field), conflict.server));
}

base::Result<std::string> chosen_text(const model::Conflict& conflict, const ResolveArguments& arguments) {
  switch (*arguments.resolution) {
    case Resolution::keep_local: return conflict.local;
    case Resolution::keep_server: return conflict.server;
    case Resolution::merge:
      if (conflict.proposed.empty())
        return base::invalid(
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
  if (located.conflict.resolved) return base::invalid("this conflict was settled already");
  TRY_ASSIGN(const std::string text, chosen_text(located.conflict, arguments));
  return session.edit(located.workspace.id, std::nullopt, std::nullopt,
                      [&](replica::Editor& editor) -> base::Result<AppliedResolution> {
                        AppliedResolution applied{name_conflict(editor, editor.workspace(), located.conflict),
                                                  std::string(model::name_of(*arguments.resolution)),
                                                  show_value(text, arguments.room.value_bytes)};
                        TRY(editor.resolve(located.conflict.id, *arguments.resolution, text));
                        message =
                            fmt::format("Settled {} of \"{}\" with {}. {}", applied.conflict.field,
                                        applied.conflict.title, applied.resolution,
                                        agent::describe_pending(session, editor, editor.workspace(),
                                                                editor.pending_count(editor.workspace())));
                        return applied;
                      });
}

} // namespace

base::Result<ResolveArguments> ResolveArguments::parse(const Arguments& in) {
  ResolveArguments arguments;
  arguments.conflict = in.text("conflict");
  arguments.resolution = in.choice<Resolution>("resolution");
  arguments.value = in.text("value");
  arguments.room.tokens = in.number_or("token_budget", arguments.room.tokens);
  // Of four values in a row, with four bytes a token, the first row still fits.
  arguments.room.value_bytes = std::min(arguments.room.value_bytes, arguments.room.tokens);
  if (!arguments.conflict && (arguments.resolution || arguments.value))
    return base::invalid("conflict: which one? Call without arguments to list them");
  if (arguments.conflict && !arguments.resolution)
    return base::invalid("resolution: choose keep_local, keep_server, merge or custom");
  if (arguments.resolution == Resolution::custom && !arguments.value)
    return base::invalid("value: custom needs the value to set");
  if (arguments.resolution && arguments.resolution != Resolution::custom && arguments.value)
    return base::invalid("value: only resolution custom takes one");
  return arguments;
}

base::Result<ResolveResult> resolve_conflict(Session& session, const ResolveArguments& arguments) {
  ResolveResult result;
  if (arguments.conflict) {
    TRY_ASSIGN(result.applied, settle(session, arguments, result.settled));
  }
  return session.replica().read([&](replica::Reader& reader) -> base::Result<ResolveResult> {
    auto workspaces = reader.workspaces();
    if (arguments.workspace) {
      TRY_ASSIGN(auto only, reader.resolve_workspace(*arguments.workspace));
      workspaces = {std::move(only)};
    }
    result.open = list_conflicts(reader, workspaces, std::nullopt, arguments.room, session.now());
    const auto open = result.open.size();
    result.message = result.settled.empty() ? "" : result.settled + " ";
    result.message += open == 0 ? "No open conflicts."
                                : fmt::format("{}: choose keep_local, keep_server, merge or custom for each.",
                                              agent::count_of(open, "open conflict"));
    return std::move(result);
  });
}

mcp::ToolResult render(const ResolveResult& result) {
  Json json = {{"conflicts", to_json_list(result.open.rows)},
               {"more", result.open.more},
               {"message", result.message},
               {"notice", agent::k_notice}};
  if (result.applied) {
    const auto& applied = *result.applied;
    json["applied"] = {{"conflict", applied.conflict.id},  {"node", applied.conflict.node},
                       {"title", applied.conflict.title},  {"field", applied.conflict.field},
                       {"resolution", applied.resolution}, {"value", applied.value}};
  }
  std::string text = result.message + "\n";
  for (const ConflictView& view : result.open.rows) {
    text += fmt::format("- {} {} of \"{}\" [{}] in {}\n", view.name.id, view.name.field, view.name.title,
                        view.name.node, view.workspace);
    text += agent::quote(fmt::format("base: {}\nlocal ({}, {}): {}\nserver ({}, {}): {}\nproposed: {}",
                                     base::dump_json(view.base), view.local.author, view.local.age,
                                     base::dump_json(view.local.value), view.server.author, view.server.age,
                                     base::dump_json(view.server.value), base::dump_json(view.proposed)),
                         "  ");
  }
  return {std::move(json), std::move(text), {}, false};
}

} // namespace memsync::tools
