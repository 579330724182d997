#include "cli/doctor.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "agent/display.h"
#include "cli/binding.h"
#include "cli/repair.h"
#include "model/limits.h"
#include "net/client/hub_calls.h"
#include "replica/digest_check.h"
#include "tools/get_pending_operations.h"
#include "tools/get_sync_status.h"

namespace memsync::cli {

using base::ErrorCode;

namespace {

constexpr std::chrono::seconds k_skew_limit{120}; // beyond it concurrent edits are decided oddly
constexpr std::uint64_t k_low_disk_bytes = std::uint64_t{200} << 20;

Finding good(std::string what, std::string detail) {
  return {Health::good, std::move(what), std::move(detail), ""};
}
Finding warning(std::string what, std::string detail, std::string advice) {
  return {Health::warning, std::move(what), std::move(detail), std::move(advice)};
}
Finding bad(std::string what, std::string detail, std::string advice) {
  return {Health::bad, std::move(what), std::move(detail), std::move(advice)};
}

/// Everything that was found.
struct Examination {
  std::vector<Finding> findings;
  Ailment ailment;
  bool is_token_refused = false;
};

/// For a store that SQLite itself cannot read no repair of ours gets in; `otherwise` for every other failure.
std::string advise_unreadable(const base::Error& error, std::string otherwise) {
  const bool is_malformed = error.message.find("malformed") != std::string::npos ||
                            error.message.find("not a database") != std::string::npos;
  if (error.code != ErrorCode::corrupt || !is_malformed) return otherwise;
  return "move memory.db* aside and log in again; changes that were not sent are only in the old file";
}

void check_store(Workbench& bench, Examination& exam) {
  constexpr std::size_t k_shown = 10;
  auto& findings = exam.findings;
  auto damage = replica::find_damage(bench.replica);
  if (!damage) {
    findings.push_back(
        bad("store", "could not be checked: " + damage.error().message,
            advise_unreadable(damage.error(),
                              "keep a copy of the folder; then repair the disk or restore a backup")));
    return;
  }
  if (damage->empty()) findings.push_back(good("store", "structure, content hashes and rules are in order"));
  for (std::size_t i = 0; i < std::min(damage->size(), k_shown); ++i)
    findings.push_back(bad("store", agent::show((*damage)[i].what), "see what a repair would do below"));
  if (damage->size() > k_shown)
    findings.push_back(bad("store", fmt::format("and {} more", damage->size() - k_shown), ""));
  exam.ailment.damage = *std::move(damage);
}

Finding compare_state(Workbench& bench, net::client::HubCalls& calls, const replica::WorkspaceRow& row,
                      Ailment& ailment) {
  const std::string name = agent::show(row.name);
  const auto unknown = [&](std::string_view why) {
    return warning("state", fmt::format("\"{}\" was not compared with the hub: {}", name, why),
                   "`memsync sync`, then ask the doctor again");
  };
  const auto digest = calls.digest(row.id);
  if (!digest) return unknown(digest.error().message);
  replica::DigestCheck check(row.id, *digest);
  using Outcome = replica::DigestCheck::Outcome;
  base::Result<Outcome> outcome = Outcome::working;
  while (outcome && *outcome == Outcome::working)
    outcome = check.step(bench.replica, std::chrono::milliseconds(1'000));
  if (!outcome)
    return bad("state", fmt::format("\"{}\" could not be compared: {}", name, outcome.error().message), "");
  switch (*outcome) {
    case Outcome::equal: return good("state", fmt::format("\"{}\" is what the hub has", name));
    case Outcome::differs:
      ailment.differing.push_back(row.id);
      return bad("state", fmt::format("\"{}\" is not what the hub has", name),
                 "see what a repair would do below");
    case Outcome::working:
    case Outcome::waiting:
    case Outcome::overtaken: break;
  }
  return unknown("changes are on their way");
}

void check_states(Workbench& bench, net::client::HubCalls& calls, Examination& exam) {
  const auto rows =
      bench.replica.read([](replica::Reader& reader) -> Result<std::vector<replica::WorkspaceRow>> {
        return reader.workspaces();
      });
  if (!rows) {
    exam.findings.push_back(bad("state", "could not be read: " + rows.error().message, ""));
    return;
  }
  for (const replica::WorkspaceRow& row : *rows) {
    if (row.kind == model::WorkspaceKind::local || !row.is_known_to_hub) continue;
    if (row.wants_resync || row.is_first_sync)
      exam.findings.push_back(warning("state", fmt::format("\"{}\" waits for the hub", agent::show(row.name)),
                                      "`memsync sync` fetches it now"));
    else
      exam.findings.push_back(compare_state(bench, calls, row, exam.ailment));
  }
}

void check_disk(const std::string& home, std::vector<Finding>& findings) {
  struct statvfs disk {};
  if (::statvfs(home.c_str(), &disk) != 0) {
    findings.push_back(bad("disk", "the free space cannot be read", "check that " + home + " exists"));
    return;
  }
  const std::uint64_t free_bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  const std::string detail = fmt::format("{} MB free", free_bytes >> 20);
  findings.push_back(free_bytes < k_low_disk_bytes
                         ? warning("disk", detail, "make room: a full disk refuses writes")
                         : good("disk", detail));
}

void check_clock(const net::client::HubHealth& health, base::Timestamp now, std::vector<Finding>& findings) {
  if (!health.hub_time) {
    findings.push_back(warning("clock", "the hub does not say its time", ""));
    return;
  }
  const auto skew = std::chrono::duration_cast<std::chrono::seconds>(*health.hub_time - now);
  const auto distance = skew.count() < 0 ? -skew : skew;
  if (distance <= std::chrono::seconds(1)) {
    findings.push_back(good("clock", "agrees with the hub's"));
  } else {
    const std::string detail =
        fmt::format("{} s {} the hub's", distance.count(), skew.count() > 0 ? "behind" : "ahead of");
    findings.push_back(distance > k_skew_limit
                           ? warning("clock", detail, "set this machine's clock, for example with NTP")
                           : good("clock", detail));
  }
}

void check_hub(const Context& context, Workbench& bench, Examination& exam) {
  auto& findings = exam.findings;
  const auto access = find_access(context.settings);
  if (!access) {
    findings.push_back(bad("hub", access.error().message, "run `memsync login`"));
    return;
  }
  if (!*access) {
    findings.push_back(warning("hub", "none: memory stays on this machine",
                               "`memsync login` or `memsync join` shares it and keeps a second copy"));
    return;
  }
  auto calls = net::client::HubCalls::make(**access);
  const auto health = calls ? calls->health() : calls.error();
  if (!health) {
    findings.push_back(bad("hub", health.error().message, "memory is saved here; check address and network"));
    return;
  }
  findings.push_back(good("hub", fmt::format("{} answers", (*access)->endpoint.str())));
  check_clock(*health, bench.session.now(), findings);
  if (!health->version.empty() && health->version != bench.session.version())
    findings.push_back(warning(
        "version", fmt::format("memsync {} here, {} on the hub", bench.session.version(), health->version),
        "update the older one"));
  const auto me = calls->me();
  exam.is_token_refused = !me && me.error().code == ErrorCode::unauthenticated;
  if (!me) {
    findings.push_back(bad("account", me.error().message, "run `memsync login` with a valid token"));
    return;
  }
  const auto fits = check_binding(bench.replica, (*access)->endpoint.str(), me->id);
  findings.push_back(fits ? good("account", fmt::format("{} <{}>", me->name, me->email))
                          : bad("account", fits.error().message, "log in as the owner of this store"));
  if (fits) check_states(bench, *calls, exam);
}

/// Each change that the hub refused or that waits for another one, with the reason.
void check_stuck(Workbench& bench, std::vector<Finding>& findings) {
  constexpr std::size_t k_shown = 10;
  std::size_t shown = 0;
  tools::PendingArguments arguments;
  arguments.limit = model::limits::k_max_rows;
  do {
    const auto page = tools::get_pending_operations(bench.session, arguments);
    if (!page) {
      findings.push_back(bad("changes", "could not be read: " + page.error().message, ""));
      return;
    }
    for (const auto& each : page->operations) {
      const bool is_refused = each.state == replica::name_of(replica::PendingState::rejected);
      if (!is_refused && each.state != replica::name_of(replica::PendingState::parked)) continue;
      if (shown++ == k_shown) return;
      const std::string what = fmt::format("{} {} of \"{}\" in \"{}\": {}", each.id, each.type, each.title,
                                           each.document, each.reason);
      findings.push_back(
          is_refused ? bad("refused", what,
                           fmt::format("`memsync pending` with --retry, --export or --discard {}", each.id))
                     : warning("waiting", what, "it goes out by itself once that is settled"));
    }
    arguments.cursor = page->next_cursor;
  } while (!arguments.cursor.empty());
}

void check_sync(Workbench& bench, Examination& exam) {
  auto& findings = exam.findings;
  const auto status = tools::get_sync_status(bench.session, {});
  if (!status) {
    findings.push_back(bad("changes", "could not be counted: " + status.error().message, ""));
    return;
  }
  for (Finding& finding : judge_changes(*status, exam.is_token_refused))
    findings.push_back(std::move(finding));
  if (status->connection == "no_hub") return;
  check_stuck(bench, findings);
  if (status->conflicts > 0)
    findings.push_back(warning("conflicts", agent::count_of(status->conflicts, "open conflict"),
                               "`memsync conflicts` lists them"));
  for (const auto& workspace : status->workspaces)
    if (!workspace.is_known_to_hub)
      findings.push_back(bad("workspace",
                             fmt::format("the hub no longer knows \"{}\"", agent::show(workspace.name)),
                             "it was deleted, or you were removed; what is here stays readable"));
}

std::string_view symbol_of(Health health) {
  switch (health) {
    case Health::good: return "ok";
    case Health::warning: return "warning";
    case Health::bad: return "BAD";
  }
  return "";
}

Style style_of(Health health) {
  switch (health) {
    case Health::good: return Style::green;
    case Health::warning: return Style::yellow;
    case Health::bad: return Style::red;
  }
  return Style::plain;
}

Health worst_of(const std::vector<Finding>& findings) {
  Health worst = Health::good;
  for (const Finding& finding : findings) worst = std::max(worst, finding.health);
  return worst;
}

std::string verdict(Health worst) {
  switch (worst) {
    case Health::good: return "Your memory is safe.";
    case Health::warning: return "Your memory is safe on this machine; see the warnings.";
    case Health::bad: return "Something is wrong: see BAD above.";
  }
  return "";
}

} // namespace

std::vector<Finding> judge_changes(const agent::Status& status, bool is_token_refused) {
  std::vector<Finding> findings;
  const bool has_hub = status.connection != "no_hub";
  if (has_hub && status.is_safe) findings.push_back(good("changes", "the hub has every change"));
  if (has_hub && status.pending > 0)
    findings.push_back(
        warning("changes", fmt::format("{} not on the hub yet", agent::count_of(status.pending, "change")),
                is_token_refused ? "the hub refuses this token: `memsync login`, then they are sent"
                                 : "`memsync sync` sends them now"));
  if (has_hub && status.rejected > 0)
    findings.push_back(bad("changes",
                           fmt::format("the hub refused {}", agent::count_of(status.rejected, "change")),
                           "see `memsync pending`: retry, export or discard each"));
  if (status.set_aside > 0)
    findings.push_back(
        warning("changes", fmt::format("{} set aside", agent::count_of(status.set_aside, "change")),
                fmt::format("`memsync pending` shows {}", status.set_aside == 1 ? "it" : "them")));
  return findings;
}

std::vector<Finding> check_privacy(const std::string& home) {
  std::vector<Finding> findings;
  const auto check = [&](const std::string& path) {
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0) return;
    if ((file.st_mode & (S_IRWXG | S_IRWXO)) != 0)
      findings.push_back(bad("privacy",
                             fmt::format("{} can be read by others (mode {:o})", path, file.st_mode & 07777u),
                             fmt::format("chmod {} {}", S_ISDIR(file.st_mode) ? "700" : "600", path)));
  };
  for (const char* name : {"", "/memory.db", "/memory.db-wal", "/memory.db-shm", "/config.json", "/leader"})
    check(home + name);
  if (findings.empty()) findings.push_back(good("privacy", "only you can read " + home));
  return findings;
}

std::string format_findings(const Terminal& terminal, const std::vector<Finding>& findings) {
  std::vector<std::vector<Cell>> rows;
  for (const Finding& finding : findings) {
    std::string detail = finding.detail;
    if (!finding.advice.empty()) detail += ": " + finding.advice;
    rows.push_back(
        {{std::string(symbol_of(finding.health)), style_of(finding.health)}, {finding.what}, {detail}});
  }
  Terminal uncut = terminal; // an advice that is cut is no advice
  uncut.width = 0;
  return format_table(uncut, {{"STATE"}, {"CHECK"}, {"RESULT"}}, rows);
}

namespace {

Examination examine(const Context& context) {
  Examination exam;
  const auto bench = context.open();
  if (!bench) {
    exam.findings.push_back(bad("store", "cannot be opened: " + bench.error().message,
                                advise_unreadable(bench.error(), "nothing was changed")));
  } else {
    check_store(**bench, exam);
  }
  check_disk(context.settings.home, exam.findings);
  for (Finding& finding : check_privacy(context.settings.home)) exam.findings.push_back(std::move(finding));
  if (bench) {
    check_hub(context, **bench, exam);
    check_sync(**bench, exam);
  }
  return exam;
}

Json to_json(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& each : findings)
    list.push_back({{"state", each.health == Health::bad ? "bad" : symbol_of(each.health)},
                    {"check", each.what},
                    {"detail", each.detail},
                    {"advice", each.advice}});
  return list;
}

std::string format_plan(const std::vector<std::string>& plan, bool is_asked_for) {
  if (plan.empty()) return "";
  std::string text = is_asked_for ? "The repair will:\n" : "`memsync doctor --repair` would:\n";
  for (const std::string& step : plan) text += "  - " + agent::show(step) + "\n";
  return text;
}

/// Why there is nothing that a repair would do.
std::string describe_no_plan(const Examination& exam, bool is_open) {
  if (!is_open) return "";
  if (worst_of(exam.findings) != Health::bad) return "There is nothing to repair.\n\n";
  return "What is BAD here is nothing that a repair can mend; the advice is beside it.\n\n";
}

bool is_agreed(const Context& context, const DoctorOptions& options) {
  if (options.is_confirmed) return true;
  if (context.json) return false; // nobody to ask
  context.write("Do this? A copy of the store is made first. [y/N] ");
  const std::string answer = context.read_line().value_or("");
  return answer == "y" || answer == "Y" || answer == "yes";
}

Result<bool> show_examination(const Context& context, const Examination& exam,
                              const std::vector<std::string>& plan,
                              const std::optional<RepairReport>& repaired, const std::string& text_before) {
  const Health worst = worst_of(exam.findings);
  Json json = {{"safe", worst != Health::bad},
               {"findings", to_json(exam.findings)},
               {"repair", plan},
               {"message", verdict(worst)}};
  if (repaired) json["repaired"] = to_json(*repaired);
  context.show(json, text_before + format_findings(context.terminal, exam.findings) + "\n" +
                         context.in(style_of(worst), verdict(worst)) + "\n" +
                         (repaired ? std::string() : format_plan(plan, false)));
  return worst != Health::bad;
}

} // namespace

Result<bool> run_doctor(const Context& context, const DoctorOptions& options) {
  const Examination exam = examine(context);
  const auto bench = context.open();
  std::vector<std::string> plan;
  if (bench) {
    TRY_ASSIGN(plan, plan_repair(**bench, exam.ailment));
  }
  if (!options.repair || !bench || plan.empty())
    return show_examination(context, exam, plan, std::nullopt,
                            options.repair ? describe_no_plan(exam, bench.has_value()) : "");
  if (!context.json)
    context.write(format_findings(context.terminal, exam.findings) + "\n" + format_plan(plan, true));
  if (!is_agreed(context, options)) {
    context.show(Json{{"safe", false},
                      {"findings", to_json(exam.findings)},
                      {"repair", plan},
                      {"repaired", nullptr},
                      {"message", "nothing was changed: `memsync doctor --repair --yes` does it"}},
                 "Nothing was changed.\n");
    return false;
  }
  TRY_ASSIGN(const RepairReport report, carry_out_repair(context, **bench, exam.ailment));
  const Examination after = examine(context);
  TRY_ASSIGN(const auto rest, plan_repair(**bench, after.ailment));
  return show_examination(context, after, rest, report, "\n" + format_repair(report) + "\n");
}

} // namespace memsync::cli
