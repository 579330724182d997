#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "app/hub_program.h"
#include "app/hub_serve_lock.h"
#include "base/log.h"
#include "hub/accounts.h"
#include "hub/backends/sqlite_store.h"
#include "hub/inventory.h"
#include "storage/private_file.h"
#include "storage/writer_lock.h"

namespace memsync::app {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr std::chrono::seconds k_lock_limit{10};

struct RestoreOptions {
  std::string from;
};

/// The files of a SQLite database.
constexpr std::string_view k_suffixes[] = {"", "-wal", "-shm"};
constexpr std::string_view k_kept_prefix = "before-restore-";

/// A database beside its final place, removed unless it was put there.
class Draft {
 public:
  explicit Draft(std::string path) : path_(std::move(path)) { remove(); }
  ~Draft() { remove(); }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  const std::string& path() const { return path_; }

 private:
  void remove() const {
    std::error_code ignored;
    for (const std::string_view suffix : {"", "-wal", "-shm", ".lock"})
      fs::remove(path_ + std::string(suffix), ignored);
  }
  std::string path_;
};

Result<> copy_backup(const std::string& from, const std::string& to) {
  std::error_code failure;
  if (!fs::is_regular_file(from, failure))
    return Error{ErrorCode::not_found, fmt::format("there is no backup {}: give one with --from", from)};
  if (fs::exists(from + "-wal", failure) && fs::file_size(from + "-wal", failure) > 0)
    return Error{
        ErrorCode::validation,
        fmt::format("{0} is a database in use, or was copied while in use ({0}-wal holds changes that it "
                    "lacks): make a backup with 'memsync-hub backup'",
                    from)};
  TRY(storage::create_private_file(to));
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, failure);
  if (failure)
    return Error{ErrorCode::storage_full,
                 fmt::format("cannot copy {}: {}; nothing was changed", from, failure.message())};
  fs::permissions(to, fs::perms::owner_read | fs::perms::owner_write, failure);
  return {};
}

Error about_backup(const Error& error, const std::string& from, const std::string& draft) {
  std::string message = error.message;
  for (auto at = message.find(draft); at != std::string::npos; at = message.find(draft))
    message.replace(at, draft.size(), from);
  return {error.code, fmt::format("{}; nothing was changed", message)};
}

/// The backup as a store, once it is known to be whole: what it holds, under a new epoch.
struct Verified {
  hub::Inventory inventory;
  hub::CheckReport report;
  model::Epoch epoch;
  std::size_t sessions = 0; // that were open and are ended
};

Result<Verified> verify(HubProgram& program, const std::string& from, const std::string& draft) {
  hub::SqliteStoreOptions options;
  options.path = draft;
  auto store = hub::SqliteStore::open(std::move(options), program.random());
  if (!store) return about_backup(store.error(), from, draft);
  Verified verified;
  TRY_ASSIGN(verified.report, (*store)->check());
  if (!verified.report.problems.empty())
    return Error{ErrorCode::corrupt,
                 fmt::format("the backup {} is damaged; nothing was changed: use another one\n  {}", from,
                             fmt::join(verified.report.problems, "\n  "))};
  const base::Timestamp now = program.clock().now();
  // 0 means "never met a hub" on the wire.
  verified.epoch = model::Epoch{std::max<std::uint64_t>(program.random().next(), 1)};
  TRY((*store)->write([&](hub::StoreTxn& txn) -> Result<> {
    verified.inventory = hub::take_inventory(txn, now);
    txn.renew_epoch(verified.epoch);
    // Which of them were ended after the backup, nobody knows.
    hub::Work work{txn, program.random(), now, {}};
    for (const hub::User& user : txn.list_users()) verified.sessions += hub::end_sessions(work, user.id);
    return {};
  }));
  TRY((*store)->settle());
  return verified;
}

/// What the hub that is replaced knows; nothing when it cannot be read, or there is none.
std::optional<hub::Inventory> read_replaced(HubProgram& program) {
  const auto store = program.open_store();
  if (!store) return std::nullopt;
  auto inventory = (*store)->read([&](hub::StoreReader& reader) -> Result<hub::Inventory> {
    return hub::take_inventory(reader, program.clock().now());
  });
  if (!inventory) return std::nullopt;
  // As far as possible what is kept aside is whole in one file.
  if (const auto settled = (*store)->settle(); !settled)
    base::log(base::LogLevel::warning, "the hub that is replaced keeps its WAL: {}", settled.error().message);
  return *std::move(inventory);
}

/// Where an earlier restore was killed while it kept these files aside: the newest folder that has hub.db but
/// not those of its files that still lie in the data folder. Empty when there is none.
std::string find_unfinished(const std::string& data) {
  std::string newest;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(data, failure)) {
    const std::string folder = entry.path().string();
    if (!entry.path().filename().string().starts_with(k_kept_prefix)) continue;
    const bool is_it =
        fs::exists(folder + "/hub.db", failure) &&
        std::none_of(std::begin(k_suffixes), std::end(k_suffixes), [&](std::string_view suffix) {
          const std::string name = "/hub.db" + std::string(suffix);
          return fs::exists(data + name, failure) && fs::exists(folder + name, failure);
        });
    if (is_it) newest = std::max(newest, folder);
  }
  return newest;
}

