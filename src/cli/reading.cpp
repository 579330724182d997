#include "cli/reading.h"

#include "agent/locate.h"
#include "base/upper_bound.h"
#include "cli/side_by_side.h"
#include "cli/wording.h"
#include "tools/get_history.h"
#include "tools/list_documents.h"
#include "tools/read_document.h"
#include "tools/search_memories.h"
#include "tools/team_activity.h"

namespace memsync::cli {

using base::Error;
using base::ErrorCode;

namespace {

constexpr std::size_t k_unlimited_tokens = 10'000'000; // a person scrolls, no model pays

std::optional<std::string> given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

using ParseTime = std::optional<base::Timestamp> (*)(std::string_view text, base::Timestamp now);

Result<std::optional<base::Timestamp>> parse_when(Workbench& bench, const std::string& text,
                                                  ParseTime parse = base::parse_time) {
  if (text.empty()) return std::optional<base::Timestamp>();
  const auto time = parse(text, bench.session.now());
  if (!time)
    return Error{ErrorCode::validation,
                 fmt::format("\"{}\" is no time: use an age like 2h or 3d, or a date like 2026-11-20", text)};
  return time;
}

std::string describe_hit(const Context& context, const tools::SearchRow& row) {
  std::string text =
      fmt::format("{}  {}", context.in(Style::bold, row.title), context.in(Style::dim, row.id));
  if (row.sync != "synced") text += "  " + context.in(Style::yellow, row.sync);
  std::string facts = row.type.empty() ? row.kind : row.type;
  if (row.is_completed) facts += ", done";
  if (!row.assignee.empty()) facts += ", for " + row.assignee;
  facts += fmt::format(" - {}, {} - {} ({})", row.author, row.age, row.document_title, row.workspace);
  if (!row.via.empty()) facts += " - via " + row.via;
  text += "\n  " + context.in(Style::dim, facts) + "\n";
  if (!row.snippet.empty()) text += wrap(context.terminal, row.snippet, "  ");
  return text + "\n";
}

/// Where a search looked: "Engines, personal, local".
Result<std::string> describe_scope(Workbench& bench, const tools::SearchArguments& arguments) {
  if (arguments.document) return "\"" + agent::show(*arguments.document) + "\"";
  return bench.session.read([&](replica::Reader& reader) -> Result<std::string> {
    TRY_ASSIGN(const auto scope, bench.session.reading_scope(reader, arguments.workspace));
    std::string names;
    for (const auto& row : scope) names += (names.empty() ? "" : ", ") + agent::show(row.name);
    return names;
  });
}

std::string one_line(std::string text, std::size_t columns) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return clip_columns(text, columns);
}

std::string shown_value(const Json& value) {
  if (value.is_null()) return "-";
  return one_line(value.is_string() ? value.get<std::string>() : base::dump_json(value), 40);
}

Result<tools::ChangePoint> parse_point(Workbench& bench, std::string_view option, const std::string& text,
                                       tools::WholeDay day) {
  if (text.empty()) return tools::ChangePoint();
  return tools::parse_change_point(option, text, bench.session.now(), day);
}

std::string describe_blame(const Context& context, const tools::HistoryResult& result) {
  std::vector<std::vector<Cell>> fields;
  for (const auto& change : result.changes)
    fields.push_back({{change.field, Style::bold},
                      {change.author, Style::cyan},
                      {change.age},
                      {change.reported_by},
                      {change.session},
                      {change.id, Style::dim}});
  std::string text = format_table(
      context.terminal, {{"FIELD"}, {"WHO"}, {"WHEN"}, {"REPORTED BY"}, {"SESSION"}, {"CHANGE"}}, fields);
  std::vector<std::vector<Cell>> paragraphs;
  for (const auto& paragraph : result.paragraphs) {
    const tools::ChangeView writer = paragraph.writer.value_or(tools::ChangeView());
    paragraphs.push_back({{std::to_string(paragraph.line)},
                          {paragraph.writer ? writer.author : "?", Style::cyan},
                          {writer.age},
                          {writer.reported_by},
                          {writer.session},
                          {writer.id, Style::dim},
                          {one_line(paragraph.text, 80)}});
  }
  if (!paragraphs.empty())
    text += "\n" + format_table(context.terminal,
                                {{"LINE", Align::right},
                                 {"WHO"},
                                 {"WHEN"},
                                 {"REPORTED BY"},
                                 {"SESSION"},
                                 {"CHANGE"},
                                 {"PARAGRAPH"}},
                                paragraphs);
  if (result.paragraphs_left_out > 0)
    text += fmt::format("{} more paragraphs.\n", result.paragraphs_left_out);
  return text.empty() ? "Nobody wrote anything yet.\n" : text;
}

std::string describe_diff(const Context& context, const tools::HistoryResult& result) {
  std::string text;
  const auto whole = [](const Json& value) {
    return value.is_null() ? "" : value.is_string() ? value.get<std::string>() : base::dump_json(value);
  };
  for (const auto& change : result.changes)
    if (change.field != "content")
      text +=
          context.in(Style::bold, change.field) + "\n" +
          format_side_by_side(context.terminal, {"before", whole(change.old_value)},
                              {fmt::format("{}, {}", change.author, change.age), whole(change.new_value)}) +
          "\n";
  if (!result.diff.empty()) text += context.in(Style::bold, "content") + "\n" + result.diff;
  return text.empty() ? "Nothing changed between these points.\n" : text;
}

Result<> log_history(const Context& context, Workbench& bench, const LogOptions& options) {
  tools::HistoryArguments arguments;
  arguments.document = given(options.document);
  arguments.node = given(options.node);
  arguments.author = options.author;
  arguments.session = options.session;
  TRY_ASSIGN(arguments.since, parse_when(bench, options.since));
  arguments.limit = options.limit;
  if (options.blame) arguments.view = tools::HistoryArguments::View::blame;
  if (options.diff) arguments.view = tools::HistoryArguments::View::diff;
  TRY_ASSIGN(arguments.from, parse_point(bench, "from", options.from, tools::WholeDay::its_begin));
  TRY_ASSIGN(arguments.to, parse_point(bench, "to", options.to, tools::WholeDay::its_end));
  std::optional<Result<tools::HistoryResult>> answer;
  tools::get_whole_history(bench.session, arguments, {},
                           [&](Result<tools::HistoryResult> got) { answer = std::move(got); });
  bench.run_until([&] { return answer.has_value(); });
  if (!answer) return Error{ErrorCode::cancelled, "stopped before the history was complete"};
  TRY_ASSIGN(const tools::HistoryResult result, *std::move(answer));
  if (options.blame || options.diff) {
    context.show(tools::render(result).structured,
                 options.blame ? describe_blame(context, result) : describe_diff(context, result));
    return {};
  }
  std::vector<std::vector<Cell>> rows;
  for (const auto& change : result.changes) {
    std::string what = change.field.empty() ? ""
                                            : fmt::format("{} -> {}", shown_value(change.old_value),
                                                          shown_value(change.new_value));
    rows.push_back({{change.id, Style::dim},
                    {change.age},
                    {change.author, Style::cyan},
                    {change.op + (change.field.empty() ? "" : " " + change.field),
                     change.is_lost ? Style::yellow : Style::plain},
                    {one_line(change.title, 40), Style::bold},
                    {what}});
  }
  std::string text =
      format_table(context.terminal, {{"CHANGE"}, {"WHEN"}, {"WHO"}, {"WHAT"}, {"TITLE"}, {"VALUES"}}, rows);
  if (rows.empty()) text = "No changes.\n";
  if (result.pending > 0) text += fmt::format("\n{} changes are not in the log yet.\n", result.pending);
  if (result.missing > 0)
    text += "\n" + for_people(tools::render(result).structured.value("hint", "")) + "\n";
  context.show(tools::render(result).structured, text);
  return {};
}

Result<> log_activity(const Context& context, Workbench& bench, const LogOptions& options) {
  tools::ActivityArguments arguments;
  TRY_ASSIGN(arguments.since, parse_when(bench, options.since));
  arguments.limit = options.limit;
  agent::News news(bench.session);
  TRY_ASSIGN(const tools::ActivityResult result, tools::team_activity(bench.session, news, arguments));
  std::vector<std::vector<Cell>> rows;
  for (const auto& each : result.rows)
    rows.push_back({{each.age},
                    {each.user, Style::cyan},
                    {each.action},
                    {one_line(each.title, 60), Style::bold},
                    {each.node, Style::dim},
                    {each.reported_by, Style::dim}});
  std::string text = format_table(context.terminal,
                                  {{"WHEN"}, {"WHO"}, {"DID"}, {"TITLE"}, {"NODE"}, {"REPORTED BY"}}, rows);
  if (rows.empty()) text = fmt::format("Nothing happened in {} yet.\n", result.workspace);
  context.show(tools::render(result).structured, text);
  return {};
}

Result<> list_all(const Context& context, Workbench& bench, const ShowOptions& options) {
  tools::ListArguments arguments;
  arguments.workspace = given(options.workspace);
  constexpr std::size_t k_rows = 200;
  arguments.limit = k_rows;
  TRY_ASSIGN(const tools::ListResult result, tools::list_documents(bench.session, arguments));
  std::vector<std::vector<Cell>> rows;
  for (const auto& row : result.rows)
    rows.push_back({{row.name.id, Style::dim},
                    {one_line(row.name.title, 60), Style::bold},
                    {std::to_string(row.nodes)},
                    {row.age},
                    {row.updated_by},
                    {row.name.workspace},
                    {row.is_dirty ? fmt::format("{} pending", row.pending) : "", Style::yellow}});
  std::string text = format_table(
      context.terminal,
      {{"ID"}, {"DOCUMENT"}, {"NODES", Align::right}, {"CHANGED"}, {"BY"}, {"WORKSPACE"}, {""}}, rows);
  if (rows.empty()) text = "No documents yet.\n";
  if (!result.next_cursor.empty()) text += fmt::format("The newest {} of more.\n", result.rows.size());
  context.show(tools::render(result).structured, text);
  return {};
}

} // namespace

