#pragma once

#include <string>
#include <vector>

#include "agent/display.h"
#include "agent/locate.h"
#include "mcp/tool.h"

namespace memsync::tools {

using agent::DocumentName;
using agent::Session;
using base::Json;

/// The part of a list that fits `tokens`: rows beyond it are removed, never the first; how many were.
/// Needs `Json to_json(const Row&)`.
template <class Row>
std::size_t cut_to_budget(std::vector<Row>& rows, std::size_t tokens) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    used += agent::count_tokens(to_json(rows[i])) + 1;
    if (used <= tokens || i == 0) continue;
    const std::size_t removed = rows.size() - i;
    rows.resize(i);
    return removed;
  }
  return 0;
}

template <class Row>
Json to_json_list(const std::vector<Row>& rows) {
  Json list = Json::array();
  for (const Row& row : rows) list.push_back(to_json(row));
  return list;
}

/// Sets the member unless the text is empty.
void set_if(Json& json, const char* key, const std::string& text);

Json to_json(const DocumentName& document);

/// What a conflict is about; conflict_view.h has the rest.
struct ConflictName {
  std::string id, kind, node, title, field;
};
ConflictName name_conflict(replica::Reader& reader, const replica::WorkspaceRow& workspace,
                           const model::Conflict& conflict);
Json to_json(const ConflictName& conflict);

/// Short form of ids that have no prefix lookup of their own (conflicts, comments, relationships).
template <class Id>
std::string short_of(const Id& id) {
  constexpr std::size_t k_shown = 10;
  return std::string(id.view().substr(0, k_shown));
}

/// A node that says nearly the same.
struct SimilarName {
  std::string id, title;
  double score = 0;
  bool is_exact = false;
};
std::vector<SimilarName> name_similar(replica::Reader& reader, const replica::WorkspaceRow& workspace,
                                      const std::vector<replica::SimilarNode>& nodes);
Json to_json(const SimilarName& similar);

/// Three significant digits: more cost tokens and say nothing.
double rounded(double value);

} // namespace memsync::tools
