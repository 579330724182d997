#include "cli/resolve.h"

#include "agent/locate.h"
#include "cli/conflicts.h"
#include "cli/hand_edit.h"
#include "cli/side_by_side.h"

namespace memsync::cli {

using base::Error;
using base::ErrorCode;
using model::Resolution;
using tools::ConflictSide;
using tools::ConflictView;

namespace {

/// What a person chose; nothing in `resolution`: to edit both by hand.
struct Choice {
  std::optional<Resolution> resolution;
  std::string value; // of a custom one
};

/// A field's value as a person reads it.
std::string describe_value(Workbench& bench, const ConflictView& view, const Json& value) {
  const std::string& field = view.name.field;
  if (field == "deleted") return value == true ? "delete it" : "keep it";
  if (field == "completed") return value == true ? "done" : "open";
  if (value.is_string() && field == "assignee") {
    const auto user = model::UserId::parse(value.get_ref<const std::string&>());
    const auto name = bench.session.read([&](replica::Reader& reader) -> Result<std::string> {
      return user ? reader.user_name(*user) : value.get<std::string>();
    });
    return name ? agent::show(*name) : "?";
  }
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "none";
  if (field == "place" && value.is_object()) {
    const std::string parent = value.value("parent", "");
    if (parent.empty()) return fmt::format("a document of its own, at {}", value.value("key", ""));
    const auto title = bench.session.read([&](replica::Reader& reader) -> Result<std::string> {
      TRY_ASSIGN(const auto row,
                 agent::locate_node(bench.session, reader, parent, replica::Reader::Deleted::included));
      return row.node.title.value;
    });
    return fmt::format("below \"{}\", at {}", title ? agent::show(*title) : parent, value.value("key", ""));
  }
  if (value.is_array()) {
    std::vector<std::string> items;
    for (const Json& item : value) items.push_back(item.is_string() ? item.get<std::string>() : item.dump());
    return fmt::format("{}", fmt::join(items, ", "));
  }
  return base::dump_json(value);
}

std::string label_of(std::string_view side, const ConflictSide& by) {
  std::string label = fmt::format("{} ({}{}{})", side, by.author, by.age.empty() ? "" : ", ", by.age);
  std::replace(label.begin(), label.end(), '\n', ' ');
  return label;
}

std::string describe_conflict(const Context& context, Workbench& bench, const ConflictView& view) {
  std::string text =
      fmt::format("{}  {}\n", context.in(Style::bold, view.name.title),
                  context.in(Style::dim, fmt::format("[{}] in {}, conflict {} over {}", view.name.node,
                                                     view.workspace, view.name.id, view.name.field)));
  const auto shown = [&](const Json& value) { return describe_value(bench, view, value); };
  if (view.name.kind == "cycle") text += "The move would put it inside of what hangs below it.\n";
  if (view.name.kind == "update_delete")
    text += "It was deleted by somebody who had not seen an edit of it.\n";
  text +=
      "\n" + format_side_by_side(context.terminal, {label_of("local", view.local), shown(view.local.value)},
                                 {label_of("server", view.server), shown(view.server.value)});
  if (!view.base.is_null() && view.name.field != "content")
    text += fmt::format("\n{} {}\n", context.in(Style::dim, "before:"), shown(view.base));
  if (!view.proposed.is_null() && view.proposed != view.server.value && view.proposed != view.local.value)
    text += "\n" + context.in(Style::dim, "proposed merge:") + "\n" +
            wrap(context.terminal, shown(view.proposed), "  ");
  return text;
}

std::optional<Choice> chosen_by(const Context& context, const ResolveOptions& options) {
  if (options.keep_local) return Choice{Resolution::keep_local, ""};
  if (options.keep_server) return Choice{Resolution::keep_server, ""};
  if (options.merge) return Choice{Resolution::merge, ""};
  if (options.edit) return Choice{};
  if (!options.value) return std::nullopt;
  Choice choice{Resolution::custom, *options.value};
  if (choice.value != "-") return choice;
  choice.value.clear();
  for (bool is_first = true; const auto line = context.read_line(); is_first = false)
    choice.value += (is_first ? "" : "\n") + *line;
  return choice;
}

/// Asks until there is an answer; nothing when the person leaves the conflict open.
std::optional<Choice> ask(const Context& context, const ConflictView& view) {
  const bool has_proposal = !view.proposed.is_null();
  for (;;) {
    context.write(
        fmt::format("\n[l] keep local   [s] keep server   {}[v] type a value   [e] edit   [q] leave "
                    "it open\nYour choice: ",
                    has_proposal ? "[m] proposed merge   " : ""));
    const auto answer = context.read_line();
    if (!answer || *answer == "q") return std::nullopt;
    if (*answer == "l") return Choice{Resolution::keep_local, ""};
    if (*answer == "s") return Choice{Resolution::keep_server, ""};
    if (*answer == "m" && has_proposal) return Choice{Resolution::merge, ""};
    if (*answer == "e") return Choice{};
    if (*answer != "v") continue;
    context.write("The value, on one line: ");
    if (const auto value = context.read_line()) return Choice{Resolution::custom, *value};
  }
}

Result<> settle(const Context& context, Workbench& bench, const ConflictView& view, const Choice& choice) {
  tools::ResolveArguments arguments;
  arguments.conflict = view.name.id;
  arguments.resolution = choice.resolution;
  if (choice.resolution == Resolution::custom) arguments.value = choice.value;
  TRY_ASSIGN(const tools::ResolveResult result, tools::resolve_conflict(bench.session, arguments));
  std::string text = context.in(Style::green, result.settled) + "\n";
  if (result.open.size() > 0)
    text +=
        fmt::format("{} left: `memsync conflicts`.\n", agent::count_of(result.open.size(), "open conflict"));
  context.show(tools::render(result).structured, text);
  return {};
}

/// The raw text of a side: what is shown has its control characters replaced.
std::string raw_text(const std::string& register_text) {
  const auto json = base::parse_json(register_text);
  if (!json) return {};
  return json->is_string() ? json->get<std::string>() : base::dump_json(*json);
}

Result<> settle_by_hand(const Context& context, Workbench& bench, const ConflictView& view) {
  TRY_ASSIGN(const auto located, bench.session.read([&](replica::Reader& reader) {
    return agent::locate_conflict(bench.session, reader, view.name.id);
  }));
  const LabelledText local{label_of("local", view.local), raw_text(located.conflict.local)};
  const LabelledText server{label_of("server", view.server), raw_text(located.conflict.server)};
  TRY_ASSIGN(const HandEdit edit, edit_by_hand(context, mark_differences(local, server)));
  const auto settled = [&]() -> Result<> {
    TRY_ASSIGN(std::string decided, parse_decided(edit.text, local, server));
    return settle(context, bench, view, {Resolution::custom, std::move(decided)});
  }();
  if (!settled)
    return Error{settled.error().code,
                 fmt::format("{}. What you wrote is kept in {}", settled.error().message, edit.path)};
  forget(edit);
  return {};
}

Result<> show_and_ask(const Context& context, Workbench& bench, const ConflictView& view) {
  if (context.json) {
    context.write(base::dump_json({{"conflicts", {tools::to_json(view)}}}) + "\n");
    return Error{ErrorCode::validation, ""};
  }
  context.write(describe_conflict(context, bench, view));
  if (context.terminal.width == 0)
    return Error{
        ErrorCode::validation,
        "nothing was settled: choose with --keep-local, --keep-server, --merge, --value TEXT or --edit"};
  const auto choice = ask(context, view);
  if (!choice) return Error{ErrorCode::cancelled, "the conflict stays open"};
  return choice->resolution ? settle(context, bench, view, *choice) : settle_by_hand(context, bench, view);
}

/// Of what has no name at all the replica says that its title would do, but a conflict has none.
Error explain_missing(const std::string& name, Error error) {
  if (error.code == ErrorCode::not_found && error.message.find("exact title") != std::string::npos)
    error.message =
        fmt::format("there is no conflict {}: `memsync conflicts` lists what is open", agent::show(name));
  return error;
}

/// The conflict to settle; nothing when there is none. Several without a name for one are listed, and fail.
Result<std::optional<ConflictView>> find_conflict(const Context& context, Workbench& bench,
                                                  const ResolveOptions& options) {
  if (!options.conflict.empty())
    return bench.session.read([&](replica::Reader& reader) -> Result<std::optional<ConflictView>> {
      const auto located = agent::locate_conflict(bench.session, reader, options.conflict);
      if (!located) return explain_missing(options.conflict, located.error());
      return std::optional(tools::view_conflict(reader, located->workspace, located->conflict,
                                                tools::k_room_unlimited, bench.session.now()));
    });
  TRY_ASSIGN(const OpenConflicts open, find_open_conflicts(bench, options.workspace));
  if (open.found.open.rows.size() == 1) return std::optional(open.found.open.rows.front());
  show_conflicts(context, open);
  if (open.found.open.rows.empty()) return std::optional<ConflictView>();
  return Error{ErrorCode::validation, context.json ? "" : "several conflicts are open: name one"};
}

} // namespace

Result<> run_resolve(const Context& context, const ResolveOptions& options) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  TRY_ASSIGN(const auto view, find_conflict(context, *bench, options));
  if (!view) return {};
  const auto choice = chosen_by(context, options);
  if (!choice) return show_and_ask(context, *bench, *view);
  return choice->resolution ? settle(context, *bench, *view, *choice)
                            : settle_by_hand(context, *bench, *view);
}

} // namespace memsync::cli