/// Moves the hub's files into a folder of their own; its path, or nothing when there were none.
///
/// hub.db goes first: killed after it there is no hub, where a hub.db without its WAL would lack transactions
/// and nobody would notice. What then still lies here follows with the next restore, and never stays beside
/// another hub.db, which SQLite would mix with it.
Result<std::string> keep_aside(HubProgram& program) {
  const std::string& data = program.data_folder();
  std::error_code failure;
  const bool has_database = fs::exists(data + "/hub.db", failure);
  if (!has_database && !program.has_leftovers()) return std::string();
  std::string kept = has_database ? std::string() : find_unfinished(data);
  if (kept.empty()) {
    kept = fmt::format("{}/{}{}", data, k_kept_prefix, program.clock().now().time_since_epoch().count());
    fs::create_directory(kept, failure);
    if (!failure) fs::permissions(kept, fs::perms::owner_all, failure);
  }
  for (const std::string_view suffix : k_suffixes) {
    const std::string name = "/hub.db" + std::string(suffix);
    if (!failure && fs::exists(data + name)) fs::rename(data + name, kept + name, failure);
  }
  if (failure)
    return Error{ErrorCode::internal,
                 fmt::format("cannot keep the hub's files aside in {}: {}; whatever was moved is "
                             "there",
                             kept, failure.message())};
  return kept;
}

std::string list_lines(std::string_view heading, const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string text = fmt::format("\n{}\n", heading);
  for (const std::string& line : lines) text += "  - " + line + "\n";
  return text;
}

Output report(HubProgram& program, const RestoreOptions& options, const Verified& verified,
              const std::string& kept, const std::optional<hub::Difference>& difference) {
  const std::string as_of = base::format_rfc3339(verified.inventory.newest);
  base::Json json = {{"from", options.from},
                     {"epoch", std::to_string(verified.epoch.value)},
                     {"as_of", as_of},
                     {"kept", kept},
                     {"compared", difference.has_value()},
                     {"missing", difference ? difference->missing : std::vector<std::string>()},
                     {"returned", difference ? difference->returned : std::vector<std::string>()},
                     {"changed", difference ? difference->changed : std::vector<std::string>()},
                     {"sessions_ended", verified.sessions}};
  std::string text = fmt::format(
      "The hub is restored to what it was at {}.\n\n{}\n"
      "Start it: every replica sends what the hub lacks of its own changes again (those of the last 7 days, "
      "at "
      "most 10,000 for each, and all that were never sent).\n",
      as_of,
      render_pairs({{"log entries", std::to_string(verified.report.entries)},
                    {"nodes", std::to_string(verified.report.nodes)},
                    {"sign-ins ended", std::to_string(verified.sessions)},
                    {"kept aside", kept.empty() ? "nothing was there" : kept}}));
  if (!difference) {
    text += fmt::format(
        "\nThe hub as it was cannot be read, so nobody knows what came after the backup. Accounts, "
        "memberships, "
        "invitations, workspaces and tokens made after {0} are missing; those ended after it are valid "
        "again, and so are earlier roles and passwords: look at "
        "'memsync-hub workspace members --data {1}' and 'memsync-hub token list --data {1}'.\n",
        as_of, program.data_folder());
  } else {
    text += list_lines("Missing, since made after the backup (make or invite again):", difference->missing);
    text += list_lines("Valid again, although ended after the backup (end again where needed):",
                       difference->returned);
    text += list_lines("Changed after the backup (change again where needed):", difference->changed);
  }
  return {std::move(json), std::move(text)};
}

hub::Answer<Output> restore(HubProgram& program, const RestoreOptions& options) {
  const std::string& data = program.data_folder();
  TRY(program.make_folder());
  const ServeLock lock(data);
  if (!lock.is_held())
    return Error{ErrorCode::busy,
                 fmt::format("a memsync-hub serves {}: stop it first; nothing was changed", data)};
  const Draft draft(data + "/hub.db.restoring");
  TRY(copy_backup(options.from, draft.path()));
  TRY_ASSIGN(const Verified verified, verify(program, options.from, draft.path()));
  std::optional<hub::Difference> difference;
  if (const auto replaced = read_replaced(program)) difference = hub::compare(*replaced, verified.inventory);
  // Other commands of the operator write under this lock, which stays where it is.
  TRY_ASSIGN(const auto writer_lock, storage::FileLock::open(data + "/hub.db.lock"));
  TRY_ASSIGN(const auto held, writer_lock->lock_until(program.clock().instant() + k_lock_limit));
  TRY_ASSIGN(const std::string kept, keep_aside(program));
  TRY(storage::publish_file(draft.path(), data + "/hub.db"));
  return report(program, options, verified, kept, difference);
}

} // namespace

void add_restore_command(HubProgram& program, CLI::App& app) {
  const auto options = std::make_shared<RestoreOptions>();
  CLI::App& command =
      program.add_command(app, "restore", "Put a backup in the place of the hub, which must not be served",
                          [&program, options] { return restore(program, *options); });
  command.add_option("--from", options->from, "The backup, as 'memsync-hub backup' made it")
      ->required()
      ->type_name("FILE");
}

} // namespace memsync::app
