#include <fmt/format.h>
#include <map>
#include <set>

#include "tests/sim/matrix/cell.h"

namespace memsync::matrix {

namespace {

/// How one cell ended, in the words of the table.
std::string code_of(const Ending& ending) {
  const std::string lifted = ending.is_lifted ? " ↑" : "";
  if (ending.ana == Fate::stands && ending.ben == Fate::stands) return "both" + lifted;
  const bool stands_ana = ending.ana == Fate::stands;
  const Fate loser = stands_ana ? ending.ben : ending.ana;
  return (stands_ana ? "Ana" : "Ben") + std::string(loser == Fate::waits ? "?" : "") + lifted;
}

/// The same for both orders of arrival.
std::string code_of(const Ending& ana_first, const Ending& ben_first) {
  const std::string one = code_of(ana_first);
  const std::string two = code_of(ben_first);
  if (one == two) return one;
  for (const std::string mark : {"", "?"}) {
    if (one == "Ana" + mark && two == "Ben" + mark) return "first" + mark;
    if (one == "Ben" + mark && two == "Ana" + mark) return "second" + mark;
  }
  return one + " / " + two;
}

using Pair = std::pair<Action, Action>; // of Ana and of Ben

/// What each pair of actions comes to under each strategy.
std::map<model::Strategy, std::map<Pair, std::string>> make_codes(const std::vector<Played>& played) {
  std::map<model::Strategy, std::map<Pair, std::map<Who, const Ending*>>> endings;
  for (const Played& each : played)
    endings[each.cell.strategy][{each.cell.ana, each.cell.ben}][each.cell.first] = &each.ending;
  std::map<model::Strategy, std::map<Pair, std::string>> codes;
  for (const auto& [strategy, pairs] : endings)
    for (const auto& [pair, by_order] : pairs)
      codes[strategy][pair] = code_of(*by_order.at(Who::ana), *by_order.at(Who::ben));
  return codes;
}

std::string write_row(const std::vector<std::string>& cells) {
  return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

std::string write_grid(const std::map<Pair, std::string>& codes) {
  std::vector<std::string> heading{"Ana ↓ Ben →"}, rule{"---"};
  for (const Action action : k_actions) {
    heading.emplace_back(name_of(action));
    rule.emplace_back("---");
  }
  std::string text = write_row(heading) + write_row(rule);
  for (const Action ana : k_actions) {
    std::vector<std::string> row{fmt::format("**{}**", name_of(ana))};
    for (const Action ben : k_actions) row.push_back(codes.at({ana, ben}));
    text += write_row(row);
  }
  return text;
}

/// The pairs that other strategies decide otherwise; those of one row alike are one line.
std::string write_differences(const std::map<model::Strategy, std::map<Pair, std::string>>& codes) {
  std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> lines; // codes, pairs
  for (const Action ana : k_actions) {
    for (const Action ben : k_actions) {
      std::vector<std::string> row;
      std::set<std::string> distinct;
      for (const model::Strategy strategy : k_strategies) {
        row.push_back(codes.at(strategy).at({ana, ben}));
        distinct.insert(row.back());
      }
      if (distinct.size() == 1) continue;
      const auto same =
          std::find_if(lines.begin(), lines.end(), [&](const auto& l) { return l.first == row; });
      auto& line = same == lines.end() ? lines.emplace_back(row, std::vector<std::string>{}) : *same;
      line.second.push_back(ana == ben ? fmt::format("both {}", name_of(ana))
                                       : fmt::format("{} / {}", name_of(ana), name_of(ben)));
    }
  }
  std::string text = write_row({"Ana / Ben", "merge", "client_wins", "server_wins", "manual"}) +
                     write_row({"---", "---", "---", "---", "---"});
  for (const auto& [row, pairs] : lines)
    text += write_row({fmt::format("{}", fmt::join(pairs, "; ")), row[0], row[1], row[2], row[3]});
  return text;
}

} // namespace

std::string_view name_of(Action action) {
  switch (action) {
    case Action::edit: return "edit";
    case Action::edit_same_field: return "same field";
    case Action::edit_text_apart: return "text apart";
    case Action::edit_text_overlapping: return "text overlapping";
    case Action::tags: return "tags";
    case Action::complete: return "complete";
    case Action::move: return "move";
    case Action::move_into_each_other: return "move into";
    case Action::remove: return "delete";
    case Action::restore: return "restore";
    case Action::create_same_title: return "create";
  }
  return "";
}

std::string_view name_of(Fate fate) {
  switch (fate) {
    case Fate::stands: return "stands";
    case Fate::replaced: return "replaced";
    case Fate::waits: return "waits";
    case Fate::nothing: return "nothing to do";
    case Fate::swallowed: return "swallowed";
  }
  return "";
}

std::string describe(const Cell& cell) {
  return fmt::format("{} / {}, {}, {} first", name_of(cell.ana), name_of(cell.ben),
                     model::name_of(cell.strategy), cell.first == Who::ana ? "Ana" : "Ben");
}

std::string write_matrix(const std::vector<Played>& played) {
  const auto codes = make_codes(played);
  return fmt::format(
      "{} cells were played. Under `merge`:\n\n{}\nWhere another strategy ends otherwise:\n\n{}",
      played.size(), write_grid(codes.at(model::Strategy::merge)), write_differences(codes));
}

} // namespace memsync::matrix
