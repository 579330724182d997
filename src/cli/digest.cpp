#include "cli/digest.h"

#include "agent/activity.h"
#include "agent/display.h"
#include "agent/status.h"
#include "cli/wording.h"

namespace memsync::cli {

namespace {

constexpr std::size_t k_lines = 15;
constexpr std::size_t k_counted = 200; // of what happened; beyond it "and more"

/// What there is to tell.
struct Digest {
  replica::WorkspaceRow workspace;
  std::string since; // "since the last digest", "since 1 day ago"
  std::vector<std::string> lines;
  std::size_t more = 0;
  bool is_more_than_counted = false;
  agent::Status status;
};

std::string project_of(agent::Session& session) {
  return session.project() ? session.project()->identity : std::string();
}

/// From where on to tell: the time asked for, what was told last, or a day.
Result<replica::Reader::HistoryQuery> choose_start(agent::Session& session, replica::Reader& reader,
                                                   const DigestOptions& options, Digest& digest) {
  replica::Reader::HistoryQuery query;
  query.limit = k_counted;
  const auto told = reader.told(digest.workspace, project_of(session));
  if (options.since.empty() && told && told->epoch == digest.workspace.cursor.epoch) {
    query.from = model::Sequence{told->sequence.value + 1};
    digest.since = "since the last digest";
    return query;
  }
  query.since = base::parse_time(options.since.empty() ? "1d" : options.since, session.now());
  if (!query.since)
    return base::Error{base::ErrorCode::validation, "--since: use an age (2h, 3d) or a date (2026-11-20)"};
  digest.since = fmt::format("since {}", base::format_age(*query.since, session.now()));
  return query;
}

Result<Digest> load_digest(agent::Session& session, replica::Reader& reader, const DigestOptions& options) {
  Digest digest;
  TRY_ASSIGN(const auto chosen, session.choose_workspace(reader, std::nullopt));
  digest.workspace = chosen.workspace;
  TRY_ASSIGN(const auto query, choose_start(session, reader, options, digest));
  TRY_ASSIGN(const auto page, reader.activity(digest.workspace, query));
  for (const replica::ActivityRow& row : page.rows) {
    if (digest.lines.size() < k_lines) {
      digest.lines.push_back(agent::describe(row, session.now()));
    } else {
      ++digest.more;
    }
  }
  digest.is_more_than_counted = !page.next_cursor.empty();
  return digest;
}

std::string to_text(const Digest& digest) {
  const std::string name = agent::show(digest.workspace.name);
  std::string text;
  if (digest.lines.empty()) {
    text = fmt::format("Shared memory \"{}\": nothing new {}.\n", name, digest.since);
  } else {
    text = fmt::format("Shared memory \"{}\", {}, newest first. {}\n", name, digest.since, agent::k_notice);
    for (const std::string& line : digest.lines) text += fmt::format("- {}\n", line);
  }
  if (digest.more > 0)
    text +=
        fmt::format("- {}{} more: `memsync log`\n", digest.more, digest.is_more_than_counted ? " and" : "");
  return text + for_people(agent::show(digest.status.message)) + "\n";
}

Json to_json(const Digest& digest) {
  return {{"workspace", agent::show(digest.workspace.name)},
          {"since", digest.since},
          {"activity", digest.lines},
          {"more", digest.more},
          {"conflicts", digest.status.conflicts},
          {"pending", digest.status.pending},
          {"safe", digest.status.is_safe},
          {"message", agent::show(digest.status.message)},
          {"notice", agent::k_notice}};
}

} // namespace

Result<> run_digest(const Context& context, const DigestOptions& options) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  // Its failures are in the status that is shown.
  if (options.wait.count() > 0) bench->call("sync_changes", {{"wait_seconds", options.wait.count()}});
  TRY_ASSIGN(Digest digest, bench->session.read([&](replica::Reader& reader) {
    return load_digest(bench->session, reader, options);
  }));
  TRY_ASSIGN(digest.status, agent::load_status(bench->session));
  context.show(to_json(digest), to_text(digest));
  if (options.keeps) return {};
  return bench->replica.note_told(digest.workspace, project_of(bench->session), digest.workspace.cursor);
}

} // namespace memsync::cli
