#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace memsync::agent {

/// What somebody works on. Clones on several machines and worktrees of one repository are one project.
struct Project {
  /// "github.com/team/app" from the remote, else "folder:app-1f2e3d4c" from the repository's common folder,
  /// hashed because a path tells teammates about the machine. Never a credential of the remote's URL.
  std::string identity;
  std::string name; // of the repository, for people
};

/// The project around `folder`, found by reading .git and its config (git itself is not run). Nothing
/// outside a repository or when it cannot be read.
std::optional<Project> find_project(std::string_view folder);

/// The identity of a remote's URL in any of git's forms; nothing for text that names no host and path.
std::optional<std::string> normalize_remote(std::string_view url);

} // namespace memsync::agent
