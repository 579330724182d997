#include "tools/get_history.h"

#include "agent/activity.h"
#include "model/limits.h"
#include "model/text_blame.h"
#include "model/word_diff.h"
#include "tools/waiting.h"

namespace memsync::tools {

namespace {

using View = HistoryArguments::View;

// Lists show the beginning of a long value; read_document and view diff show the rest.
constexpr std::size_t k_value_bytes = 400;
// Rows that one diff folds together; older ones are left out.
constexpr std::size_t k_diff_rows = 1'000;
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

std::vector<replica::ChangeRow> fold(const std::vector<replica::ChangeRow>& rows) {
  std::map<model::Field, replica::ChangeRow> net; // newest row of the field with its oldest value
  for (const auto& row : rows) {
    if (!row.field || row.lost) continue;
    const auto [entry, is_first] = net.try_emplace(*row.field, row);
    if (!is_first) entry->second.old_value = row.old_value;
  }
  std::vector<replica::ChangeRow> folded;
  for (auto& [field, row] : net)
    if (row.old_value != row.new_value) folded.push_back(std::move(row));
  return folded;
}

std::string text_of(const std::optional<std::string>& register_text) {
  const auto value = base::parse_json(register_text.value_or("\"\""));
  return value && value->is_string() ? value->get<std::string>() : std::string();
}

base::Result<> fill_diff(Session& session, replica::Reader& reader, const Place& place,
                         replica::Reader::HistoryQuery query, HistoryResult& result) {
  query.limit = k_diff_rows;
  // Between two states: the change that made the first one is not part of it.
  if (query.from) query.from = model::Sequence{query.from->value + 1};
  TRY_ASSIGN(const auto page, reader.history(place.workspace, query));
  for (const auto& row : fold(page.rows)) {
    if (*row.field == model::Field::content) {
      std::size_t left_out = 0;
      result.diff =
          agent::clip(agent::show(model::diff_words(text_of(row.old_value), text_of(row.new_value))),
                      k_diff_bytes, left_out);
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
  query.limit = k_diff_rows;
  std::vector<replica::ChangeRow> rows;
  for (bool has_more = true; has_more;) {
    TRY_ASSIGN(const auto page, reader.history(place.workspace, query));
    for (const auto& row : page.rows) {
      const bool is_creation = row.kind == model::OperationKind::create && !row.field;
      if (is_creation || (row.field == model::Field::content && !row.lost)) rows.push_back(row);
    }
    query.cursor = page.next_cursor;
    has_more = !page.next_cursor.empty();
  }
  std::reverse(rows.begin(), rows.end());
  return rows;
}

/// The texts a content went through, and who made each but the first.
struct Versions {
  std::vector<std::string> texts;
  std::vector<ChangeView> writers;
};

base::Result<Versions> load_versions(Session& session, replica::Reader& reader, const Place& place,
                                     const model::NodeId& node, const replica::ChangeRow* now) {
  TRY_ASSIGN(const auto rows, load_contents(reader, place, node));
  const auto first = std::find_if(rows.begin(), rows.end(), [](const auto& row) { return row.field; });
  const bool is_pending = now && now->sequence.is_provisional();
  // A creation does not repeat its fields: what the first change replaced is what it had.
  std::string initial;
  if (first != rows.end()) initial = text_of(first->old_value);
  if (first == rows.end() && now && !is_pending) initial = text_of(now->new_value);
  Versions versions;
  const bool is_creation_known = !rows.empty() && !rows.front().field;
  versions.texts.push_back(is_creation_known ? "" : initial);
  for (const auto& row : rows) {
    versions.texts.push_back(row.field ? text_of(row.new_value) : initial);
    versions.writers.push_back(make_view(session, reader, place, row));
  }
  if (!now || text_of(now->new_value) == versions.texts.back()) return versions;
  // An own change that is not in the log yet. On a text that never changed since it was made, nothing tells
  // what was there before: then nobody is named.
  const bool is_before_known = first != rows.end();
  if (!is_before_known) return Versions{{text_of(now->new_value)}, {}};
  versions.texts.push_back(text_of(now->new_value));
  versions.writers.push_back(make_view(session, reader, place, *now));
  return versions;
}

base::Result<> fill_blame(Session& session, replica::Reader& reader, const Place& place,
                          const model::NodeId& node, HistoryResult& result) {
  const auto rows = reader.blame(place.workspace, node);
  for (const auto& row : rows) result.changes.push_back(make_view(session, reader, place, row));
  const auto content = std::find_if(rows.begin(), rows.end(),
                                    [](const auto& row) { return row.field == model::Field::content; });
  TRY_ASSIGN(const Versions versions,
             load_versions(session, reader, place, node, content == rows.end() ? nullptr : &*content));
  for (const model::BlamedParagraph& paragraph : model::blame_paragraphs(versions.texts)) {
    std::size_t left_out = 0;
    std::string text = agent::clip(agent::show(paragraph.text), k_paragraph_bytes, left_out);
    if (left_out > 0) text += fmt::format(" ... ({} bytes more)", left_out);
    ParagraphView view{paragraph.line, std::move(text), std::nullopt};
    if (paragraph.writer) view.writer = versions.writers[*paragraph.writer - 1];
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

struct Target {
  Place place;
  replica::Reader::HistoryQuery query;
};

base::Result<Target> find_target(Session& session, replica::Reader& reader,
                                 const HistoryArguments& arguments) {
  TRY_ASSIGN(const Session::Chosen current, session.choose_workspace(reader, std::nullopt));
  Target target{{current.workspace, current.workspace.id}, {}};
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
    TRY_ASSIGN(arguments.from, parse_change_point("from", *from, in.now()));
  }
  if (const auto to = in.text("to")) {
    TRY_ASSIGN(arguments.to, parse_change_point("to", *to, in.now()));
  }
  arguments.limit = in.number_or("limit", model::limits::k_default_rows);
  arguments.cursor = in.text("cursor").value_or("");
  arguments.token_budget = in.number_or("token_budget", arguments.token_budget);
  return arguments;
}

base::Result<HistoryResult> get_history(Session& session, const HistoryArguments& arguments) {
  return session.read([&](replica::Reader& reader) -> base::Result<HistoryResult> {
    TRY_ASSIGN(const Target target, find_target(session, reader, arguments));
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
