#include <cmath>
#include <fmt/format.h>
#include <map>
#include <unordered_set>

#include "replica/reader.h"
#include "replica/search_candidates.h"
#include "replica/search_filter.h"
#include "replica/search_index.h"
#include "replica/stored.h"
#include "replica/text_scorer.h"

namespace memsync::replica {

using base::Result;
using model::NodeId;
using storage::Statement;

namespace {

/// How many candidates are ranked by their text, for a limit. Those with the most of the question come
/// first, so what is cut off has little of it.
constexpr std::size_t scored_for(std::size_t limit) { return std::clamp<std::size_t>(4 * limit, 64, 320); }
constexpr std::size_t k_max_total = 1'000;
constexpr double k_parent_weight = 0.3;
/// Children at which what siblings say together counts half: a session of a chat has a topic, a list of
/// a thousand memories has none.
constexpr double k_topic_children = 50;
// Tie-breakers, together below a fifth of the score.
constexpr double k_recency_weight = 0.10;
constexpr double k_importance_weight = 0.08;
constexpr double k_recency_days = 30;
/// Hits whose relationships are followed.
constexpr std::size_t k_followed = 5;
constexpr double k_related_score = 0.5; // of the hit it is related to

/// A candidate that passed the filters.
struct Scored {
  NodeFacts facts;
  TextMatch match;
  std::uint32_t terms = 0;
  double exact = 0, score = 0;
};

double recency(base::Timestamp updated_at, base::Timestamp now) {
  const auto age = std::chrono::duration<double, std::ratio<86'400>>(now - updated_at).count();
  return std::exp2(-std::max(0.0, age) / k_recency_days);
}

bool is_better(const Scored& a, const Scored& b) {
  return a.score != b.score ? a.score > b.score : a.facts.row > b.facts.row;
}

} // namespace

/// One search on its way through the index.
class Search {
 public:
  Search(Reader& reader, SearchFilter filter, ParsedQuery parsed, const SearchQuery& query)
      : reader_(reader),
        txn_(reader.txn_),
        filter_(std::move(filter)),
        parsed_(std::move(parsed)),
        scorer_(parsed_),
        limit_(query.limit) {}

  SearchAnswer run() {
    parsed_.is_blank ? list_newest() : rank();
    add_related();
    answer_.not_indexed = count_unindexed();
    return std::move(answer_);
  }

 private:
  // --- ranking by text

  void rank() {
    const std::vector<Candidate> candidates = find_candidates(txn_, parsed_, filter_.rows_of_document(txn_));
    std::vector<Scored> scored;
    std::size_t looked_at = 0;
    for (; looked_at < candidates.size() && scored.size() < scored_for(limit_); ++looked_at)
      if (auto accepted = accept(candidates[looked_at])) scored.push_back(*std::move(accepted));
    const std::size_t not_shown = looked_at - scored.size();
    answer_.total = std::min(k_max_total, candidates.size() - not_shown);
    score_all(scored);
    // Importance is in the node itself: only for those that may be shown.
    const std::size_t best = std::min(scored.size(), limit_ + limit_ / 4 + 2);
    std::partial_sort(scored.begin(), scored.begin() + static_cast<std::ptrdiff_t>(best), scored.end(),
                      is_better);
    show(std::span(scored).first(best));
    if (answer_.hits.empty() || !has_all_terms_) answer_.relaxed = true;
  }

  std::optional<Scored> accept(const Candidate& candidate) {
    auto facts = filter_.find(txn_, candidate.row);
    if (!facts) return std::nullopt;
    Statement text = txn_.prepare("SELECT title, tags, content, context FROM prose WHERE rowid = ?1");
    text.bind_all(candidate.row);
    if (!text.step() || !filter_.has_tags(text.column_text(1)) || !is_shown(*facts)) return std::nullopt;
    Scored scored{*std::move(facts), {}, candidate.terms, candidate.exact};
    scored.match = scorer_.match(
        {text.column_text(0), text.column_text(1), text.column_text(2), without_words(text.column_text(3))});
    // What the index has found counts even when it is beyond the part that is looked at.
    for (std::size_t i = 0; i < parsed_.terms.size(); ++i)
      if ((candidate.terms >> i & 1u) != 0 && scored.match.frequencies[i] <= 0)
        scored.match.frequencies[i] = 1;
    return scored;
  }

  void score_all(std::vector<Scored>& scored) {
    double words = 0;
    for (const Scored& each : scored) words += static_cast<double>(each.match.words);
    const double average = scored.empty() ? 0 : words / static_cast<double>(scored.size());
    const std::map<std::pair<std::int64_t, NodeId>, double> topics = topic_scores(scored);
    for (Scored& each : scored) {
      each.score = scorer_.score(each.match, average) + each.exact;
      const auto topic = topics.find({each.facts.space.value, each.facts.parent});
      if (topic != topics.end()) each.score += k_parent_weight * topic->second;
      each.score *= 1 + k_recency_weight * recency(each.facts.updated_at, reader_.now_);
    }
  }

