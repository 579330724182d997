#include "app/client_commands.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "app/client_action.h"
#include "app/client_inspect.h"
#include "app/client_mcp.h"
#include "app/client_team_commands.h"
#include "cli/account.h"
#include "cli/call.h"
#include "cli/conflicts.h"
#include "cli/digest.h"
#include "cli/doctor.h"
#include "cli/init.h"
#include "cli/news.h"
#include "cli/reading.h"
#include "cli/resolve.h"
#include "cli/revert.h"
#include "cli/saving.h"
#include "cli/share.h"
#include "cli/status.h"
#include "cli/watch.h"
#include "model/notification.h"

namespace memsync::app {

using base::Json;
using base::Result;
using cli::Context;

namespace {

// Of the whole program: a subcommand made after it is set would show it, too.
constexpr const char* k_footer =
    "Environment:\n"
    "  MEMSYNC_HOME       folder of the memory; ~/.memsync without it\n"
    "  MEMSYNC_HUB_URL    address of the hub, instead of the one that `memsync login` stored\n"
    "  MEMSYNC_TOKEN      token for the hub, instead of the stored one\n"
    "  MEMSYNC_WORKSPACE  workspace to work in, by its id or exact name\n"
    "  MEMSYNC_LOG        debug: a detailed log on stderr\n"
    "  HTTPS_PROXY, HTTP_PROXY, NO_PROXY  the way to the hub\n"
    "\n"
    "What is written goes to MEMSYNC_WORKSPACE, else the workspace of this folder's project (`memsync team "
    "switch`),\nelse your only team, else your personal workspace, else `local`.";

void add_agent_commands(CLI::App& app, Action& chosen) {
  CLI::App* mcp =
      app.add_subcommand("mcp", "Serve agents over stdin and stdout (the Model Context Protocol)");
  auto served = std::make_shared<McpOptions>();
  mcp->add_option("--trace", served->trace_path,
                  "append every line of both directions to this file, without tokens and passwords");
  mcp->add_flag_callback(
      "--channel", [served] { served->channel = ChannelUse::push; },
      "push news into the session (Claude Code's channels, experimental)");
  mcp->callback([&chosen, served] {
    chosen = [served](const Context& context) { return run_mcp(context.settings, *served); };
  });

  CLI::App* call = app.add_subcommand("call", "Call one tool and print its result as JSON");
  auto called = std::make_shared<cli::CallOptions>();
  call->add_option("tool", called->tool, "name, see `memsync tools`")->required();
  call->add_option("arguments", called->arguments, "JSON object; - reads it from stdin");
  on_parsed(call, chosen, called, &cli::run_call);

  on_parsed(app.add_subcommand("tools", "List the tools an agent can call"), chosen, &cli::run_tools);

  CLI::App* inspect = app.add_subcommand("inspect", "Show what a client sees of `memsync mcp`");
  auto inspected = std::make_shared<InspectOptions>();
  inspect->add_option("name", inspected->name, "tool, prompt or resource template to show whole");
  on_parsed(inspect, chosen, inspected, &run_inspect);

  CLI::App* init = app.add_subcommand("init", "Register memsync with your agents (shows the change first)");
  auto hosts = std::make_shared<cli::InitOptions>();
  init->add_option("--client", hosts->client,
                   "claude-code, cursor, vscode, codex, gemini, claude-desktop or all");
  init->add_flag("--yes", hosts->is_confirmed, "do not ask");
  init->add_flag("--dry-run", hosts->is_dry_run, "only show what would change");
  CLI::Option* plugin =
      init->add_flag("--plugin", hosts->wants_plugin,
                     "write a plugin for Claude Code instead: server, hooks, slash commands");
  init->add_option("--folder", hosts->folder, "of the plugin; default: claude-plugin in MEMSYNC_HOME")
      ->needs(plugin);
  on_parsed(init, chosen, hosts, &cli::run_init);
}

void add_account_commands(CLI::App& app, Action& chosen) {
  CLI::App* login = app.add_subcommand("login", "Connect this memory with your account on a hub");
  auto account = std::make_shared<cli::LoginOptions>();
  login->add_option("--hub", account->hub, "address of the hub, like https://hub.example.com");
  login->add_option("--token", account->token, "- reads it from stdin; without a token, a browser is asked");
  login->add_option("--token-file", account->token_file, "file whose first line is the token");
  login->add_option("--ca-file", account->ca_file, "certificates of a private authority");
  on_parsed(login, chosen, account, &cli::run_login);

  on_parsed(app.add_subcommand("logout", "End this machine's token at the hub; the memory stays"), chosen,
            &cli::run_logout);
  on_parsed(app.add_subcommand("password", "Set your password for the hub's pages, read from stdin"), chosen,
            &cli::run_password);

  CLI::App* join = app.add_subcommand("join", "Accept an invitation to a team");
  auto invited = std::make_shared<cli::JoinOptions>();
  join->add_option("--hub", invited->hub, "address of the hub; not needed with an invitation link");
  join->add_option("--invite", invited->invitation, "the invitation's token or link")->required();
  join->add_option("--name", invited->name, "your name, as teammates see it")->required();
  join->add_option("--ca-file", invited->ca_file, "certificates of a private authority");
  on_parsed(join, chosen, invited, &cli::run_join);

  CLI::App* share = app.add_subcommand("share", "Copy a document to another workspace");
  auto shared = std::make_shared<cli::ShareOptions>();
  share->add_option("document", shared->document, "title or id")->required();
  share->add_option("--to", shared->to, "workspace; without it the only team");
  on_parsed(share, chosen, shared, &cli::run_share);
}

void add_sync_commands(CLI::App& app, Action& chosen) {
  on_parsed(app.add_subcommand("status", "Is everything safe?"), chosen, &cli::run_status);

  CLI::App* pending = app.add_subcommand("pending", "Show changes the hub has not accepted yet");
  auto listed = std::make_shared<cli::PendingOptions>();
  pending->add_option("document", listed->document, "only of this document");
  pending->add_option("--limit", listed->limit, "how many")->check(CLI::Range(1, 200));
  CLI::Option* retry = pending->add_option("--retry", listed->retry, "write a refused change again");
  CLI::Option* discard =
      pending->add_option("--discard", listed->discard, "forget a refused change, or one set aside");
  CLI::Option* save_as = pending->add_option("--export", listed->export_id,
                                             "print a refused change as JSON; aside: all that is set aside");
  retry->excludes(discard)->excludes(save_as);
  discard->excludes(save_as);
  on_parsed(pending, chosen, listed, &cli::run_pending);

  CLI::App* sync = app.add_subcommand("sync", "Pull and push now, and wait for it");
  auto synced = std::make_shared<cli::SyncOptions>();
  sync->add_option("--workspace", synced->workspace, "only this one");
  sync->add_option("--wait", synced->wait, "seconds at most")->check(CLI::Range(0, 600));
  on_parsed(sync, chosen, synced, &cli::run_sync);

  CLI::App* save = app.add_subcommand("save", "Wait until the hub has every change of a document");
  auto saved = std::make_shared<cli::SaveOptions>();
  save->add_option("document", saved->document, "title or id")->required();
  save->add_option("--wait", saved->wait, "seconds at most")->check(CLI::Range(0, 600));
  on_parsed(save, chosen, saved, &cli::run_save);

  CLI::App* dirty = app.add_subcommand("dirty", "Show documents with changes the hub does not have");
  auto document = std::make_shared<std::string>();
  dirty->add_option("document", *document, "only this one");
  on_parsed(dirty, chosen, document, &cli::run_dirty);

  CLI::App* doctor = app.add_subcommand("doctor", "Check the store, its files, the hub and the clock");
  auto examined = std::make_shared<cli::DoctorOptions>();
  CLI::Option* repair = doctor->add_flag("--repair", examined->repair, "repair what was found; asks first");
  doctor->add_flag("--yes", examined->is_confirmed, "do not ask")->needs(repair);
  on_parsed(doctor, chosen, examined, &cli::run_doctor);
}

void add_conflict_commands(CLI::App& app, Action& chosen) {
  CLI::App* conflicts = app.add_subcommand("conflicts", "List the changes that wait for a decision");
  auto listed = std::make_shared<cli::ConflictsOptions>();
  conflicts->add_option("--workspace", listed->workspace, "of this one; without it the current one");
  on_parsed(conflicts, chosen, listed, &cli::run_conflicts);

  CLI::App* resolve = app.add_subcommand("resolve", "Show the two sides of a conflict and settle it");
  auto settled = std::make_shared<cli::ResolveOptions>();
  resolve->add_option("conflict", settled->conflict, "its id; not needed when only one is open");
  resolve->add_option("--workspace", settled->workspace, "of this one; without it the current one");
  CLI::Option_group* choice = resolve->add_option_group("how", "How to settle it (asked for on a terminal)");
  choice->add_flag("--keep-local", settled->keep_local, "take the value that waits");
  choice->add_flag("--keep-server", settled->keep_server, "leave the value that stands");
  choice->add_flag("--merge", settled->merge, "take the proposed merge");
  choice->add_option("--value", settled->value, "take this text; - reads it from stdin");
  choice->add_flag("--edit", settled->edit, "make one text of both in $EDITOR");
  choice->require_option(0, 1);
  on_parsed(resolve, chosen, settled, &cli::run_resolve);
}

void add_reading_commands(CLI::App& app, Action& chosen) {
  CLI::App* search = app.add_subcommand("search", "Search memories");
  auto wanted = std::make_shared<cli::SearchOptions>();
  auto words = std::make_shared<std::vector<std::string>>();
  search->require_option(1, 0); // words or a filter
  search->add_option("query", *words, "words or an identifier; without any the newest that fit the filters");
  search->add_option("--workspace", wanted->workspace, "only in this one");
  search->add_option("--document", wanted->document, "only in this one");
  search->add_option("--type", wanted->types, "any of these types");
  search->add_option("--tag", wanted->tags, "all of these tags");
  search->add_option("--author", wanted->author, "written by; me is you");
  search->add_option("--assignee", wanted->assignee, "assigned to; me is you");
  CLI::Option* open = search->add_flag_callback(
      "--open", [wanted] { wanted->completed = false; }, "not completed");
  search
      ->add_flag_callback(
          "--done", [wanted] { wanted->completed = true; }, "completed")
      ->excludes(open);
  search->add_option("--since", wanted->since, "like 2h, 3d or 2026-11-20");
  search->add_option("--until", wanted->until, "like 2h, 3d or 2026-11-20 (to the end of the day, UTC)");
  search->add_option("--limit", wanted->limit, "how many")->check(CLI::Range(1, 200));
  on_parsed(search, chosen, wanted, [words](const Context& context, cli::SearchOptions& options) {
    options.query = fmt::format("{}", fmt::join(*words, " "));
    return cli::run_search(context, options);
  });

  CLI::App* show =
      app.add_subcommand("show", "Show a document or a note; without a name, list the documents");
  auto shown = std::make_shared<cli::ShowOptions>();
  show->add_option("name", shown->name, "title or id");
  show->add_flag("--outline", shown->outline, "titles only");
  show->add_option("--workspace", shown->workspace, "list only this one");
  on_parsed(show, chosen, shown, &cli::run_show);

  CLI::App* log = app.add_subcommand("log", "Show who changed what");
  auto logged = std::make_shared<cli::LogOptions>();
  log->add_option("--document", logged->document, "of this document");
  log->add_option("--node", logged->node, "of this note");
  log->add_option("--author", logged->author, "by this person");
  log->add_option("--session", logged->session, "by this agent session");
  log->add_option("--since", logged->since, "like 2h, 3d or 2026-11-20");
  CLI::Option* blame = log->add_flag("--blame", logged->blame, "who wrote each field and paragraph last");
  CLI::Option* diff = log->add_flag("--diff", logged->diff, "what changed between --from and --to");
  blame->excludes(diff);
  log->add_option("--from", logged->from, "a change or a time; without it the beginning")->needs(diff);
  log->add_option("--to", logged->to, "a change or a time; without it now")->needs(diff);
  log->add_option("--limit", logged->limit, "how many")->check(CLI::Range(1, 200));
  on_parsed(log, chosen, logged, &cli::run_log);
}

void add_revert_command(CLI::App& app, Action& chosen) {
  CLI::App* revert = app.add_subcommand("revert", "Take changes back, by new ones; the log keeps both");
  auto wanted = std::make_shared<cli::RevertOptions>();
  CLI::Option* change =
      revert->add_option("change", wanted->change, "one change, see `memsync log` with --node or --document");
  CLI::Option* since =
      revert->add_option("--since", wanted->since, "what --author or --session wrote since then, like 2h");
  CLI::Option* author = revert->add_option("--author", wanted->author, "of this person; me is you");
  CLI::Option* session = revert->add_option("--session", wanted->session, "of this agent session");
  CLI::Option* to = revert->add_option("--to", wanted->to, "the last change that stays, or a time");
  CLI::Option* node = revert->add_option("--node", wanted->node, "this note goes back, whatever followed");
  CLI::Option* document = revert->add_option("--document", wanted->document, "this document goes back");
  author->needs(since)->excludes(change)->excludes(node)->excludes(document);
  session->needs(since)->excludes(change)->excludes(node)->excludes(document);
  node->needs(to)->excludes(change)->excludes(document);
  document->needs(to)->excludes(change);
  revert->require_option(1, 0);
  on_parsed(revert, chosen, wanted, &cli::run_revert);
}

void add_news_commands(CLI::App& app, Action& chosen) {
  CLI::App* news =
      app.add_subcommand("news", "Show what concerns you: assignments, mentions, overwritten changes");
  auto told = std::make_shared<cli::NewsOptions>();
  news->add_flag("--unread", told->only_unread, "only what you have not read");
  news->add_flag("--mark-read", told->mark_read, "mark what is shown as read, on all your machines");
  news->add_option("--limit", told->limit, "how many")->check(CLI::Range(1, 200));
  const auto& names = model::EnumNames<model::NotificationKind>::names;
  const CLI::IsMember is_kind(std::vector<std::string>(names.begin(), names.end()));
  news->add_option("--mute", told->mute, "hear no more of this kind, on any machine; may be repeated")
      ->check(is_kind)
      ->allow_extra_args(false);
  news->add_option("--unmute", told->unmute, "hear of this kind again; may be repeated")
      ->check(is_kind)
      ->allow_extra_args(false);
  news->add_flag("--kinds", told->shows_kinds, "show the kinds, and which are muted");
  on_parsed(news, chosen, told, &cli::run_news);

  CLI::App* digest = app.add_subcommand("digest", "What the team did since the last digest");
  auto digested = std::make_shared<cli::DigestOptions>();
  digest->add_option("--since", digested->since, "like 2h, 3d or 2026-11-20 instead");
  digest->add_option("--wait", digested->wait, "seconds for the hub's newest changes")
      ->check(CLI::Range(0, 50));
  digest->add_flag("--keep", digested->keeps, "tell the same again next time");
  on_parsed(digest, chosen, digested, &cli::run_digest);

  CLI::App* watch = app.add_subcommand("watch", "Follow changes as they arrive");
  auto watched = std::make_shared<cli::WatchOptions>();
  watch->add_option("--workspace", watched->workspace, "only this one");
  watch->add_option("--recent", watched->recent, "lines of what happened before")->check(CLI::Range(0, 200));
  on_parsed(watch, chosen, watched, &cli::run_watch);
}

} // namespace

void add_commands(CLI::App& app, Action& chosen) {
  add_agent_commands(app, chosen);
  add_account_commands(app, chosen);
  add_team_commands(app, chosen);
  add_sync_commands(app, chosen);
  add_conflict_commands(app, chosen);
  add_reading_commands(app, chosen);
  add_revert_command(app, chosen);
  add_news_commands(app, chosen);
  app.footer(std::string(k_footer));
}

} // namespace memsync::app
