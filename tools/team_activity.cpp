#include "tools/team_activity.h"

#include "agent/notifications.h"
#include "model/limits.h"
#include "replica/notifications.h"

namespace memsync::tools {

namespace {

using Format = ActivityArguments::Format;

constexpr std::size_t k_hook_lines = 5;
constexpr std::size_t k_notice_bytes = 400;     // of a notification; the whole is in get_history
constexpr std::size_t k_notification_share = 4; // a quarter of the tokens

ActivityView make_view(Session& session, replica::Reader& reader, const replica::WorkspaceRow& workspace,
                       const replica::ActivityRow& row) {
  ActivityView view;
  view.at = base::format_rfc3339(row.at);
  view.age = base::format_age(row.at, session.now());
  view.user = agent::show(row.author);
  view.reported_by = agent::show(row.client);
  view.session = agent::show(row.session);
  view.action = model::name_of(row.kind);
  if (!row.node.is_empty()) view.node = reader.short_id(workspace, row.node);
  if (!row.document.is_empty()) view.document = reader.short_id(workspace, row.document);
  view.title = agent::show(row.title);
  view.detail = agent::show(row.detail);
  view.line = agent::describe(row, session.now());
  return view;
}

Json member_json(const replica::MemberRow& member) {
  Json json = {{"id", member.user.view().substr(0, 10)},
               {"name", agent::show(member.name)},
               {"role", model::name_of(member.role)}};
  set_if(json, "email", agent::show(member.email));
  return json;
}

base::Result<> fill_rows(Session& session, replica::Reader& reader, const ActivityArguments& arguments,
                         ActivityResult& result) {
  TRY_ASSIGN(const Session::Chosen current, session.choose_workspace(reader, std::nullopt));
  auto workspace = current.workspace;
  replica::Reader::HistoryQuery query;
  if (arguments.document) {
    TRY_ASSIGN(const auto document, agent::locate_document(session, reader, *arguments.document));
    query.document = document.id;
    workspace = reader.workspace(document.workspace);
  }
  query.author = arguments.user;
  query.kind = arguments.action;
  query.since = arguments.since;
  query.limit = arguments.limit;
  query.cursor = arguments.cursor;
  TRY_ASSIGN(auto page, reader.activity(workspace, query));
  for (const auto& row : page.rows) result.rows.push_back(make_view(session, reader, workspace, row));
  if (cut_to_budget(result.rows, arguments.token_budget - arguments.token_budget / k_notification_share) >
      0) {
    query.limit = result.rows.size(); // so that the cursor stands behind what is shown
    TRY_ASSIGN(page, reader.activity(workspace, query));
  }
  result.workspace = agent::show(workspace.name);
  result.next_cursor = page.next_cursor;
  result.present = agent::list_present(session, reader, workspace);
  result.members = reader.members(workspace);
  if (result.members.size() > model::limits::k_max_rows) result.members.resize(model::limits::k_max_rows);
  return {};
}

NotificationView make_view(Session& session, replica::Reader& reader, const model::Notification& row) {
  NotificationView view;
  view.id = row.id.view();
  view.at = base::format_rfc3339(row.at);
  view.age = base::format_age(row.at, session.now());
  view.kind = model::name_of(row.kind);
  const auto workspace = reader.find_workspace(row.workspace);
  if (workspace) view.workspace = agent::show(workspace->name);
  view.actor = agent::show(row.actor_name);
  if (workspace && !row.node.is_empty()) view.node = reader.short_id(*workspace, row.node);
  view.title = agent::show(row.title);
  if (row.field) view.field = model::name_of(*row.field);
  view.yours = agent::show_value(row.yours, k_notice_bytes);
  view.now = agent::show_value(row.now, k_notice_bytes);
  view.conflict = row.conflict.view();
  view.text = agent::describe(row, reader.account().user);
  view.is_read = row.is_read;
  return view;
}

/// The ids of those that are shown and unread.
base::Result<std::vector<model::NotificationId>> fill_notifications(Session& session, replica::Reader& reader,
                                                                    const ActivityArguments& arguments,
                                                                    ActivityResult& result) {
  result.unread = reader.unread_count();
  std::vector<model::NotificationId> shown;
  if (!arguments.cursor.empty()) return shown; // they come with the first page
  TRY_ASSIGN(const auto page, reader.notifications({arguments.only_unread, arguments.limit, ""}));
  for (const auto& row : page.rows) result.notifications.push_back(make_view(session, reader, row));
  cut_to_budget(result.notifications, arguments.token_budget / k_notification_share);
  for (std::size_t i = 0; i < result.notifications.size(); ++i)
    if (!page.rows[i].is_read) shown.push_back(page.rows[i].id);
  return shown;
}

base::Result<> mark_shown(Session& session, const std::vector<model::NotificationId>& shown,
                          ActivityResult& result) {
  TRY_ASSIGN(const std::size_t marked, replica::mark_read(session.replica(), shown));
  result.unread -= std::min(marked, result.unread);
  if (marked > 0) session.sync().local_commit();
  return {};
}

std::string hook_text(const agent::News::Look& news) {
  std::string context;
  if (!news.lines.empty()) {
    context = fmt::format("New in the team's shared memory since the last prompt ({}):\n", agent::k_notice);
    for (const auto& line : news.lines) context += fmt::format("- {}\n", line);
    if (news.more > 0) context += fmt::format("- {} more: team_activity\n", news.more);
  }
  return base::dump_json(
      {{"hookSpecificOutput", {{"hookEventName", "UserPromptSubmit"}, {"additionalContext", context}}}});
}

} // namespace

base::Result<ActivityArguments> ActivityArguments::parse(const Arguments& in) {
  ActivityArguments arguments;
  TRY_ASSIGN(arguments.since, in.time("since"));
  arguments.user = in.text("user").value_or("");
  if (const auto action = in.text("action")) {
    arguments.action = model::find_by_name<model::OperationKind>(*action);
    if (!arguments.action)
      return base::Error{
          base::ErrorCode::validation,
          fmt::format("action: expected one of {}; got \"{}\"",
                      fmt::join(model::EnumNames<model::OperationKind>::names, ", "), agent::show(*action))};
  }
  arguments.document = in.text("document");
  arguments.only_unread = in.flag("unread").value_or(false);
  arguments.mark_read = in.flag("mark_read").value_or(false);
  arguments.format = in.text("format").value_or("rows") == "rows" ? Format::rows : Format::prompt_hook;
  arguments.limit = in.number_or("limit", model::limits::k_default_rows);
  arguments.cursor = in.text("cursor").value_or("");
  arguments.token_budget = in.number_or("token_budget", arguments.token_budget);
  return arguments;
}

base::Result<ActivityResult> team_activity(Session& session, agent::News& news,
                                           const ActivityArguments& arguments) {
  ActivityResult result;
  result.format = arguments.format;
  std::vector<model::NotificationId> shown;
  TRY(session.replica().read([&](replica::Reader& reader) -> base::Result<> {
    if (arguments.format == Format::prompt_hook) {
      TRY_ASSIGN(result.news, news.take(reader, k_hook_lines));
      return {};
    }
    TRY_ASSIGN(shown, fill_notifications(session, reader, arguments, result));
    return fill_rows(session, reader, arguments, result);
  }));
  if (arguments.mark_read) TRY(mark_shown(session, shown, result));
  return result;
}

Json to_json(const ActivityView& row) {
  Json json = {{"at", row.at},         {"age", row.age},   {"user", row.user},
               {"action", row.action}, {"node", row.node}, {"title", row.title}};
  set_if(json, "reported_by", row.reported_by);
  set_if(json, "session", row.session);
  set_if(json, "document", row.document);
  set_if(json, "detail", row.detail);
  return json;
}

Json to_json(const NotificationView& row) {
  Json json = {{"id", row.id},     {"at", row.at},     {"age", row.age},
               {"kind", row.kind}, {"text", row.text}, {"read", row.is_read}};
  set_if(json, "workspace", row.workspace);
  set_if(json, "by", row.actor);
  set_if(json, "node", row.node);
  set_if(json, "title", row.title);
  set_if(json, "field", row.field);
  set_if(json, "yours", row.yours);
  set_if(json, "now", row.now);
  set_if(json, "conflict", row.conflict);
  return json;
}

mcp::ToolResult render(const ActivityResult& result) {
  if (result.format == Format::prompt_hook) return {nullptr, hook_text(result.news), {}, false};
  Json members = Json::array();
  for (const auto& member : result.members) members.push_back(member_json(member));
  Json json = {{"workspace", result.workspace},
               {"activity", to_json_list(result.rows)},
               {"notifications", to_json_list(result.notifications)},
               {"present", agent::to_json(result.present)},
               {"members", std::move(members)},
               {"unread", result.unread},
               {"notice", agent::k_notice}};
  std::string text;
  for (const auto& row : result.notifications)
    text += fmt::format("{} {}, {}\n", row.is_read ? "-" : "*", row.text, row.age);
  if (result.unread > 0) text += fmt::format("{} unread\n", result.unread);
  text += fmt::format("{}:\n", result.workspace);
  for (const auto& row : result.rows) text += fmt::format("- {} [{}]\n", row.line, row.node);
  if (result.rows.empty()) text += "Nothing happened.\n";
  if (!result.next_cursor.empty()) {
    json["next_cursor"] = result.next_cursor;
    json["hint"] = "Older activity: pass next_cursor as cursor, or narrow";
    text += "Older activity: pass next_cursor as cursor, or narrow\n";
  }
  for (const agent::PresentView& each : result.present)
    text += fmt::format("Here: {}\n", agent::describe(each));
  if (!result.members.empty()) {
    std::vector<std::string> names;
    for (const auto& member : result.members)
      names.push_back(fmt::format("{} ({})", agent::show(member.name), model::name_of(member.role)));
    text += fmt::format("Members: {}\n", fmt::join(names, ", "));
  }
  return {std::move(json), text + std::string(agent::k_notice) + "\n", {}, false};
}

} // namespace memsync::tools