  /// What a parent and its children have of the question together, for parents with several of them
  /// among the candidates.
  std::map<std::pair<std::int64_t, NodeId>, double> topic_scores(const std::vector<Scored>& scored) {
    struct Group {
      std::uint32_t terms = 0;
      std::size_t members = 0;
    };
    std::map<std::pair<std::int64_t, NodeId>, Group> groups;
    for (const Scored& each : scored) {
      if (each.facts.parent.is_empty()) continue;
      Group& group = groups[{each.facts.space.value, each.facts.parent}];
      group.terms |= each.match.terms;
      group.members += 1;
    }
    for (const Scored& each : scored) {
      const auto children = groups.find({each.facts.space.value, each.facts.id});
      if (children == groups.end()) continue;
      children->second.terms |= each.match.terms;
      children->second.members += 1;
    }
    std::map<std::pair<std::int64_t, NodeId>, double> scores;
    for (const auto& [parent, group] : groups) {
      if (group.members < 2) continue;
      double sum = 0;
      for (std::size_t i = 0; i < parsed_.terms.size(); ++i)
        if ((group.terms >> i & 1u) != 0) sum += parsed_.terms[i].weight;
      scores[parent] = sum / (1 + count_children(parent.first, parent.second) / k_topic_children);
    }
    return scores;
  }

  double count_children(std::int64_t space, const NodeId& parent) {
    // Beyond this many there is no common topic anyway.
    Statement row =
        txn_.prepare("SELECT count(*) FROM (SELECT 1 FROM node WHERE space = ?1 AND parent = ?2 LIMIT 500)");
    row.bind_all(space, parent);
    return row.step() ? static_cast<double>(row.column_int64(0)) : 0;
  }

  // --- without a question: the newest that fit the filters

  void list_newest() {
    const bool is_tag_asked = !filter_.has_tags(std::string_view());
    for (const NodeFacts& facts : filter_.newest(txn_)) {
      const bool has_room = answer_.hits.size() < limit_;
      if ((is_tag_asked && !may_have_tags(facts.row)) || !is_shown(facts)) continue;
      if (has_room || is_tag_asked) {
        auto hit = make_hit(facts);
        if (!hit || !filter_.has_tags(hit->row.node.tags.value)) continue;
        if (has_room) answer_.hits.push_back(*std::move(hit));
      }
      answer_.total += 1;
    }
  }

  /// By the index, which is read faster than the node; what is not in it yet may have any.
  bool may_have_tags(std::int64_t row) {
    Statement text = txn_.prepare("SELECT tags FROM prose WHERE rowid = ?1");
    text.bind_all(row);
    return !text.step() || filter_.has_tags(text.column_text(0));
  }

  // --- what is shown

  void show(std::span<Scored> best) {
    const std::uint32_t all =
        parsed_.terms.empty() ? 0
                              : static_cast<std::uint32_t>((std::uint64_t{1} << parsed_.terms.size()) - 1);
    std::vector<std::pair<SearchHit, bool>> found;
    for (const Scored& scored : best) {
      auto hit = make_hit(scored.facts);
      if (!hit) continue;
      hit->score = scored.score * (1 + k_importance_weight * 2 * (hit->row.node.importance.value - 0.5));
      found.emplace_back(*std::move(hit), scored.match.terms == all || scored.terms == all);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first.score > b.first.score; });
    if (found.size() > limit_) found.resize(limit_);
    for (auto& [hit, has_all] : found) {
      has_all_terms_ = has_all_terms_ || has_all;
      answer_.hits.push_back(std::move(hit));
    }
  }

  /// Neither hidden nor superseded by another node. Asked before anything is cut off or counted: what is not
  /// shown takes no place from what is.
  bool is_shown(const NodeFacts& facts) {
    const WorkspaceRow& workspace = filter_.workspace(facts.space);
    const bool is_out = facts.is_related_to && is_superseded(workspace, facts.id);
    return !is_out && !is_hidden(workspace, facts.parent);
  }

  std::optional<SearchHit> make_hit(const NodeFacts& facts) {
    const WorkspaceRow& workspace = filter_.workspace(facts.space);
    auto row = reader_.find_node(workspace, facts.id);
    if (!row) return std::nullopt;
    SearchHit hit{*std::move(row), document_title(workspace, facts.document), {}, 0, {}};
    hit.snippet = scorer_.snippet(hit.row.node.content.value);
    return hit;
  }

  bool is_hidden(const WorkspaceRow& workspace, const NodeId& parent) {
    if (parent.is_empty()) return false;
    const auto known = hidden_.find(parent);
    if (known != hidden_.end()) return known->second;
    return hidden_[parent] = !reader_.is_visible(workspace, parent);
  }

  bool is_superseded(const WorkspaceRow& workspace, const NodeId& id) {
    Statement by = txn_.prepare(
        "SELECT from_node FROM relationship WHERE space = ?1 AND to_node = ?2 AND deleted = 0 AND "
        "type = 'SUPERSEDES' COLLATE NOCASE");
    by.bind_all(workspace.space.value, id);
    while (by.step())
      if (reader_.is_visible(workspace, by.column_id<NodeId>(0))) return true;
    return false;
  }

