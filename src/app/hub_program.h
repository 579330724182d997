#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "base/result.h"
#include "hub/admin.h"
#include "hub/answer.h"
#include "hub/store.h"

namespace CLI {
class App;
}

/// The parts of the program memsync-hub. Every command is a function that returns what it prints; the
/// printing, the error on stderr and the exit code (0, 1 failure, 2 usage) are in one place.
namespace memsync::app {

/// What a command prints: `json` with --json, else `text`.
struct Output {
  base::Json json;
  std::string text; // ends with a newline; empty prints nothing
};

/// The options every command has, with the clocks and the store they are carried out on.
class HubProgram {
 public:
  /// The commands declare themselves; `run` is called once the command line is read.
  using Command = std::function<hub::Answer<Output>()>;
  CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& description,
                        Command command);

  const std::string& data_folder() const { return data_folder_; }
  bool wants_json() const { return wants_json_; }
  base::Clock& clock() { return clock_; }
  base::Random& random() { return random_; }

  /// Makes the data folder (only its owner may enter) and a new store in it; `validation` when the folder
  /// already holds one with users, or a restore is to be finished there.
  base::Result<std::unique_ptr<hub::HubStore>> create_store();
  /// True when a restore was killed halfway: there is no hub.db, but other files of the one that was here.
  bool has_leftovers() const;
  /// Makes the data folder, or takes one that is there.
  base::Result<> make_folder();
  /// `not_found`, with what to do, unless the data folder has a hub.
  base::Result<> check_hub() const;
  /// The store of the data folder; `not_found` naming `init` when there is none.
  base::Result<std::unique_ptr<hub::HubStore>> open_store();

  /// Where people reach this hub: --public-url, else what `serve` noted in the data folder, else the
  /// address it listens on by default.
  std::string public_url(const std::string& option) const;
  base::Result<> note_public_url(const std::string& url) const;

  /// Exit code of the chosen command, after printing its output.
  int run();

 private:
  base::Result<std::unique_ptr<hub::HubStore>> open_database();

  base::SystemClock clock_;
  base::SystemRandom random_;
  std::string data_folder_;
  bool wants_json_ = false;
  Command chosen_;
};

/// Rows under a heading, aligned by display width.
std::string render_table(const std::vector<std::string>& heading,
                         const std::vector<std::vector<std::string>>& rows);

/// "name  value" lines.
std::string render_pairs(const std::vector<std::pair<std::string, std::string>>& pairs);

/// "90d" from now, or a date; nothing for empty text, `validation` for what is no time to come.
base::Result<std::optional<base::Timestamp>> read_expiry(const std::string& text, base::Timestamp now);

/// Replaces `path` as a whole or not at all; `validation` naming it when that is impossible.
base::Result<> write_whole_file(const std::string& path, std::string_view content);

void add_init_commands(HubProgram& program, CLI::App& app);
void add_serve_command(HubProgram& program, CLI::App& app);
void add_user_commands(HubProgram& program, CLI::App& app);
void add_token_commands(HubProgram& program, CLI::App& app);
void add_workspace_commands(HubProgram& program, CLI::App& app);
void add_audit_command(HubProgram& program, CLI::App& app);
void add_maintenance_commands(HubProgram& program, CLI::App& app);
void add_restore_command(HubProgram& program, CLI::App& app);

} // namespace memsync::app
