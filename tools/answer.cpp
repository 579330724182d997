#include "tools/answer.h"

#include <cmath>

namespace memsync::tools {

void set_if(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

Json to_json(const DocumentName& document) {
  return {{"id", document.id}, {"title", document.title}, {"workspace", agent::show(document.workspace)}};
}

ConflictName name_conflict(replica::Reader& reader, const replica::WorkspaceRow& workspace,
                           const model::Conflict& conflict) {
  const auto row = reader.find_node(workspace, conflict.node);
  return {short_of(conflict.id), std::string(model::name_of(conflict.kind)),
          reader.short_id(workspace, conflict.node), row ? agent::show(row->node.title.value) : std::string(),
          std::string(model::name_of(conflict.field))};
}

Json to_json(const ConflictName& conflict) {
  return {{"id", conflict.id},
          {"kind", conflict.kind},
          {"node", conflict.node},
          {"title", conflict.title},
          {"field", conflict.field}};
}

std::vector<SimilarName> name_similar(replica::Reader& reader, const replica::WorkspaceRow& workspace,
                                      const std::vector<replica::SimilarNode>& nodes) {
  std::vector<SimilarName> names;
  for (const auto& node : nodes)
    names.push_back(
        {reader.short_id(workspace, node.id), agent::show(node.title), rounded(node.score), node.is_exact});
  return names;
}

Json to_json(const SimilarName& similar) {
  return {
      {"id", similar.id}, {"title", similar.title}, {"score", similar.score}, {"exact", similar.is_exact}};
}

double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double scale = std::pow(10.0, 2 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

} // namespace memsync::tools