  std::string document_title(const WorkspaceRow& workspace, const model::DocumentId& id) {
    const auto known = titles_.find(id);
    if (known != titles_.end()) return known->second;
    Statement row = txn_.prepare("SELECT title FROM node WHERE space = ?1 AND id = ?2");
    row.bind_all(workspace.space.value, id);
    return titles_[id] = row.step() ? std::string(row.column_text(0)) : std::string();
  }

  /// One hop from the best hits, in place of the weakest ones so that the limit holds.
  void add_related() {
    const std::size_t room = std::min(k_followed, limit_ / 4);
    std::unordered_set<NodeId> shown;
    for (const SearchHit& hit : answer_.hits) shown.insert(hit.row.node.id);
    std::vector<SearchHit> related;
    for (std::size_t i = 0; i < answer_.hits.size() && i < k_followed && related.size() < room; ++i) {
      const SearchHit& hit = answer_.hits[i];
      const WorkspaceRow workspace = reader_.workspace(hit.row.workspace);
      for (const RelationshipRow& edge : reader_.relationships(workspace, hit.row.node.id)) {
        const bool leads_here = edge.relationship.to == hit.row.node.id;
        const NodeId other = leads_here ? edge.relationship.from : edge.relationship.to;
        if (related.size() == room || !shown.insert(other).second) continue;
        auto found = find_related(workspace, other);
        if (!found) continue;
        const std::string& title = hit.row.node.title.value;
        found->via = leads_here ? fmt::format("{} {}", edge.relationship.type, title)
                                : fmt::format("{} {} this", title, edge.relationship.type);
        found->score = hit.score * k_related_score;
        related.push_back(*std::move(found));
      }
    }
    if (answer_.hits.size() + related.size() > limit_) answer_.hits.resize(limit_ - related.size());
    for (SearchHit& hit : related) answer_.hits.push_back(std::move(hit));
  }

  std::optional<SearchHit> find_related(const WorkspaceRow& workspace, const NodeId& id) {
    Statement row = txn_.prepare("SELECT row FROM node WHERE space = ?1 AND id = ?2");
    row.bind_all(workspace.space.value, id);
    if (!row.step()) return std::nullopt;
    const auto facts = filter_.find(txn_, row.column_int64(0));
    auto hit = facts && is_shown(*facts) ? make_hit(*facts) : std::nullopt;
    if (hit && !filter_.has_tags(hit->row.node.tags.value)) return std::nullopt;
    return hit;
  }

  std::size_t count_unindexed() {
    Statement row = txn_.prepare(
        "SELECT count(*) FROM node WHERE indexed = 0 AND space IN (SELECT space FROM workspace)");
    return row.step() ? static_cast<std::size_t>(row.column_int64(0)) : 0;
  }

  Reader& reader_;
  storage::ReadTxn& txn_;
  SearchFilter filter_;
  const ParsedQuery parsed_;
  const TextScorer scorer_;
  const std::size_t limit_;
  SearchAnswer answer_;
  bool has_all_terms_ = false;
  std::unordered_map<NodeId, bool> hidden_; // parents
  std::unordered_map<NodeId, std::string> titles_;
};

Result<SearchAnswer> Reader::search(const SearchQuery& query) {
  TRY_ASSIGN(auto parsed, parse_query(txn_, query.text));
  std::vector<WorkspaceRow> scope;
  for (WorkspaceRow& workspace : workspaces())
    if (query.workspaces.empty() ||
        std::find(query.workspaces.begin(), query.workspaces.end(), workspace.id) != query.workspaces.end())
      scope.push_back(std::move(workspace));
  TRY_ASSIGN(const auto author, find_people(scope, query.author));
  TRY_ASSIGN(const auto assignee, find_people(scope, query.assignee));
  return Search(*this, SearchFilter(std::move(scope), query, author, assignee), std::move(parsed), query)
      .run();
}

/// The users that a name means in any of the workspaces; nothing for an empty name.
Result<std::optional<std::vector<model::UserId>>> Reader::find_people(const std::vector<WorkspaceRow>& scope,
                                                                      std::string_view name) {
  if (name.empty()) return std::optional<std::vector<model::UserId>>();
  std::vector<model::UserId> users;
  std::optional<base::Error> error;
  for (const WorkspaceRow& workspace : scope) {
    auto user = find_author(workspace, name);
    if (!user) {
      // The workspace where the name is ambiguous, or one that has members to list.
      if (!error || workspace.kind == model::WorkspaceKind::team) error = std::move(user).error();
      continue;
    }
    if (*user && std::find(users.begin(), users.end(), **user) == users.end()) users.push_back(**user);
  }
  if (users.empty() && error) return *std::move(error);
  return std::optional(std::move(users));
}

} // namespace memsync::replica
