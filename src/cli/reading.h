#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct SearchOptions {
  std::string query;
  std::string workspace, document, author, assignee, since, until; // empty: any
  std::vector<std::string> types, tags;
  std::optional<bool> completed;
  std::size_t limit = 10;
};
/// `memsync search WORDS`; without words the newest that fit the filters
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
  bool blame = false, diff = false; // of a node; at most one
  std::string from, to;             // what diff compares: change ids or times
};
/// `memsync log`: who changed what; of the current workspace unless a document or node is named. Who wrote
/// each field and paragraph last with `blame`; what differs between two points with `diff`.
Result<> run_log(const Context& context, const LogOptions& options);

} // namespace memsync::cli
