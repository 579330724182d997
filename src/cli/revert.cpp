#include "cli/revert.h"

#include "tools/revert_change.h"

namespace memsync::cli {

namespace {

std::string describe(const Context& context, const tools::RevertResult& result) {
  std::vector<std::vector<Cell>> rows;
  for (const tools::Compensation& each : result.operations)
    rows.push_back(
        {{each.op, Style::green}, {each.field}, {each.title, Style::bold}, {each.node, Style::dim}, {}});
  for (const tools::Skipped& each : result.skipped)
    rows.push_back({{"left alone", Style::yellow},
                    {each.field},
                    {each.title, Style::bold},
                    {each.node, Style::dim},
                    {each.reason}});
  std::string text = format_table(context.terminal, {{"DID"}, {"WHAT"}, {"TITLE"}, {"NODE"}, {"WHY"}}, rows);
  return rows.empty() ? "Nothing to take back.\n" : text + "\n" + result.message + "\n";
}

} // namespace

Result<> run_revert(const Context& context, const RevertOptions& options) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  Json given = Json::object();
  const auto give = [&given](const char* name, const std::string& value) {
    if (!value.empty()) given[name] = value;
  };
  give("change", options.change);
  give("author", options.author);
  give("session", options.session);
  give("since", options.since);
  give("node", options.node);
  give("document", options.document);
  give("to", options.to);
  TRY_ASSIGN(const auto contract, tools::load_contract("revert_change"));
  TRY_ASSIGN(const auto in, tools::Arguments::read(contract, std::move(given), bench->session.now()));
  TRY_ASSIGN(const auto arguments, tools::RevertArguments::parse(in));
  TRY_ASSIGN(const auto result, tools::revert_change(bench->session, arguments));
  context.show(tools::render(result).structured, describe(context, result));
  return {};
}

} // namespace memsync::cli
