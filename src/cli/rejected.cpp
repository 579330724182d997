#include "cli/rejected.h"

#include "tools/get_pending_operations.h"
#include "wire/operation_codec.h"

namespace memsync::cli {

using base::Error;
using base::ErrorCode;
using model::Operation;
using model::OperationKind;

namespace {

constexpr std::size_t k_page = 200;

struct Refused {
  replica::WorkspaceRow workspace;
  replica::PendingRow row;
  std::string id;
};

Result<Refused> find_refused(Workbench& bench, std::string_view id) {
  return bench.session.read([&](replica::Reader& reader) -> Result<Refused> {
    std::optional<Refused> found;
    for (const replica::WorkspaceRow& workspace : reader.workspaces()) {
      std::string cursor;
      do {
        TRY_ASSIGN(const auto page, reader.pending({workspace}, std::nullopt, k_page, cursor));
        for (const replica::PendingRow& row : page.rows) {
          if (row.state != replica::PendingState::rejected) continue;
          if (tools::pending_id(row.replica, row.operation.n) != id) continue;
          if (found) return Error{ErrorCode::validation, fmt::format("{} names several changes", id)};
          found = Refused{workspace, row, std::string(id)};
        }
        cursor = page.next_cursor;
      } while (!cursor.empty());
    }
    if (found) return *std::move(found);
    return Error{ErrorCode::not_found,
                 fmt::format("the hub refused no change {}: `memsync pending` lists them", id)};
  });
}

/// Writes what `write` does, and lets go of what was refused, both or neither. Its author has seen no more
/// than at first: what others changed since is merged, not overwritten.
Result<replica::WriteReceipt> replace(Workbench& bench, const Refused& refused,
                                      const std::function<Result<>(replica::Editor&)>& write) {
  replica::Editor::Context context;
  context.strategy = refused.row.operation.strategy;
  context.base = refused.row.operation.base;
  return bench.session.edit(refused.workspace.id, std::move(context),
                            [&](replica::Editor& editor) -> Result<replica::WriteReceipt> {
                              TRY(write(editor));
                              editor.forget_rejected(refused.row.replica, refused.row.operation.n);
                              return editor.finish();
                            });
}

Result<> repeat(replica::Editor& editor, const Operation& operation) {
  const model::NodeId node = operation.target_node();
  const replica::Position position{operation.place ? operation.place->parent : model::NodeId(), std::nullopt};
  switch (operation.kind) {
    case OperationKind::create: {
      TRY(editor.create(operation.fields, position, node));
      return {};
    }
    case OperationKind::update: return editor.update(node, operation.fields);
    case OperationKind::remove: return editor.remove(node);
    case OperationKind::restore: return editor.restore(node);
    case OperationKind::move: return editor.move(node, position);
    case OperationKind::complete: return editor.complete(node, true);
    case OperationKind::reopen: return editor.complete(node, false);
    case OperationKind::assign:
      return editor.assign(node, operation.fields.assignee.value_or(model::UserId()));
    case OperationKind::comment: {
      TRY(editor.comment(operation.node, operation.text));
      return {};
    }
    case OperationKind::relate: {
      TRY(editor.relate(operation.from, operation.to, operation.relationship_type));
      return {};
    }
    case OperationKind::unrelate:
      return editor.unrelate(operation.from, operation.to, operation.relationship_type);
    case OperationKind::resolve:
      return editor.resolve(operation.target_conflict(),
                            operation.resolution.value_or(model::Resolution::keep_server), operation.text);
  }
  return {};
}

} // namespace

Result<> export_rejected(const Context& context, Workbench& bench, std::string_view id) {
  TRY_ASSIGN(const Refused refused, find_refused(bench, id));
  const Json json = {{"id", refused.id},
                     {"workspace", refused.workspace.name},
                     {"title", refused.row.node_title},
                     {"reason", refused.row.reason},
                     {"operation", Json::parse(wire::encode_operation(refused.row.operation))}};
  context.write(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  return {};
}

Result<> discard_rejected(const Context& context, Workbench& bench, std::string_view id) {
  TRY_ASSIGN(const Refused refused, find_refused(bench, id));
  TRY(replace(bench, refused, [](replica::Editor&) { return Result<>(); }));
  context.show(Json{{"discarded", refused.id}}, fmt::format("Discarded {}.\n", refused.id));
  return {};
}

Result<> retry_rejected(const Context& context, Workbench& bench, std::string_view id) {
  TRY_ASSIGN(const Refused refused, find_refused(bench, id));
  TRY_ASSIGN(const auto receipt, replace(bench, refused, [&](replica::Editor& editor) {
               return repeat(editor, refused.row.operation);
             }));
  const std::string again = receipt.operations.empty()
                                ? std::string()
                                : tools::pending_id(refused.workspace.replica, receipt.last_n);
  context.show(Json{{"retried", refused.id}, {"as", again}},
               again.empty()
                   ? std::string("Nothing was left to write: it is so already.\n")
                   : fmt::format("Written again as {}; it is sent like any other change.\n", again));
  return {};
}

} // namespace memsync::cli
