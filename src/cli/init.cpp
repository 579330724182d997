#include "cli/init.h"

#include <filesystem>

#include "agent/display.h"
#include "cli/host.h"
#include "cli/plugin.h"
#include "cli/text_file.h"
#include "tools/line_diff.h"

namespace memsync::cli {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;

namespace {

/// What is to be done for one host.
struct Plan {
  const Host* host = nullptr;
  std::string path;
  std::optional<std::string> before; // nothing: the file does not exist
  std::string after;
  std::string obstacle; // why it is left to the person; empty: none
  bool is_change() const { return obstacle.empty() && before.value_or("") != after; }
};

/// This program's own path: hosts with a window do not search the PATH of a shell.
Result<std::string> find_command() {
  std::error_code failure;
  const fs::path self = fs::read_symlink("/proc/self/exe", failure);
  if (!failure) return self.string();
  return Error{ErrorCode::internal, "cannot find out where this program is installed"};
}

Result<std::vector<const Host*>> choose_hosts(const std::string& client, const std::string& home) {
  std::vector<const Host*> hosts;
  if (!client.empty() && client != "all") {
    if (const Host* host = find_host(client)) return std::vector<const Host*>{host};
    std::vector<std::string_view> names;
    for (const Host& host : all_hosts()) names.push_back(host.name);
    return Error{ErrorCode::validation,
                 fmt::format("unknown client \"{}\": use {} or all", client, fmt::join(names, ", "))};
  }
  for (const Host& host : all_hosts())
    if (client == "all" || is_installed(host, home)) hosts.push_back(&host);
  return hosts;
}

Plan make_plan(const Host& host, const std::string& home, const std::string& command) {
  Plan plan;
  plan.host = &host;
  plan.path = config_path(host, home);
  const auto before = read_text_file(plan.path);
  if (!before) {
    plan.obstacle = before.error().message;
    return plan;
  }
  plan.before = *before;
  auto after = register_server(host, plan.before.value_or(""), command);
  if (after) {
    plan.after = *std::move(after);
  } else {
    plan.obstacle = after.error().message;
  }
  return plan;
}

std::string describe(const Context& context, const Plan& plan, const std::string& command) {
  std::string text =
      fmt::format("{}  {}\n", context.in(Style::bold, plan.host->title), context.in(Style::dim, plan.path));
  if (!plan.obstacle.empty()) {
    text += context.in(Style::red, "  left alone: " + agent::show(plan.obstacle)) + "\n";
    text += "  Add this yourself:\n";
    Terminal uncut;
    return text + wrap(uncut, registration_snippet(*plan.host, command), "    ") + "\n";
  }
  if (!plan.is_change()) return text + context.in(Style::green, "  registered already") + "\n\n";
  if (!plan.before) text += "  new file\n";
  std::string diff = tools::diff_lines(plan.before.value_or(""), plan.after);
  while (!diff.empty()) {
    const auto end = std::min(diff.find('\n'), diff.size());
    const std::string line = diff.substr(0, end);
    const Style style = line.starts_with('+')   ? Style::green
                        : line.starts_with('-') ? Style::red
                                                : Style::dim;
    text += "  " + context.in(style, line) + "\n";
    diff.erase(0, end + 1);
  }
  return text + "\n";
}

Result<> carry_out(const Plan& plan) {
  if (plan.before) {
    const auto now = read_text_file(plan.path);
    if (!now || *now != plan.before)
      return Error{ErrorCode::stale, fmt::format("{} has changed meanwhile: run this again", plan.path)};
    TRY(replace_text_file(plan.path + ".before-memsync", *plan.before, FilePrivacy::owner_only));
  }
  return replace_text_file(plan.path, plan.after, FilePrivacy::as_before);
}

Json to_json(const Plan& plan, bool is_written) {
  const std::string state = !plan.obstacle.empty() ? "left_alone"
                            : !plan.is_change()    ? "registered_already"
                            : is_written           ? "registered"
                                                   : "would_change";
  Json json = {{"client", plan.host->name}, {"path", plan.path}, {"state", state}};
  if (!plan.obstacle.empty()) json["reason"] = plan.obstacle;
  return json;
}

bool is_agreed(const Context& context, const InitOptions& options, bool has_changes) {
  if (!has_changes || options.is_dry_run) return false;
  if (options.is_confirmed) return true;
  if (context.json) return false; // nobody to ask
  context.write("Write this? [y/N] ");
  const std::string answer = context.read_line().value_or("");
  return answer == "y" || answer == "Y" || answer == "yes";
}

} // namespace

Result<bool> run_init(const Context& context, const InitOptions& options) {
  const std::string home = read_environment("HOME").value_or("");
  if (home.empty()) return Error{ErrorCode::validation, "HOME is not set"};
  TRY_ASSIGN(const std::string command, find_command());
  if (options.wants_plugin) {
    const std::string folder =
        options.folder.empty() ? context.settings.home + "/claude-plugin" : options.folder;
    return run_init_plugin(context, folder, command, options.is_confirmed, options.is_dry_run);
  }
  TRY_ASSIGN(const auto hosts, choose_hosts(options.client, home));
  std::vector<Plan> plans;
  std::string text;
  bool has_changes = false;
  bool has_obstacles = false;
  for (const Host* host : hosts) {
    plans.push_back(make_plan(*host, home, command));
    text += describe(context, plans.back(), command);
    has_changes = has_changes || plans.back().is_change();
    has_obstacles = has_obstacles || !plans.back().obstacle.empty();
  }
  if (hosts.empty())
    text = "No agent host was found here. Name one with --client, or add this to its configuration:\n" +
           registration_snippet(all_hosts().front(), command);
  if (!context.json) context.write(text);
  const bool is_written = is_agreed(context, options, has_changes);
  Json list = Json::array();
  for (const Plan& plan : plans) {
    if (is_written && plan.is_change()) TRY(carry_out(plan));
    list.push_back(to_json(plan, is_written));
  }
  std::string closing;
  if (is_written)
    closing = "Done. Restart the agents; the files as they were are beside them (.before-memsync).\n";
  if (has_changes && !is_written) closing = "Nothing was written. `memsync init --yes` writes it.\n";
  context.show(Json{{"command", command}, {"clients", std::move(list)}}, closing);
  return !has_obstacles;
}

} // namespace memsync::cli
