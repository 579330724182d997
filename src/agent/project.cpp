#include "agent/project.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/digest.h"

namespace memsync::agent {

namespace {

namespace fs = std::filesystem;

// A config of a real repository has a few hundred lines; more is not worth a start-up's time.
constexpr std::size_t k_max_file_bytes = std::size_t{256} << 10;

std::string_view trim(std::string_view text) {
  constexpr std::string_view k_blank = " \t\r\n";
  const auto first = text.find_first_not_of(k_blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(k_blank) - first + 1);
}

std::optional<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text(k_max_file_bytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

/// The folder shared by all worktrees of the repository that holds `folder`: the one of the config.
std::optional<fs::path> find_common_folder(fs::path folder) {
  std::error_code failed;
  for (folder = fs::absolute(folder, failed); !failed && !folder.empty(); folder = folder.parent_path()) {
    const fs::path git = folder / ".git";
    const auto status = fs::status(git, failed);
    fs::path git_folder = git;
    if (!failed && fs::is_regular_file(status)) { // a worktree or submodule: "gitdir: PATH"
      const auto text = read_file(git);
      constexpr std::string_view k_prefix = "gitdir:";
      if (!text || !trim(*text).starts_with(k_prefix)) return std::nullopt;
      git_folder = folder / std::string(trim(trim(*text).substr(k_prefix.size())));
    } else if (failed || !fs::is_directory(status)) {
      failed.clear();
      if (folder == folder.root_path()) return std::nullopt;
      continue;
    }
    if (const auto common = read_file(git_folder / "commondir")) git_folder /= std::string(trim(*common));
    const auto canonical = fs::weakly_canonical(git_folder, failed);
    return failed ? git_folder.lexically_normal() : canonical;
  }
  return std::nullopt;
}

/// The URL of the remote "origin", else of the first remote, in the text of a git config.
std::optional<std::string> find_remote_url(std::string_view config) {
  std::optional<std::string> first;
  bool is_remote = false, is_origin = false;
  while (!config.empty()) {
    const auto end = std::min(config.find('\n'), config.size());
    const auto line = trim(config.substr(0, end));
    config.remove_prefix(std::min(end + 1, config.size()));
    if (line.starts_with("[")) {
      is_remote = line.starts_with("[remote ");
      is_origin = line == "[remote \"origin\"]";
      continue;
    }
    const auto equals = line.find('=');
    if (!is_remote || equals == std::string_view::npos || trim(line.substr(0, equals)) != "url") continue;
    std::string url(trim(line.substr(equals + 1)));
    if (is_origin) return url;
    if (!first) first = std::move(url);
  }
  return first;
}

std::string last_part(std::string_view path) {
  const auto slash = path.find_last_of('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

} // namespace

std::optional<std::string> normalize_remote(std::string_view url) {
  std::string_view host, path;
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    const auto rest = url.substr(scheme + 3);
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    host = rest.substr(0, slash);
    path = rest.substr(slash + 1);
    if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
    host = host.substr(0, host.find(':')); // ssh and https of one repository differ in the port
  } else {                                 // [user@]host:path
    const auto colon = url.find(':');
    if (colon == std::string_view::npos || url.substr(0, colon).find('/') != std::string_view::npos)
      return std::nullopt;
    host = url.substr(0, colon);
    path = url.substr(colon + 1);
    if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
    if (host.size() < 2) return std::nullopt; // a drive letter
  }
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  if (host.empty() || path.empty()) return std::nullopt;
  std::string identity(host);
  std::transform(identity.begin(), identity.end(), identity.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return identity + "/" + std::string(path);
}

std::optional<Project> find_project(std::string_view folder) {
  const auto common = find_common_folder(fs::path(folder));
  if (!common) return std::nullopt;
  if (const auto config = read_file(*common / "config")) {
    if (const auto url = find_remote_url(*config)) {
      if (auto identity = normalize_remote(*url)) return Project{*identity, last_part(*identity)};
    }
  }
  const bool is_bare = common->filename() != ".git";
  std::string name = is_bare ? common->stem().string() : common->parent_path().filename().string();
  if (name.empty()) name = "project";
  const auto digest = base::Hash128::of(common->string()).hex().substr(0, 8);
  return Project{fmt::format("folder:{}-{}", name, digest), name};
}

} // namespace memsync::agent
