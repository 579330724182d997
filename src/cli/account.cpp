#include "cli/account.h"

#include "agent/display.h"
#include "cli/binding.h"
#include "cli/device_sign_in.h"
#include "cli/text_file.h"
#include "cli/wording.h"
#include "net/client/hub_calls.h"
#include "tools/sync_changes.h"

namespace memsync::cli {

using base::Error;
using base::ErrorCode;
using net::client::HubAccess;
using net::client::HubCalls;

namespace {

constexpr std::chrono::seconds k_first_sync_limit{50};

/// The token that was given; empty when none was.
Result<std::string> find_token(const Context& context, const LoginOptions& options) {
  const auto first_line = [](std::string text) {
    text.resize(std::min(text.find_first_of("\r\n"), text.size()));
    return text;
  };
  std::string token = options.token;
  if (token == "-") {
    token = first_line(context.read_line().value_or(""));
  } else if (token.empty() && !options.token_file.empty()) {
    TRY_ASSIGN(const auto text, read_text_file(options.token_file));
    if (!text) return Error{ErrorCode::not_found, fmt::format("there is no file {}", options.token_file)};
    token = first_line(*text);
  } else if (token.empty()) {
    token = read_environment("MEMSYNC_TOKEN").value_or("");
  }
  const bool was_wanted = !options.token.empty() || !options.token_file.empty();
  if (token.empty() && was_wanted)
    return Error{ErrorCode::validation,
                 "no token: give it with `--token -` on stdin, --token-file or MEMSYNC_TOKEN"};
  return token;
}

HubAccess access_for(const net::client::Endpoint& endpoint, std::string token, std::string ca_file) {
  HubAccess access;
  access.endpoint = endpoint;
  access.token = std::move(token);
  access.ca_path = std::move(ca_file);
  access.proxies = net::client::read_proxy_environment();
  return access;
}

/// Fetches what the hub has, as far as that goes in the time.
tools::SyncResult sync_now(Workbench& bench) {
  std::optional<Result<tools::SyncResult>> done;
  tools::SyncArguments arguments;
  arguments.wait = k_first_sync_limit;
  tools::sync_changes(bench.session, arguments, {},
                      [&](Result<tools::SyncResult> result) { done = std::move(result); });
  bench.run_until([&] { return done.has_value(); });
  if (done && *done) return **std::move(done);
  tools::SyncResult failed;
  failed.message = done ? done->error().message : "stopped before the first sync was done";
  return failed;
}

struct Arrival {
  std::vector<replica::WorkspaceRow> workspaces;
  std::vector<std::size_t> documents;       // of each workspace
  std::vector<std::string> local_documents; // titles, a few
};

Result<Arrival> look_around(Workbench& bench) {
  constexpr std::size_t k_counted = 10'000;
  return bench.session.read([&](replica::Reader& reader) -> Result<Arrival> {
    Arrival arrival;
    for (const replica::WorkspaceRow& row : reader.workspaces()) {
      TRY_ASSIGN(const auto page, reader.documents({row}, "", k_counted, ""));
      if (row.kind == model::WorkspaceKind::local)
        for (const auto& document : page.rows) arrival.local_documents.push_back(document.title);
      arrival.workspaces.push_back(row);
      arrival.documents.push_back(page.rows.size());
    }
    return arrival;
  });
}

/// What happened and what to do next.
Result<> report(const Context& context, Workbench& bench, const Settings& settings, const std::string& who,
                const tools::SyncResult& sync) {
  TRY_ASSIGN(const Arrival arrival, look_around(bench));
  std::string text =
      context.in(Style::green, fmt::format("Signed in to {} as {}.", settings.hub, agent::show(who)));
  text += fmt::format("\n{}\n\n", for_people(sync.message));
  std::vector<std::vector<Cell>> rows;
  Json workspaces = Json::array();
  std::string team;
  for (std::size_t i = 0; i < arrival.workspaces.size(); ++i) {
    const replica::WorkspaceRow& row = arrival.workspaces[i];
    if (row.kind == model::WorkspaceKind::team && row.is_known_to_hub && team.empty()) team = row.name;
    rows.push_back({{agent::show(row.name), Style::bold},
                    {std::string(model::name_of(row.kind))},
                    {std::string(model::name_of(row.role))},
                    {std::to_string(arrival.documents[i])}});
    workspaces.push_back({{"id", row.id.view()},
                          {"name", row.name},
                          {"kind", model::name_of(row.kind)},
                          {"role", model::name_of(row.role)},
                          {"documents", arrival.documents[i]}});
  }
  text +=
      format_table(context.terminal, {{"WORKSPACE"}, {"KIND"}, {"ROLE"}, {"DOCUMENTS", Align::right}}, rows);
  text += "\nNext:\n  memsync init     register memsync with your agents\n";
  if (!arrival.local_documents.empty())
    text += fmt::format(
        "  memsync share {} --to {}\n"
        "                   copy what you wrote before from this machine to the team\n",
        agent::Json(arrival.local_documents.front()).dump(),
        agent::Json(team.empty() ? "personal" : team).dump());
  const Json result = {{"hub", settings.hub},
                       {"user", who},
                       {"workspaces", std::move(workspaces)},
                       {"local_documents", arrival.local_documents},
                       {"sync", tools::render(sync).structured}};
  context.show(result, text);
  return {};
}

Result<> adopt(const Context& context, Workbench& bench, const HubAccess& access, const wire::Me& me) {
  Settings settings = context.settings;
  settings.hub = access.endpoint.str();
  settings.token = access.token;
  settings.ca_path = access.ca_path;
  TRY(check_binding(bench.replica, settings.hub, me.id));
  TRY(save_settings(settings));
  TRY(bind_store(bench.replica, settings.hub));
  bench.settings_changed();
  sync_now(bench); // the first one learns which workspaces there are
  const tools::SyncResult sync = sync_now(bench);
  TRY(index_rest(context, bench));
  return report(context, bench, settings, fmt::format("{} <{}>", me.name, me.email), sync);
}

Result<net::client::Endpoint> find_endpoint(const Context& context, const std::string& given) {
  const std::string& hub = given.empty() ? context.settings.hub : given;
  if (hub.empty()) return Error{ErrorCode::validation, "which hub? Give its address with --hub https://..."};
  return net::client::parse_endpoint(hub);
}

} // namespace

Result<> run_login(const Context& context, const LoginOptions& options) {
  TRY_ASSIGN(const auto endpoint, find_endpoint(context, options.hub));
  TRY_ASSIGN(std::string token, find_token(context, options));
  const std::string ca_path = options.ca_file.empty() ? context.settings.ca_path : options.ca_file;
  HubAccess access = access_for(endpoint, std::move(token), ca_path);
  TRY_ASSIGN(Workbench* const bench, context.open());
  TRY(check_binding(bench->replica, endpoint.str(), {}));
  const bool is_by_browser = access.token.empty();
  if (is_by_browser) {
    TRY_ASSIGN(access.token, sign_in_by_browser(context, access));
  }
  TRY_ASSIGN(HubCalls calls, HubCalls::make(access));
  TRY_ASSIGN(const wire::Me me, calls.me());
  const auto fits = check_binding(bench->replica, endpoint.str(), me.id);
  // A token that was made for this sign-in and is kept nowhere would stay valid unseen.
  if (!fits && is_by_browser) (void)calls.log_out();
  if (!fits) return fits.error();
  return adopt(context, *bench, access, me);
}

Result<> run_logout(const Context& context) {
  TRY_ASSIGN(const auto access, find_access(context.settings));
  if (!access) return Error{ErrorCode::validation, "this memory is not signed in to a hub"};
  TRY_ASSIGN(HubCalls calls, HubCalls::make(*access));
  const auto ended = calls.log_out();
  // A token that the hub knows no more is what was wanted.
  if (!ended && ended.error().code != ErrorCode::unauthenticated) return ended.error();
  Settings settings = context.settings;
  settings.token.clear();
  TRY(save_settings(settings));
  context.show(Json{{"hub", settings.hub}},
               fmt::format("Signed out of {}. What is on this machine stays; `memsync login` goes on.\n"
                           "If MEMSYNC_TOKEN is set where your agents run, remove it there.\n",
                           settings.hub));
  return {};
}

Result<> run_password(const Context& context) {
  TRY_ASSIGN(const auto access, find_access(context.settings));
  if (!access) return Error{ErrorCode::validation, "sign in first: memsync login --hub https://..."};
  TRY_ASSIGN(HubCalls calls, HubCalls::make(*access));
  const auto current = read_secret(context, "Current password (empty if there is none): ");
  const auto next = read_secret(context, "New password: ");
  if (!current || !next || next->empty())
    return Error{ErrorCode::validation, "give the current password and the new one, a line each"};
  TRY(calls.set_password(*current, *next));
  context.show(
      Json{{"hub", context.settings.hub}},
      "The password is set. Every other browser and program that signed in with it must do so again; "
      "tokens stay.\n");
  return {};
}

Result<> run_join(const Context& context, const JoinOptions& options) {
  const auto link = parse_invitation_link(options.invitation);
  const std::string& hub = options.hub.empty() && link ? link->hub : options.hub;
  TRY_ASSIGN(const auto endpoint, find_endpoint(context, hub));
  TRY_ASSIGN(Workbench* const bench, context.open());
  TRY(check_binding(bench->replica, endpoint.str(), {}));
  TRY_ASSIGN(const auto account,
             bench->session.read([](replica::Reader& reader) -> Result<replica::Reader::Account> {
               return reader.account();
             }));
  const auto configured = net::client::parse_endpoint(context.settings.hub);
  const bool is_signed_in = configured && *configured == endpoint && !context.settings.token.empty();
  // An invitation works once: what would be refused afterwards must be refused before.
  if (!account.user.is_empty() && !is_signed_in)
    return Error{ErrorCode::permission,
                 fmt::format("this memory belongs to {} on {}: log in first, or use another MEMSYNC_HOME",
                             account.name, account.hub)};
  const std::string ca_path = options.ca_file.empty() ? context.settings.ca_path : options.ca_file;
  HubAccess access = access_for(endpoint, is_signed_in ? context.settings.token : "", ca_path);
  TRY_ASSIGN(HubCalls calls, HubCalls::make(access));
  auto accepted = calls.accept_invitation(link ? link->token : options.invitation, options.name);
  if (!accepted && accepted.error().code == ErrorCode::sign_in_required)
    accepted.error().message += ": run `memsync login`, then `memsync join` again";
  if (!accepted) return accepted.error();
  if (!accepted->token.empty()) access.token = accepted->token;
  wire::Me me;
  me.id = accepted->user;
  me.name = accepted->name;
  me.email = accepted->email;
  return adopt(context, *bench, access, me);
}

std::optional<InvitationLink> parse_invitation_link(std::string_view text) {
  constexpr std::string_view k_path = "/invite/";
  if (!text.starts_with("http://") && !text.starts_with("https://")) return std::nullopt;
  const auto at = text.rfind(k_path);
  if (at == std::string_view::npos) return std::nullopt;
  return InvitationLink{std::string(text.substr(0, at)), std::string(text.substr(at + k_path.size()))};
}

} // namespace memsync::cli