Result<> run_search(const Context& context, const SearchOptions& options) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  tools::SearchArguments arguments;
  arguments.query = options.query;
  arguments.workspace = given(options.workspace);
  arguments.document = given(options.document);
  arguments.types = options.types;
  arguments.tags = options.tags;
  arguments.author = options.author;
  arguments.assignee = options.assignee;
  arguments.completed = options.completed;
  TRY_ASSIGN(arguments.since, parse_when(*bench, options.since));
  TRY_ASSIGN(arguments.until, parse_when(*bench, options.until, base::parse_upper_bound));
  arguments.limit = options.limit;
  arguments.token_budget = k_unlimited_tokens;
  // Where that fails (a full disk, say) what is searchable is searched, and the rest counted.
  static_cast<void>(index_rest(context, *bench));
  TRY_ASSIGN(const tools::SearchResult result, tools::search_memories(bench->session, arguments));
  std::string text;
  if (result.is_relaxed && !result.rows.empty())
    text += context.in(Style::yellow, "No memory has all of these words; these have some.") + "\n\n";
  for (const tools::SearchRow& row : result.rows) text += describe_hit(context, row);
  if (result.rows.empty()) {
    TRY_ASSIGN(const std::string where, describe_scope(*bench, arguments));
    text = fmt::format("Nothing found in {}.\n", where);
  }
  if (result.more > 0) text += fmt::format("{} more: --limit shows them.\n", result.more);
  if (result.not_indexed > 0)
    text += fmt::format("indexing: {} memories are not searchable yet\n", result.not_indexed);
  context.show(tools::render(result).structured, text);
  return {};
}

