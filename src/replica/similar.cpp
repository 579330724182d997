#include <algorithm>

#include "replica/reader.h"
#include "replica/similarity.h"
#include "replica/stored.h"

namespace memsync::replica {

using storage::Statement;

namespace {

constexpr std::size_t k_max_similar = 3;
/// Below it two memories are about the same topic, but say different things.
constexpr double k_min_score = 0.5;
constexpr double k_title_share = 0.3;
/// Notes titled "Meeting" share a hash without being duplicates: the newest of them are compared.
constexpr int k_candidates_per_hash = 20;

} // namespace

std::vector<SimilarNode> Reader::similar(const WorkspaceRow& workspace, std::string_view title,
                                         std::string_view content) {
  std::vector<std::int64_t> rows;
  for (const std::int64_t hash : similarity_hashes(title, content)) {
    Statement row = txn_.prepare("SELECT row FROM similarity WHERE hash = ?1 ORDER BY row DESC LIMIT ?2");
    row.bind_all(hash, k_candidates_per_hash);
    while (row.step()) rows.push_back(row.column_int64(0));
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());

  std::vector<SimilarNode> found;
  const std::string normal_title = normalize_text(title), normal_content = normalize_text(content);
  const std::vector<std::string> title_stems = topic_stems(title), content_stems = topic_stems(content);
  for (const std::int64_t candidate : rows) {
    Statement row = txn_.prepare(
        "SELECT node.id, prose.title, prose.content FROM node JOIN prose ON prose.rowid = node.row "
        "WHERE node.row = ?1 AND space = ?2 AND deleted = 0");
    row.bind_all(candidate, workspace.space.value);
    if (!row.step()) continue;
    SimilarNode other{row.column_id<model::NodeId>(0), std::string(row.column_text(1))};
    other.is_exact = normalize_text(row.column_text(1)) == normal_title &&
                     normalize_text(row.column_text(2)) == normal_content;
    other.score = other.is_exact
                      ? 1.0
                      : k_title_share * overlap(title_stems, topic_stems(row.column_text(1))) +
                            (1 - k_title_share) * overlap(content_stems, topic_stems(row.column_text(2)));
    if (other.score >= k_min_score && is_visible(workspace, other.id)) found.push_back(std::move(other));
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const SimilarNode& a, const SimilarNode& b) { return a.score > b.score; });
  if (found.size() > k_max_similar) found.resize(k_max_similar);
  return found;
}

} // namespace memsync::replica
