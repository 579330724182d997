#include "model/compensation.h"

#include <algorithm>
#include <map>
#include <set>

#include "model/register_text.h"
#include "model/text_merge.h"

namespace memsync::model {

namespace {

int rank(const StepBack& step) {
  if (step.kind != StepBack::Kind::set_register) return 3;
  if (step.field == Field::deleted) return 0;
  return step.field == Field::place ? 1 : 2;
}

StepBack step_for(const WrittenChange& change, StepBack::Kind kind, bool is_forced) {
  StepBack step;
  step.kind = kind;
  step.node = change.node;
  step.title = change.title;
  step.is_forced = is_forced;
  step.sequence = change.sequence;
  step.target = change.target;
  return step;
}

std::optional<std::string> content_of(const std::string& register_text) {
  Node node;
  if (!set_register_text(node, Field::content, register_text)) return std::nullopt;
  return node.content.value;
}

/// One that goes on where this one began is the same step; else somebody wrote in between.
void add_swap(StepBack& step, StepBack::Swap older) {
  if (!step.swaps.empty() && (older.written.empty() || older.written == step.swaps.back().earlier)) {
    step.swaps.back().earlier = std::move(older.earlier);
  } else {
    step.swaps.push_back(std::move(older));
  }
}

/// The text with one swap taken back; nothing when somebody changed the same since.
std::optional<std::string> swap_back(Field field, const StepBack::Swap& swap, const std::string& current) {
  if (swap.written.empty() || current == swap.written) return swap.earlier;
  if (field != Field::content) return std::nullopt;
  const auto written = content_of(swap.written);
  const auto earlier = content_of(swap.earlier);
  const auto now = content_of(current);
  if (!written || !earlier || !now) return std::nullopt;
  const TextMerge merged = merge_text(*written, *earlier, *now);
  if (merged.has_conflict) return std::nullopt;
  return value_text(merged.text);
}

} // namespace

CompensationPlan plan_compensation(const std::vector<WrittenChange>& changes, bool is_forced) {
  CompensationPlan plan;
  std::set<NodeId> created;
  std::map<std::pair<NodeId, Field>, std::size_t> known; // steps by their register
  for (const WrittenChange& change : changes) {
    if (change.status == Status::rejected || change.is_lost) continue;
    if (change.field) {
      const auto [at, is_newest] = known.try_emplace({change.node, *change.field}, plan.steps.size());
      if (is_newest) plan.steps.push_back(step_for(change, StepBack::Kind::set_register, is_forced));
      StepBack& step = plan.steps[at->second];
      step.field = *change.field;
      step.title = change.title;
      add_swap(step, {change.new_value.value_or(""),
                      change.old_value.value_or(register_text(Node{}, *change.field))});
    } else if (change.kind == OperationKind::create) {
      created.insert(change.node);
      plan.steps.push_back(step_for(change, StepBack::Kind::remove_node, is_forced));
    } else if (change.kind == OperationKind::relate) {
      plan.steps.push_back(step_for(change, StepBack::Kind::unrelate, is_forced));
    } else if (change.kind == OperationKind::unrelate) {
      plan.impossible.emplace_back(change, "link the nodes again if they belong together");
    } else if (change.kind == OperationKind::comment) {
      plan.impossible.emplace_back(change, "comments are never taken back");
    }
  }
  std::erase_if(plan.steps,
                [&](const StepBack& step) { return !is_removal(step) && created.contains(step.node); });
  std::stable_sort(plan.steps.begin(), plan.steps.end(),
                   [](const StepBack& a, const StepBack& b) { return rank(a) < rank(b); });
  return plan;
}

bool is_removal(const StepBack& step) { return step.kind != StepBack::Kind::set_register; }

bool is_all_by(const Node& node, const UserId& user) {
  bool is_all = node.created.author == user;
  for_each_register(node, [&](Field field, const auto& reg) {
    is_all = is_all && (field == Field::use_count || reg.stamp == Stamp{} || reg.stamp.author == user);
  });
  return is_all;
}

bool is_restored(const StepBack& step, const std::string& current) {
  return current == step.swaps.back().earlier;
}

std::optional<std::string> value_to_restore(const StepBack& step, const std::string& current) {
  if (step.is_forced) return step.swaps.back().earlier;
  auto text = swap_back(step.field, step.swaps.front(), current);
  if (!text || step.field != Field::content) return text; // of others' values the newest stays
  for (auto older = step.swaps.begin() + 1; older != step.swaps.end(); ++older) {
    text = swap_back(step.field, *older, *text);
    if (!text) return std::nullopt;
  }
  return text;
}

} // namespace memsync::model
