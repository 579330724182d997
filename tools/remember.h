#pragma once

#include "tools/answer.h"
#include "tools/arguments.h"

namespace memsync::tools {

struct RememberArguments {
  std::string title, content;
  std::string type; // empty: none
  std::vector<std::string> tags;
  std::optional<double> importance;
  std::optional<std::string> context;  // JSON text of an object
  std::optional<std::string> document; // none: the project's
  std::vector<std::string> related, supersedes;
  std::optional<model::Strategy> strategy;

  static base::Result<RememberArguments> parse(const Arguments& in);
};

struct MadeRelationship {
  std::string type, node, title;
};

struct RememberResult {
  std::string id;
  bool is_new = true; // false: the same memory existed, and this is its id
  DocumentName document;
  std::vector<SimilarName> similar;
  std::vector<MadeRelationship> relationships;
  std::string version;
  std::size_t pending = 0;
  std::string message;
};

/// Writes one memory below a document, which is made when its title is new. Core thread.
base::Result<RememberResult> remember(Session& session, const RememberArguments& arguments);
mcp::ToolResult render(const RememberResult& result);

} // namespace memsync::tools
