#include "cli/news.h"

#include "cli/hub_session.h"
#include "tools/team_activity.h"

namespace memsync::cli {

namespace {

/// The values stand below the sentence, each in full width.
std::string describe(const Context& context, const tools::NotificationView& row) {
  std::string text = fmt::format("{} {}  {}\n", row.is_read ? " " : context.in(Style::yellow, "*"),
                                 row.is_read ? row.text : context.in(Style::bold, row.text),
                                 context.in(Style::dim, fmt::format("{}, {}", row.age, row.workspace)));
  if (row.field.empty() || row.field == "place") return text;
  text += context.in(Style::dim, "  yours:") + "\n" + wrap(context.terminal, row.yours, "    ");
  text += context.in(Style::dim, "  now:") + "\n" + wrap(context.terminal, row.now, "    ");
  return text;
}

Result<> choose_kinds(const Context& context, const NewsOptions& options) {
  net::client::NotificationChoices wanted;
  const auto choose = [&wanted](const std::vector<std::string>& names, bool is_wanted) {
    for (const std::string& name : names)
      if (const auto kind = model::find_by_name<model::NotificationKind>(name)) wanted[*kind] = is_wanted;
  };
  choose(options.mute, false);
  choose(options.unmute, true);
  TRY_ASSIGN(auto calls, call_hub(context.settings));
  TRY_ASSIGN(const auto choices,
             wanted.empty() ? calls.notification_choices() : calls.choose_notifications(wanted));
  Json muted = Json::array();
  std::vector<std::vector<Cell>> rows;
  for (const auto& [kind, is_wanted] : choices) {
    const std::string name(model::name_of(kind));
    if (!is_wanted) muted.push_back(name);
    rows.push_back({{name, Style::bold}, {is_wanted ? "yes" : "no, muted"}});
  }
  context.show(Json{{"muted", std::move(muted)}},
               format_table(context.terminal, {{"KIND"}, {"YOU HEAR OF IT"}}, rows));
  return {};
}

} // namespace

Result<> run_news(const Context& context, const NewsOptions& options) {
  if (options.shows_kinds || !options.mute.empty() || !options.unmute.empty())
    return choose_kinds(context, options);
  TRY_ASSIGN(Workbench* const bench, context.open());
  tools::ActivityArguments arguments;
  arguments.only_unread = options.only_unread;
  arguments.mark_read = options.mark_read;
  arguments.limit = options.limit;
  agent::News news(bench->session);
  TRY_ASSIGN(const tools::ActivityResult result, tools::team_activity(bench->session, news, arguments));
  std::string text;
  Json list = Json::array();
  for (const tools::NotificationView& row : result.notifications) {
    text += describe(context, row);
    list.push_back(tools::to_json(row));
  }
  if (result.notifications.empty()) text = options.only_unread ? "Nothing unread.\n" : "Nothing yet.\n";
  const std::size_t shown = result.notifications.size();
  if (shown > 0 && result.unread > 0) text += fmt::format("\n{} unread in all.\n", result.unread);
  context.show({{"notifications", std::move(list)}, {"unread", result.unread}}, text);
  return {};
}

} // namespace memsync::cli
