#include "tools/get_history.h"

#include "agent/activity.h"
#include "model/change_fold.h"
#include "model/limits.h"
#include "model/text_blame.h"
#include "model/word_diff.h"
#include "tools/waiting.h"

namespace memsync::tools {

namespace {

using View = HistoryArguments::View;

// Lists show the beginning of a long value; read_document and view diff show the rest.
constexpr std::size_t k_value_bytes = 400;
// Rows that are read at once where all are read.
constexpr std::size_t k_rows_at_once = 1'000;
constexpr std::size_t k_diff_bytes = 16'000;
constexpr std::size_t k_paragraph_bytes = 120;
constexpr std::chrono::seconds k_fetch_limit{10};

Json clip_value(Json value) {
  if (!value.is_string()) return value;
  std::size_t left_out = 0;
  std::string text = agent::clip(value.get_ref<const std::string&>(), k_value_bytes, left_out);
  if (left_out > 0) text += fmt::format(" ... ({} bytes more)", left_out);
  return text;
}

struct Place {
  replica::WorkspaceRow workspace;
  model::WorkspaceId current;
};

ChangeView make_view(Session& session, replica::Reader& reader, const Place& place,
                     const replica::ChangeRow& row) {
  ChangeView view;
  if (row.sequence.value > 0 && !row.sequence.is_provisional())
    view.id = name_change(place.workspace, place.current, row.sequence);
  view.at = base::format_rfc3339(row.at);
  view.age = base::format_age(row.at, session.now());
  view.author = agent::show(row.author);
  view.reported_by = agent::show(row.client);
  view.session = agent::show(row.session);
  view.project = agent::show(row.project);
  view.op = model::name_of(row.kind);
  if (!row.node.is_empty()) view.node = reader.short_id(place.workspace, row.node);
  view.title = agent::show(row.title);
  if (row.field) view.field = model::name_of(*row.field);
  if (row.old_value) view.old_value = clip_value(agent::show_register(*row.old_value));
  if (row.new_value) view.new_value = clip_value(agent::show_register(*row.new_value));
  view.is_lost = row.lost;
  view.status = model::name_of(row.status);
  return view;
}

/// Every row that the query finds, newest first.
base::Result<std::vector<replica::ChangeRow>> load_rows(replica::Reader& reader, const Place& place,
                                                        replica::Reader::HistoryQuery query) {
  query.limit = k_rows_at_once;
  std::vector<replica::ChangeRow> rows;
  for (bool has_more = true; has_more;) {
    TRY_ASSIGN(auto page, reader.history(place.workspace, query));
    rows.insert(rows.end(), std::make_move_iterator(page.rows.begin()),
                std::make_move_iterator(page.rows.end()));
    query.cursor = page.next_cursor;
    has_more = !page.next_cursor.empty();
  }
  return rows;
}

bool is_creation(const replica::ChangeRow& row) {
  return row.kind == model::OperationKind::create && !row.field;
}

/// One row per field that differs between the two ends of what the query asks for.
std::vector<replica::ChangeRow> compare_ends(replica::Reader& reader, const Place& place,
                                             const replica::Reader::HistoryQuery& query,
                                             const std::vector<replica::ChangeRow>& rows) {
  constexpr model::Sequence k_end{model::Sequence::k_first_provisional - 1};
  const auto creation = std::find_if(rows.begin(), rows.end(), is_creation);
  // Without a beginning, a node is compared with what it was when it was made.
  if (!query.from || creation == rows.end()) return model::fold_changes(rows);
  return model::fold_from_creation(rows, *creation, [&](model::Field field) {
    return reader.find_value_at(place.workspace, *query.node, field, query.to.value_or(k_end));
  });
}

base::Result<> fill_diff(Session& session, replica::Reader& reader, const Place& place,
                         replica::Reader::HistoryQuery query, HistoryResult& result) {
  // Between two states: the change that made the first one is not part of it.
  if (query.from) query.from = model::Sequence{query.from->value + 1};
  TRY_ASSIGN(const auto rows, load_rows(reader, place, query));
  for (const auto& row : compare_ends(reader, place, query, rows)) {
    if (*row.field == model::Field::content) {
      std::size_t left_out = 0;
      result.diff =
          agent::clip(agent::show(model::diff_values(row.old_value, row.new_value)), k_diff_bytes, left_out);
    }
    result.changes.push_back(make_view(session, reader, place, row));
  }
  return {};
}

/// The creation of a node and every change of its content, oldest first, as far as the history goes.
base::Result<std::vector<replica::ChangeRow>> load_contents(replica::Reader& reader, const Place& place,
                                                            const model::NodeId& node) {
  replica::Reader::HistoryQuery query;
  query.node = node;
  TRY_ASSIGN(auto rows, load_rows(reader, place, query));
  std::erase_if(rows, [](const auto& row) {
    return !is_creation(row) && (row.field != model::Field::content || row.lost);
  });
  std::reverse(rows.begin(), rows.end());
  return rows;
}

base::Result<> fill_blame(Session& session, replica::Reader& reader, const Place& place,
                          const model::NodeId& node, HistoryResult& result) {
  const auto rows = reader.blame(place.workspace, node);
  for (const auto& row : rows) result.changes.push_back(make_view(session, reader, place, row));
  const auto content = std::find_if(rows.begin(), rows.end(),
                                    [](const auto& row) { return row.field == model::Field::content; });
  TRY_ASSIGN(const auto contents, load_contents(reader, place, node));
  const auto versions = model::list_versions(contents, content == rows.end() ? nullptr : &*content);
  for (const model::BlamedParagraph& paragraph : model::blame_paragraphs(versions.texts)) {
    std::size_t left_out = 0;
    std::string text = agent::clip(agent::show(paragraph.text), k_paragraph_bytes, left_out);
    if (left_out > 0) text += fmt::format(" ... ({} bytes more)", left_out);
    ParagraphView view{paragraph.line, std::move(text), std::nullopt};
    if (paragraph.writer)
      view.writer = make_view(session, reader, place, versions.writers[*paragraph.writer - 1]);
    result.paragraphs.push_back(std::move(view));
  }
  result.paragraphs_left_out = cut_to_budget(result.paragraphs, agent::k_default_answer_tokens / 2);
  return {};
}

base::Result<> fill_changes(Session& session, replica::Reader& reader, const Place& place,
                            replica::Reader::HistoryQuery query, std::size_t token_budget,
                            HistoryResult& result) {
  TRY_ASSIGN(auto page, reader.history(place.workspace, query));
  for (const auto& row : page.rows) result.changes.push_back(make_view(session, reader, place, row));
  if (cut_to_budget(result.changes, token_budget) > 0) {
    query.limit = result.changes.size(); // so that the cursor stands behind what is shown
    TRY_ASSIGN(page, reader.history(place.workspace, query));
  }
  result.next_cursor = page.next_cursor;
  return {};
}

struct HistoryTarget {
  Place place;
  replica::Reader::HistoryQuery query;
};

base::Result<HistoryTarget> find_target(Session& session, replica::Reader& reader,
                                        const HistoryArguments& arguments) {
  TRY_ASSIGN(const Session::Chosen current, session.choose_workspace(reader, std::nullopt));
  HistoryTarget target{{current.workspace, current.workspace.id}, {}};
  if (arguments.document) {
    TRY_ASSIGN(const auto document, agent::locate_document(session, reader, *arguments.document));
    target.place.workspace = reader.workspace(document.workspace);
    target.query.document = document.id;
  }
  if (arguments.node) {
    TRY_ASSIGN(const auto node,
               agent::locate_node(session, reader, *arguments.node, replica::Reader::Deleted::included));
    target.place.workspace = reader.workspace(node.workspace);
    target.query.document.reset();
    target.query.node = node.node.id;
  }
  auto& query = target.query;
  query.author = arguments.author;
  query.session = arguments.session;
  query.since = arguments.since;
  query.from = arguments.from.sequence;
  query.to = arguments.to.sequence;
  if (arguments.from.time && (!query.since || *query.since < *arguments.from.time))
    query.since = arguments.from.time;
  query.until = arguments.to.time;
  query.limit = arguments.limit;
  query.cursor = arguments.cursor;
  return target;
}

std::string hint_for(const HistoryResult& result) {
  std::string hint;
  if (!result.next_cursor.empty()) hint = "Older changes: pass next_cursor as cursor, or narrow. ";
  if (result.pending > 0)
    hint += fmt::format("{} not in the hub's log yet: get_pending_operations.",
                        agent::count_of(result.pending, "own operation"));
  if (result.missing == 0) return hint;
  if (!hint.empty()) hint += ' ';
  return hint +
         fmt::format("Not complete: {} of this workspace came before this machine joined and {}",
                     agent::count_of(result.missing, "older change"),
                     result.is_offline
                         ? "the hub cannot be reached now; ask again when it is back (sync_changes tells)."
                         : "are still being fetched from the hub: ask again in a moment.");
}

std::string view_name(View view) {
  return view == View::changes ? "changes" : view == View::diff ? "diff" : "blame";
}

} // namespace

base::Result<HistoryArguments> HistoryArguments::parse(const Arguments& in) {
  HistoryArguments arguments;
  arguments.document = in.text("document");
  arguments.node = in.text("node");
  arguments.author = in.text("author").value_or("");
  arguments.session = in.text("session").value_or("");
  const auto view = in.text("view").value_or("changes");
  arguments.view = view == "diff" ? View::diff : view == "blame" ? View::blame : View::changes;
  if (arguments.view != View::changes && !arguments.node)
    return base::Error{base::ErrorCode::validation, fmt::format("view {} needs `node`", view)};
  TRY_ASSIGN(arguments.since, in.time("since"));
  if (const auto from = in.text("from")) {
    TRY_ASSIGN(arguments.from, parse_change_point("from", *from, in.now(), WholeDay::its_begin));
  }
  if (const auto to = in.text("to")) {
    TRY_ASSIGN(arguments.to, parse_change_point("to", *to, in.now(), WholeDay::its_end));
  }
  arguments.limit = in.number_or("limit", model::limits::k_default_rows);
  arguments.cursor = in.text("cursor").value_or("");
  arguments.token_budget = in.number_or("token_budget", arguments.token_budget);
  return arguments;
}

base::Result<HistoryResult> get_history(Session& session, const HistoryArguments& arguments) {
  return session.read([&](replica::Reader& reader) -> base::Result<HistoryResult> {
    TRY_ASSIGN(const HistoryTarget target, find_target(session, reader, arguments));
    HistoryResult result;
    result.view = arguments.view;
    result.pending = reader.pending_count(target.place.workspace);
    result.missing = reader.missing_history(target.place.workspace);
    result.workspace = target.place.workspace.id;
    result.is_offline = std::holds_alternative<replica::Offline>(session.sync().report().connection);
    switch (arguments.view) {
      case View::changes:
        TRY(fill_changes(session, reader, target.place, target.query, arguments.token_budget, result));
        break;
      case View::diff: TRY(fill_diff(session, reader, target.place, target.query, result)); break;
      case View::blame: TRY(fill_blame(session, reader, target.place, *target.query.node, result)); break;
    }
    return result;
  });
}

void get_whole_history(Session& session, const HistoryArguments& arguments, const mcp::CallContext& context,
                       std::function<void(base::Result<HistoryResult>)> done) {
  auto known = get_history(session, arguments);
  if (!known || known->missing == 0) return done(std::move(known));
  session.sync().when_history_is_whole(
      known->workspace, deadline_of(session, context, k_fetch_limit),
      [&session, arguments, done = std::move(done)] { done(get_history(session, arguments)); });
}

Json to_json(const ChangeView& change) {
  Json json = {{"at", change.at}, {"age", change.age},   {"author", change.author},
               {"op", change.op}, {"node", change.node}, {"title", change.title}};
  set_if(json, "id", change.id);
  set_if(json, "reported_by", change.reported_by);
  set_if(json, "session", change.session);
  set_if(json, "project", change.project);
  set_if(json, "field", change.field);
  if (!change.old_value.is_null()) json["old"] = change.old_value;
  if (!change.new_value.is_null()) json["new"] = change.new_value;
  if (change.is_lost) json["lost"] = true;
  if (change.status != "applied") set_if(json, "status", change.status);
  return json;
}

Json to_json(const ParagraphView& paragraph) {
  Json json = {{"line", paragraph.line}, {"text", paragraph.text}};
  if (!paragraph.writer) return json;
  const ChangeView& writer = *paragraph.writer;
  json.update({{"author", writer.author}, {"at", writer.at}, {"age", writer.age}});
  set_if(json, "id", writer.id);
  set_if(json, "reported_by", writer.reported_by);
  set_if(json, "session", writer.session);
  return json;
}

namespace {

/// What the author's replica claims about where the change was made, in brackets; empty when nothing.
std::string reporter_of(const ChangeView& change) {
  std::vector<std::string> claims;
  if (const auto who = agent::reported_by(change.reported_by, change.session); !who.empty())
    claims.push_back(who);
  if (!change.project.empty()) claims.push_back("in " + change.project);
  return claims.empty() ? "" : fmt::format(" (reported by {})", fmt::join(claims, ", "));
}

} // namespace

mcp::ToolResult render(const HistoryResult& result) {
  Json json = {{"changes", to_json_list(result.changes)},
               {"view", view_name(result.view)},
               {"complete", result.missing == 0},
               {"notice", agent::k_notice}};
  set_if(json, "diff", result.diff);
  if (result.view == View::blame) {
    json["paragraphs"] = to_json_list(result.paragraphs);
    json["paragraphs_left_out"] = result.paragraphs_left_out;
  }
  set_if(json, "next_cursor", result.next_cursor);
  set_if(json, "hint", hint_for(result));
  std::string text;
  for (const auto& change : result.changes) {
    text += fmt::format("- {} {} {} \"{}\" [{}] {}{}\n", change.id, change.author, change.op, change.title,
                        change.node, change.age, reporter_of(change));
    if (change.field.empty()) continue;
    text += fmt::format("  {}: {} -> {}{}\n", change.field, base::dump_json(change.old_value),
                        base::dump_json(change.new_value), change.is_lost ? " (lost)" : "");
  }
  if (result.changes.empty()) text += "No changes.\n";
  text += agent::quote(result.diff, "  ");
  for (const ParagraphView& paragraph : result.paragraphs)
    text +=
        fmt::format("line {}: {}\n{}", paragraph.line,
                    paragraph.writer ? paragraph.writer->author + ", " + paragraph.writer->age : "unknown",
                    agent::quote(paragraph.text, "  "));
  if (const auto hint = hint_for(result); !hint.empty()) text += hint + "\n";
  return {std::move(json), text + std::string(agent::k_notice) + "\n", {}, false};
}

} // namespace memsync::tools
