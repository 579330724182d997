#include "app/hub_program.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/expiry.h"
#include "base/utf8.h"
#include "hub/backends/sqlite_store.h"

namespace memsync::app {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr std::string_view k_default_url = "http://127.0.0.1:8787";

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t used = base::display_width(text);
  return used < width ? text + std::string(width - used, ' ') : text;
}

/// A new database would be mixed with the WAL of the one that was here.
Error unfinished_restore(const std::string& folder) {
  return {
      ErrorCode::validation,
      fmt::format("hub.db is gone from {0}, but not its hub.db-wal, as when a restore is interrupted: run "
                  "'memsync-hub restore --data {0} --from FILE' again",
                  folder)};
}

} // namespace

CLI::App& HubProgram::add_command(CLI::App& parent, const std::string& name, const std::string& description,
                                  Command command) {
  CLI::App* app = parent.add_subcommand(name, description);
  app->add_option("--data", data_folder_, "The hub's data folder")
      ->envname("MEMSYNC_HUB_DATA")
      ->required()
      ->type_name("DIR");
  app->add_flag("--json", wants_json_, "Print JSON");
  app->callback([this, command = std::move(command)] { chosen_ = command; });
  return *app;
}

Result<> HubProgram::make_folder() {
  std::error_code failure;
  fs::create_directories(data_folder_, failure);
  if (!failure && fs::is_empty(data_folder_, failure))
    fs::permissions(data_folder_, fs::perms::owner_all, failure);
  if (failure)
    return Error{ErrorCode::validation,
                 fmt::format("cannot use the folder {}: {}; choose another with --data", data_folder_,
                             failure.message())};
  return {};
}

Result<std::unique_ptr<hub::HubStore>> HubProgram::create_store() {
  TRY(make_folder());
  if (has_leftovers()) return unfinished_restore(data_folder_);
  return open_database();
}

bool HubProgram::has_leftovers() const {
  const auto is_there = [&](std::string_view suffix) {
    std::error_code failure;
    return fs::exists(fmt::format("{}/hub.db{}", data_folder_, suffix), failure);
  };
  return !is_there("") && (is_there("-wal") || is_there("-shm"));
}

Result<std::unique_ptr<hub::HubStore>> HubProgram::open_database() {
  hub::SqliteStoreOptions options;
  options.path = data_folder_ + "/hub.db";
  return hub::SqliteStore::open(std::move(options), random_);
}

Result<> HubProgram::check_hub() const {
  std::error_code failure;
  if (fs::exists(data_folder_ + "/hub.db", failure)) return {};
  if (has_leftovers()) return unfinished_restore(data_folder_);
  return Error{
      ErrorCode::not_found,
      fmt::format("there is no hub in {}: check --data, or make one with 'memsync-hub init --data {} "
                  "--owner-email E --owner-name N --team T'",
                  data_folder_, data_folder_)};
}

Result<std::unique_ptr<hub::HubStore>> HubProgram::open_store() {
  TRY(check_hub());
  return open_database();
}

std::string HubProgram::public_url(const std::string& option) const {
  std::string url = option;
  if (url.empty()) {
    std::ifstream noted(data_folder_ + "/hub.url");
    std::getline(noted, url);
  }
  if (url.empty()) url = k_default_url;
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Result<> HubProgram::note_public_url(const std::string& url) const {
  return write_whole_file(data_folder_ + "/hub.url", url + "\n");
}

int HubProgram::run() {
  const auto output = chosen_();
  if (!output) {
    const wire::Problem& problem = output.error();
    if (wants_json_)
      std::cerr << wire::encode(problem) << '\n';
    else
      std::cerr << "memsync-hub: " << problem.detail << '\n';
    return 1;
  }
  if (wants_json_)
    std::cout << base::dump_json(output->json) << '\n';
  else
    std::cout << output->text;
  return std::cout.flush() ? 0 : 1;
}

std::string render_table(const std::vector<std::string>& heading,
                         const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const std::string& title : heading) widths.push_back(base::display_width(title));
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], base::display_width(row[i]));
  std::string out;
  const auto add = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i)
      out += i + 1 == row.size() ? row[i] + '\n' : padded(row[i], widths[i]) + "  ";
  };
  add(heading);
  for (const auto& row : rows) add(row);
  return out;
}

std::string render_pairs(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::size_t width = 0;
  for (const auto& [name, value] : pairs) width = std::max(width, base::display_width(name));
  std::string out;
  for (const auto& [name, value] : pairs) out += "  " + padded(name, width) + "  " + value + '\n';
  return out;
}

Result<std::optional<base::Timestamp>> read_expiry(const std::string& text, base::Timestamp now) {
  if (text.empty()) return std::optional<base::Timestamp>();
  const auto time = base::parse_expiry(text, now);
  if (!time)
    return Error{ErrorCode::validation,
                 fmt::format("--expires {}: give a time to come, such as 90d or 2030-01-31", text)};
  return std::optional<base::Timestamp>(time);
}

Result<> write_whole_file(const std::string& path, std::string_view content) {
  const std::string draft = path + ".new";
  std::ofstream file(draft, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  std::error_code failure;
  if (file) fs::rename(draft, path, failure);
  if (file && !failure) return {};
  return Error{ErrorCode::validation,
               fmt::format("cannot write {}: check that its folder exists and that you may "
                           "write there",
                           path)};
}

} // namespace memsync::app
