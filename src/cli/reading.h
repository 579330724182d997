#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct SearchOptions {
  std::string query;
  std::string workspace, document, author, assignee, since, until; // empty: any
  std::vector<std::string> types, tags;
  std::size_t limit = 10;
};
/// `memsync search WORDS`
Result<> run_search(const Context& context, const SearchOptions& options);

struct ShowOptions {
  std::string name; // a document or node: id, prefix or exact title; empty: lists the documents
  bool outline = false;
  std::string workspace; // for the list
};
/// `memsync show [NAME]`
Result<> run_show(const Context& context, const ShowOptions& options);

struct LogOptions {
  std::string document, node, author, session, since;
  std::size_t limit = 20;
};
/// `memsync log`: who changed what; of the current workspace unless a document or node is named.
Result<> run_log(const Context& context, const LogOptions& options);

} // namespace memsync::cli
