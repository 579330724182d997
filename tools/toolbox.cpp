#include "tools/toolbox.h"

#include <memory>

#include "tools/conflict_form.h"
#include "tools/edit_document.h"
#include "tools/get_history.h"
#include "tools/get_pending_operations.h"
#include "tools/get_sync_status.h"
#include "tools/is_document_dirty.h"
#include "tools/list_documents.h"
#include "tools/read_document.h"
#include "tools/recorded_call.h"
#include "tools/remember.h"
#include "tools/resolve_conflict.h"
#include "tools/revert_change.h"
#include "tools/save_document.h"
#include "tools/search_memories.h"
#include "tools/sync_changes.h"
#include "tools/team_activity.h"
#include "tools/use_workspace.h"
#include "tools/waiting.h"

namespace memsync::tools {

namespace {

using SharedContract = std::shared_ptr<const Contract>;

template <class TArguments>
base::Result<TArguments> parse(const Contract& contract, Session& session, Json given) {
  TRY_ASSIGN(const Arguments arguments, Arguments::read(contract, std::move(given), session.now()));
  session.note_activity();
  return TArguments::parse(arguments);
}

template <class TResult>
void answer(mcp::Responder& responder, const base::Result<TResult>& result) {
  if (result) {
    responder.answer(render(*result));
  } else {
    responder.answer(result.error());
  }
}

/// A tool that answers before its handler returns.
template <class TArguments, class TResult>
mcp::ToolHandler immediate(Session& session, SharedContract contract,
                           std::function<base::Result<TResult>(Session&, const TArguments&)> run) {
  return [&session, contract = std::move(contract), run = std::move(run)](mcp::ToolCall call,
                                                                          mcp::Responder responder) {
    const auto arguments = parse<TArguments>(*contract, session, std::move(call.arguments));
    if (!arguments) return responder.answer(arguments.error());
    answer(responder, run(session, *arguments));
  };
}
template <class TArguments, class TResult>
mcp::ToolHandler immediate(Session& session, SharedContract contract,
                           base::Result<TResult> (*run)(Session&, const TArguments&)) {
  return immediate(session, std::move(contract),
                   std::function<base::Result<TResult>(Session&, const TArguments&)>(run));
}

/// A tool that writes and answers before its handler returns. A host's repetition of a call is answered as
/// the call was.
template <class TArguments, class TResult>
mcp::ToolHandler recorded(Session& session, SharedContract contract,
                          base::Result<TResult> (*run)(Session&, const TArguments&)) {
  return [&session, contract = std::move(contract), run](mcp::ToolCall call, mcp::Responder responder) {
    const std::string key = key_of_call(session, call);
    const auto arguments = parse<TArguments>(*contract, session, std::move(call.arguments));
    if (!arguments) return responder.answer(arguments.error());
    if (!key.empty()) {
      auto known = find_answer(session, key);
      if (!known) return responder.answer(known.error());
      if (*known) return responder.answer(**std::move(known));
    }
    RecordedCall record(session, key);
    const auto result = run(session, *arguments);
    if (!result) return responder.answer(result.error());
    mcp::ToolResult answer = render(*result);
    record.keep(answer);
    responder.answer(std::move(answer));
  };
}

/// A tool that may wait and answers later.
template <class TArguments, class TResult>
mcp::ToolHandler waiting(Session& session, SharedContract contract,
                         void (*run)(Session&, const TArguments&, const mcp::CallContext&,
                                     std::function<void(base::Result<TResult>)>)) {
  return [&session, contract = std::move(contract), run](mcp::ToolCall call, mcp::Responder responder) {
    const auto arguments = parse<TArguments>(*contract, session, std::move(call.arguments));
    if (!arguments) return responder.answer(arguments.error());
    // A function object must be copyable, a Responder is not.
    const auto parked = std::make_shared<mcp::Responder>(std::move(responder));
    run(session, *arguments, call.context,
        [parked](const base::Result<TResult>& result) { answer(*parked, result); });
  };
}

/// What a run that asks the person passes on to the next run of its call.
Json carried_by(const SaveResult&) { return nullptr; }
Json carried_by(const SyncResult& result) {
  return {{"pushed", result.pushed}, {"pulled", result.pulled}, {"merged", result.merged}};
}

std::vector<std::string> ids_of(const ConflictList& conflicts) {
  std::vector<std::string> ids;
  for (const ConflictView& view : conflicts.rows) ids.push_back(view.name.id);
  return ids;
}

/// As `waiting`; the conflicts that the result names are put to the person where the client shows forms.
template <class TArguments, class TResult>
mcp::ToolHandler settling(Session& session, SharedContract contract, std::shared_ptr<ConflictForms> forms,
                          void (*run)(Session&, const TArguments&, const mcp::CallContext&,
                                      std::function<void(base::Result<TResult>)>)) {
  return [&session, contract = std::move(contract), forms = std::move(forms), run](mcp::ToolCall call,
                                                                                   mcp::Responder responder) {
    const auto arguments = parse<TArguments>(*contract, session, std::move(call.arguments));
    if (!arguments) return responder.answer(arguments.error());
    const std::string note = forms->take_answer(call.context);
    const auto parked = std::make_shared<mcp::Responder>(std::move(responder));
    run(session, *arguments, call.context,
        [parked, forms, note, context = call.context](base::Result<TResult> result) {
          if (!result) return parked->answer(result.error());
          const auto open = ids_of(result->conflicts);
          if (auto form = forms->next_form(context, open, note, carried_by(*result)))
            return parked->ask(*std::move(form));
          result->message = note + result->message + how_to_settle(open);
          parked->answer(render(*result));
        });
  };
}

mcp::ToolHandler activity_handler(Session& session, SharedContract contract) {
  const auto news = std::make_shared<agent::News>(session);
  return immediate(session, std::move(contract),
                   std::function<base::Result<ActivityResult>(Session&, const ActivityArguments&)>(
                       [news](Session& on, const ActivityArguments& arguments) {
                         return team_activity(on, *news, arguments);
                       }));
}

mcp::ToolHandler make_handler(Session& session, const SharedContract& contract,
                              const std::shared_ptr<ConflictForms>& forms) {
  using Make = std::function<mcp::ToolHandler(Session&, SharedContract)>;
  const auto at_once = [](auto run) -> Make {
    return [run](Session& on, SharedContract by) { return immediate(on, std::move(by), run); };
  };
  const auto settles = [&forms](auto run) -> Make {
    return [run, forms](Session& on, SharedContract by) { return settling(on, std::move(by), forms, run); };
  };
  const auto records = [](auto run) -> Make {
    return [run](Session& on, SharedContract by) { return recorded(on, std::move(by), run); };
  };
  const auto later = [](auto run) -> Make {
    return [run](Session& on, SharedContract by) { return waiting(on, std::move(by), run); };
  };
  const std::map<std::string_view, Make> makers{{"search_memories", at_once(&search_memories)},
                                                {"remember", records(&remember)},
                                                {"save_document", settles(&save_document)},
                                                {"read_document", at_once(&read_document)},
                                                {"edit_document", records(&edit_document)},
                                                {"list_documents", at_once(&list_documents)},
                                                {"is_document_dirty", at_once(&is_document_dirty)},
                                                {"sync_changes", settles(&sync_changes)},
                                                {"team_activity", activity_handler},
                                                {"get_sync_status", at_once(&get_sync_status)},
                                                {"use_workspace", at_once(&use_workspace)},
                                                {"get_pending_operations", at_once(&get_pending_operations)},
                                                {"get_history", later(&get_whole_history)},
                                                {"revert_change", records(&revert_change)},
                                                {"resolve_conflict", records(&resolve_conflict)}};
  const auto found = makers.find(contract->tool.name);
  return found == makers.end() ? nullptr : found->second(session, contract);
}

/// A call that comes before the hub has told which teams there are would be about the local workspace: it
/// waits for that, for a moment.
mcp::ToolHandler introduced(Session& session, mcp::ToolHandler handler) {
  return [&session, handler = std::move(handler)](mcp::ToolCall call, mcp::Responder responder) {
    if (session.sync().is_introduced()) return handler(std::move(call), std::move(responder));
    auto deadline = deadline_of(session, call.context, agent::k_introduction_limit);
    // A function object must be copyable, a Responder is not.
    const auto parked = std::make_shared<mcp::Responder>(std::move(responder));
    session.sync().when_introduced(std::move(deadline), [handler, parked, call = std::move(call)] {
      handler(call, std::move(*parked));
    });
  };
}

mcp::Pace pace_of(std::string_view name) {
  if (name == "is_document_dirty") return mcp::Pace::quick;
  return name == "sync_changes" ? mcp::Pace::patient : mcp::Pace::ordinary;
}

} // namespace

base::Result<> add_tools(mcp::ToolRegistry& registry, agent::Session& session) {
  const auto forms = std::make_shared<ConflictForms>(session);
  for (const auto name : tool_names()) {
    TRY_ASSIGN(Contract loaded, load_contract(name));
    mcp::Tool tool = loaded.tool;
    tool.pace = pace_of(name);
    tool.handler = make_handler(session, std::make_shared<const Contract>(std::move(loaded)), forms);
    if (tool.pace != mcp::Pace::quick) tool.handler = introduced(session, std::move(tool.handler));
    TRY(registry.add(std::move(tool)));
  }
  return {};
}

} // namespace memsync::tools