Result<> run_show(const Context& context, const ShowOptions& options) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  if (options.name.empty()) return list_all(context, *bench, options);
  tools::ReadArguments arguments;
  arguments.options.token_budget = k_unlimited_tokens;
  if (options.outline) arguments.options.level = agent::DetailLevel::outline;
  arguments.document = options.name;
  auto view = tools::read_document(bench->session, arguments);
  if (!view && (view.error().code == ErrorCode::not_found || view.error().code == ErrorCode::validation)) {
    tools::ReadArguments node = arguments;
    node.document.reset();
    node.nodes = {options.name};
    auto read = tools::read_document(bench->session, node);
    if (read) view = std::move(read);
  }
  if (!view) return view.error();
  const mcp::ToolResult rendered = tools::render(*view);
  context.show(rendered.structured, rendered.text.ends_with('\n') ? rendered.text : rendered.text + "\n");
  return {};
}

Result<> run_log(const Context& context, const LogOptions& options) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  if ((options.blame || options.diff) && options.node.empty())
    return Error{ErrorCode::validation, "--blame and --diff need --node ID"};
  const bool is_narrow = !options.document.empty() || !options.node.empty() || !options.author.empty() ||
                         !options.session.empty();
  return is_narrow ? log_history(context, *bench, options) : log_activity(context, *bench, options);
}

} // namespace memsync::cli
