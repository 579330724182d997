#include <CLI/CLI.hpp>

#include "app/hub_program.h"
#include "base/upper_bound.h"
#include "base/utf8.h"

namespace memsync::app {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

struct AuditOptions {
  hub::Admin::AuditQuery query;
  std::string action, since, until;
  std::int64_t before = std::numeric_limits<std::int64_t>::max();
  std::size_t limit = 50;
};

Result<> check_time(const char* option, const std::string& text, const std::optional<base::Timestamp>& time) {
  if (text.empty() || time) return {};
  return Error{ErrorCode::validation,
               fmt::format("{} {}: give a time such as 2h, 3d or 2026-11-20", option, text)};
}

Result<hub::Admin::AuditQuery> to_query(const AuditOptions& options, base::Timestamp now) {
  hub::Admin::AuditQuery query = options.query;
  if (!options.action.empty()) {
    query.filter.action = model::find_by_name<hub::AuditAction>(options.action);
    if (!query.filter.action)
      return Error{ErrorCode::validation,
                   fmt::format("--action {}: no such action; there are {}", options.action,
                               fmt::join(model::EnumNames<hub::AuditAction>::names, ", "))};
  }
  query.filter.since = base::parse_time(options.since, now);
  TRY(check_time("--since", options.since, query.filter.since));
  query.filter.until = base::parse_upper_bound(options.until, now);
  TRY(check_time("--until", options.until, query.filter.until));
  return query;
}

/// Ids as what people call them.
struct Names {
  std::map<model::UserId, std::string> people;
  std::map<model::WorkspaceId, std::string> workspaces;

  std::string of(const model::UserId& id) const { return find(people, id); }
  std::string of(const model::WorkspaceId& id) const { return find(workspaces, id); }

 private:
  template <class Id>
  static std::string find(const std::map<Id, std::string>& names, const Id& id) {
    const auto known = names.find(id);
    return known == names.end() ? id.str() : base::make_visible(known->second);
  }
};

hub::Answer<Names> load_names(hub::Admin& admin) {
  Names names;
  TRY_ASSIGN(const auto people, admin.users());
  for (const hub::User& user : people) names.people.emplace(user.id, user.email);
  TRY_ASSIGN(const auto workspaces, admin.workspaces());
  for (const hub::Workspace& workspace : workspaces) names.workspaces.emplace(workspace.id, workspace.name);
  return names;
}

base::Json to_json(const hub::AuditEvent& event, const Names& names) {
  base::Json json = {{"id", std::to_string(event.id)},
                     {"at", base::format_rfc3339(event.at)},
                     {"action", model::name_of(event.action)},
                     {"detail", event.detail}};
  if (!event.actor.is_empty()) json["actor"] = names.of(event.actor);
  if (!event.subject.is_empty()) json["subject"] = names.of(event.subject);
  if (!event.workspace.is_empty()) json["workspace"] = names.of(event.workspace);
  return json;
}

hub::Answer<Output> show_audit(HubProgram& program, const AuditOptions& options) {
  TRY_ASSIGN(const auto query, to_query(options, program.clock().now()));
  TRY_ASSIGN(const auto store, program.open_store());
  hub::Admin admin(program.clock(), program.random(), *store);
  TRY_ASSIGN(const auto events, admin.audit(query, options.before, options.limit));
  TRY_ASSIGN(const auto names, load_names(admin));
  base::Json list = base::Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const hub::AuditEvent& event : events) {
    list.push_back(to_json(event, names));
    rows.push_back({base::format_rfc3339(event.at), std::string(model::name_of(event.action)),
                    event.actor.is_empty() ? "-" : names.of(event.actor),
                    event.subject.is_empty() ? "-" : names.of(event.subject),
                    event.workspace.is_empty() ? "-" : names.of(event.workspace),
                    base::make_visible(event.detail)});
  }
  base::Json json = {{"events", std::move(list)}};
  std::string text = rows.empty() ? "Nothing was found.\n"
                                  : render_table({"AT", "ACTION", "BY", "WHOM", "WORKSPACE", "DETAIL"}, rows);
  if (events.size() == options.limit) {
    json["next_before"] = std::to_string(events.back().id);
    text += fmt::format("\nThere may be more: --before {}\n", events.back().id);
  }
  return Output{std::move(json), std::move(text)};
}

} // namespace

void add_audit_command(HubProgram& program, CLI::App& app) {
  constexpr std::size_t k_most = 1000;
  const auto options = std::make_shared<AuditOptions>();
  CLI::App& command =
      program.add_command(app, "audit", "Who signed in, was refused, invited, removed: newest first",
                          [&program, options] { return show_audit(program, *options); });
  command.add_option("--workspace", options->query.workspace, "Only of this one: id, slug or name");
  command.add_option("--email", options->query.email, "Only what somebody did, or what was done to them");
  command.add_option("--action", options->action, "Only this, such as denied or sign_in_failed");
  command.add_option("--since", options->since, "Such as 2h, 3d or 2026-11-20");
  command.add_option("--until", options->until, "Such as 2h, 3d or 2026-11-20 (to the end of the day, UTC)");
  command.add_option("--limit", options->limit, "How many")
      ->check(CLI::Range(std::size_t{1}, k_most))
      ->capture_default_str();
  command.add_option("--before", options->before, "Go on behind this id, which the page before named")
      ->default_str("");
}

} // namespace memsync::app
