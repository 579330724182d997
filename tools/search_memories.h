#pragma once

#include "tools/answer.h"
#include "tools/arguments.h"

namespace memsync::tools {

struct SearchArguments {
  std::string query;
  std::optional<std::string> workspace, document; // as named by the caller
  std::vector<std::string> types, tags;
  std::string author, assignee;
  std::optional<bool> completed;
  std::optional<base::Timestamp> since, until;
  std::size_t limit = 20;
  std::size_t token_budget = 4'000;

  static base::Result<SearchArguments> parse(const Arguments& in);
};

struct SearchRow {
  std::string id, title, kind, type, author, age, snippet;
  double score = 0;
  std::string document, document_title, workspace;
  std::vector<std::string> tags;
  bool is_completed = false;
  std::string assignee, sync, via;
};

struct SearchResult {
  std::vector<SearchRow> rows;
  std::size_t total = 0, more = 0;
  bool is_relaxed = false;
  std::size_t not_indexed = 0;
};

/// Reads the current, personal and local workspaces unless one is named.
base::Result<SearchResult> search_memories(Session& session, const SearchArguments& arguments);
mcp::ToolResult render(const SearchResult& result);
Json to_json(const SearchRow& row);

} // namespace memsync::tools
