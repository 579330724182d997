#include "cli/hand_edit.h"

#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/text_file.h"
#include "model/word_diff.h"

namespace memsync::cli {

using base::Error;
using base::ErrorCode;

namespace {

std::string opening(const LabelledText& local) { return "<<<<<<< " + local.label; }
std::string closing(const LabelledText& server) { return ">>>>>>> " + server.label; }

/// The lines [begin, end), each with a line end.
std::string take_lines(const std::vector<std::string_view>& lines, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < end; ++i) {
    text += lines[i];
    if (!lines[i].ends_with('\n')) text += '\n';
  }
  return text;
}

bool has_line(std::string_view text, std::string_view wanted) {
  for (std::string_view line : model::split_text(text, model::Grain::lines)) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line == wanted) return true;
  }
  return false;
}

Result<> run_editor(const std::string& path) {
  std::string editor = read_environment("VISUAL").value_or("");
  if (editor.empty()) editor = read_environment("EDITOR").value_or("vi");
  // By way of a shell, since people put options into these variables: EDITOR="code --wait".
  std::string script = editor + " \"$1\"";
  std::string shell = "sh", flag = "-c", file = path;
  char* const words[] = {shell.data(), flag.data(), script.data(), shell.data(), file.data(), nullptr};
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, "sh", nullptr, nullptr, words, environ);
  int status = 0;
  while (failed == 0 && ::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR)
      return Error{ErrorCode::internal, "the editor was lost sight of; nothing was settled"};
  }
  if (failed == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return Error{
      ErrorCode::validation,
      fmt::format("the editor \"{}\" failed: nothing was settled. EDITOR names another one", editor)};
}

} // namespace

std::string mark_differences(const LabelledText& local, const LabelledText& server) {
  const auto lines = model::compare_texts(local.text, server.text, model::Grain::lines);
  std::string text;
  std::size_t at = 0;
  for (const model::Hunk& hunk : lines.hunks) {
    text += take_lines(lines.from, at, hunk.begin);
    text += opening(local) + '\n' + take_lines(lines.from, hunk.begin, hunk.end) + "=======\n" +
            take_lines(lines.to, hunk.to_begin, hunk.to_end) + closing(server) + '\n';
    at = hunk.end;
  }
  return text + take_lines(lines.from, at, lines.from.size());
}

Result<std::string> parse_decided(std::string text, const LabelledText& local, const LabelledText& server) {
  if (has_line(text, opening(local)) || has_line(text, closing(server)))
    return Error{
        ErrorCode::validation,
        "the text still has a line \"<<<<<<<\" or \">>>>>>>\": nothing was settled. Leave what is to "
        "stay and remove these lines"};
  const bool is_line_end_wanted = local.text.ends_with('\n') || server.text.ends_with('\n');
  if (!is_line_end_wanted && text.ends_with('\n')) text.pop_back();
  return text;
}

Result<HandEdit> edit_by_hand(const Context& context, const std::string& text) {
  // Beside the store, whose folder is the person's alone; the process number keeps two editors apart.
  HandEdit edit{"", fmt::format("{}/resolve-{}.txt", context.settings.home, ::getpid())};
  TRY(replace_text_file(edit.path, text, FilePrivacy::owner_only));
  if (const auto edited = run_editor(edit.path); !edited) {
    forget(edit);
    return edited.error();
  }
  TRY_ASSIGN(auto decided, read_text_file(edit.path));
  if (!decided) return Error{ErrorCode::validation, "the editor removed the file: nothing was settled"};
  edit.text = *std::move(decided);
  return edit;
}

void forget(const HandEdit& edit) {
  std::error_code ignored;
  std::filesystem::remove(edit.path, ignored);
}

} // namespace memsync::cli
