#include "hub/direct_edit.h"
#include "hub/hub_implementation.h"
#include "model/number.h"
#include "model/register_text.h"

namespace memsync::hub {

using base::ErrorCode;
using model::ConflictId;
using model::NodeId;
using model::OperationKind;
using model::Permission;
using model::Role;
using model::Sequence;
using model::WorkspaceId;

namespace {

std::string name_of_user(StoreReader& reader, const model::UserId& id) {
  const auto user = id.is_empty() ? std::nullopt : reader.find_user(id);
  return user ? user->name : std::string();
}

/// The node, if it can be seen: neither it nor a node above it is deleted.
Answer<NodeView> find_visible(StoreReader& reader, const WorkspaceId& workspace, const NodeId& id) {
  auto node = reader.find_node(workspace, id);
  if (!node) return no_such("node");
  for (auto link = reader.find_link(workspace, id); link; link = reader.find_link(workspace, link->parent)) {
    if (link->deleted)
      return refuse(ErrorCode::not_found, "this node was deleted, or one above it: restore it first");
    if (link->parent.is_empty()) break;
  }
  NodeView view{*std::move(node), reader.find_document(workspace, id).value_or(id), 0};
  if (view.node.is_document_root()) view.nodes = reader.count_document_nodes(workspace, id);
  return view;
}

/// Where a list by the last edit goes on: below everything for an empty cursor.
Answer<ItemPlace> parse_place(const std::string& cursor) {
  ItemPlace before{std::numeric_limits<std::int64_t>::max(), ""};
  if (cursor.empty()) return before;
  const auto dash = cursor.find('-');
  const auto edited = model::parse_u64(std::string_view(cursor).substr(0, dash));
  const auto id = dash == std::string::npos ? std::nullopt : NodeId::parse(cursor.substr(dash + 1));
  if (!edited || !id || *edited > static_cast<std::uint64_t>(before.edited)) return bad_cursor();
  return ItemPlace{static_cast<std::int64_t>(*edited), id->str()};
}

ItemPlace place_of(const model::Node& node) {
  return {static_cast<std::int64_t>(model::edited_at(node).value), node.id.str()};
}

std::string cursor_of(const ItemPlace& place) { return fmt::format("{}-{}", place.edited, place.id); }

Answer<> check_seen(const model::Node& node, const SeenVersion& seen) {
  const Sequence now = version_of(node);
  if (!seen || *seen == now) return {};
  return refuse(ErrorCode::stale,
                fmt::format("the node is at version {} now, not {}: read it again and decide anew", now.value,
                            seen->value));
}

ConflictView view_conflict(StoreReader& reader, const WorkspaceId& workspace, model::Conflict conflict) {
  ConflictView view;
  view.document = reader.find_document(workspace, conflict.node).value_or(model::DocumentId{});
  if (const auto node = reader.find_node(workspace, conflict.node)) view.title = node->title.value;
  view.local_name = name_of_user(reader, conflict.local_stamp.author);
  view.server_name = name_of_user(reader, conflict.server_stamp.author);
  view.conflict = std::move(conflict);
  return view;
}

/// The operations that make the node what the edit wants; each kind of its own, as tools write them.
void write_edit(DirectEdit& direct, const model::Node& node, const NodeEdit& edit) {
  const auto target = model::id_cast<model::ItemId>(node.id);
  model::FieldChanges fields;
  fields.kind = edit.kind;
  fields.type = edit.type;
  fields.title = edit.title;
  fields.context = edit.context;
  fields.importance = edit.importance;
  if (edit.content) fields.content = model::TextChange{*edit.content, base::Hash128::of(node.content.value)};
  if (edit.tags) {
    auto change = model::set_change(node.tags.value, *edit.tags);
    if (!change.add.empty() || !change.remove.empty()) fields.tags = std::move(change);
  }
  if (!fields.fields().empty()) {
    auto update = direct.start(OperationKind::update, target);
    update.fields = std::move(fields);
    direct.add(std::move(update));
  }
  if (edit.completed && *edit.completed != node.completed.value)
    direct.add(direct.start(*edit.completed ? OperationKind::complete : OperationKind::reopen, target));
  if (edit.assignee && *edit.assignee != node.assignee.value) {
    auto assign = direct.start(OperationKind::assign, target);
    assign.fields.assignee = edit.assignee;
    direct.add(std::move(assign));
  }
}

} // namespace

Sequence version_of(const model::Node& node) {
  Sequence newest = node.created_at.sequence;
  model::for_each_register(
      node, [&](model::Field, const auto& reg) { newest = std::max(newest, reg.stamp.sequence); });
  return newest;
}

/// A change through the API: `write(DirectEdit&, StoreTxn&)` adds the operations, `show(PushEffect,
/// StoreTxn&)` makes the answer; both within one transaction, and within the limits of a push.
template <class Write, class Show>
auto Hub::Implementation::edit_directly(const Principal& principal, Permission permission,
                                        const WorkspaceId& workspace, Write&& write, Show&& show)
    -> std::invoke_result_t<Show, const PushEffect&, StoreTxn&> {
  using R = std::invoke_result_t<Show, const PushEffect&, StoreTxn&>;
  TRY(limit(push_requests, principal.key(), 1, clock.instant(), "edits"));
  TRY(limit(push_operations, principal.key(), 1, clock.instant(), "operations"));
  PushEffect effect;
  auto answer = change(principal, permission, workspace, [&](Work& work, Role) -> R {
    effect = {};
    DirectEdit direct(work.txn, principal, workspace, work.now);
    TRY(write(direct, work.txn));
    if (!direct.is_empty()) {
      TRY_ASSIGN(effect, direct.apply());
    }
    return show(effect, work.txn);
  });
  if (!answer || effect.accepted == 0) return answer;
  pushed.add(effect.accepted);
  broker.publish(workspace, effect.answer.head);
  return answer;
}

Answer<NodeView> Hub::node(const Principal& principal, const WorkspaceId& workspace, const NodeId& id) {
  return implementation_->read(
      principal, Permission::memory_read, workspace,
      [&](StoreReader& reader, Role) -> Answer<NodeView> { return find_visible(reader, workspace, id); });
}

Answer<NodeView> Hub::edit_node(const Principal& principal, const WorkspaceId& workspace, const NodeId& id,
                                const SeenVersion& seen, const NodeEdit& edit) {
  return implementation_->edit_directly(
      principal, Permission::memory_write, workspace,
      [&](DirectEdit& direct, StoreTxn& txn) -> Answer<> {
        TRY_ASSIGN(const auto view, find_visible(txn, workspace, id));
        TRY(check_seen(view.node, seen));
        write_edit(direct, view.node, edit);
        return {};
      },
      [&](const PushEffect&, StoreTxn& txn) -> Answer<NodeView> { return find_visible(txn, workspace, id); });
}

Answer<> Hub::remove_node(const Principal& principal, const WorkspaceId& workspace, const NodeId& id,
                          const SeenVersion& seen) {
  return implementation_->edit_directly(
      principal, Permission::memory_delete_own, workspace,
      [&](DirectEdit& direct, StoreTxn& txn) -> Answer<> {
        TRY_ASSIGN(const auto view, find_visible(txn, workspace, id));
        TRY(check_seen(view.node, seen));
        direct.add(direct.start(OperationKind::remove, model::id_cast<model::ItemId>(id)));
        return {};
      },
      [](const PushEffect&, StoreTxn&) -> Answer<> { return {}; });
}

Answer<Page<CommentView>> Hub::comments(const Principal& principal, const WorkspaceId& workspace,
                                        const NodeId& id, const std::string& cursor, std::size_t limit) {
  const auto after = cursor.empty() ? std::optional<std::uint64_t>(0) : model::parse_u64(cursor);
  if (!after) return bad_cursor();
  return implementation_->read(principal, Permission::memory_read, workspace,
                               [&](StoreReader& reader, Role) -> Answer<Page<CommentView>> {
                                 TRY(find_visible(reader, workspace, id));
                                 Page<CommentView> page;
                                 for (model::Comment& comment : reader.list_comments(workspace, id)) {
                                   if (comment.stamp.sequence.value <= *after) continue;
                                   if (page.rows.size() == limit) {
                                     page.next_cursor =
                                         std::to_string(page.rows.back().comment.stamp.sequence.value);
                                     break;
                                   }
                                   std::string author = name_of_user(reader, comment.created.author);
                                   page.rows.push_back({std::move(comment), std::move(author)});
                                 }
                                 return page;
                               });
}

Answer<CommentView> Hub::add_comment(const Principal& principal, const WorkspaceId& workspace,
                                     const NodeId& id, const std::string& text) {
  const auto comment = model::CommentId::random(implementation_->random);
  return implementation_->edit_directly(
      principal, Permission::memory_write, workspace,
      [&](DirectEdit& direct, StoreTxn& txn) -> Answer<> {
        TRY(find_visible(txn, workspace, id));
        auto operation = direct.start(OperationKind::comment, model::id_cast<model::ItemId>(comment));
        operation.node = id;
        operation.text = text;
        direct.add(std::move(operation));
        return {};
      },
      [&](const PushEffect&, StoreTxn& txn) -> Answer<CommentView> {
        auto stored = txn.find_comment(workspace, comment);
        if (!stored) return no_such("comment");
        return CommentView{*std::move(stored), name_of_user(txn, principal.user)};
      });
}

Answer<Page<NodeView>> Hub::documents(const Principal& principal, const WorkspaceId& workspace,
                                      const std::string& cursor, std::size_t limit) {
  TRY_ASSIGN(const ItemPlace before, parse_place(cursor));
  return implementation_->read(
      principal, Permission::memory_read, workspace,
      [&](StoreReader& reader, Role) -> Answer<Page<NodeView>> {
        Page<NodeView> page;
        for (model::Node& node : reader.list_documents(workspace, before, limit)) {
          const NodeId id = node.id;
          page.rows.push_back({std::move(node), id, reader.count_document_nodes(workspace, id)});
        }
        if (page.rows.size() == limit) page.next_cursor = cursor_of(place_of(page.rows.back().node));
        return page;
      });
}

Answer<Page<NodeView>> Hub::tasks(const Principal& principal, const WorkspaceId& workspace,
                                  const TaskFilter& filter, const std::string& cursor, std::size_t limit) {
  // What one answer may examine for a filter that matches little; the cursor then goes on from there.
  constexpr std::size_t k_most_examined = 2'000;
  TRY_ASSIGN(ItemPlace before, parse_place(cursor));
  const model::UserId user = filter.assignee.value_or(principal.user);
  return implementation_->read(principal, Permission::memory_read, workspace,
                               [&](StoreReader& reader, Role) -> Answer<Page<NodeView>> {
                                 Page<NodeView> page;
                                 for (std::size_t examined = 0; examined < k_most_examined;) {
                                   const auto nodes = reader.list_assigned(workspace, user, before, limit);
                                   for (const model::Node& node : nodes) {
                                     before = place_of(node);
                                     ++examined;
                                     if (filter.completed && node.completed.value != *filter.completed)
                                       continue;
                                     if (auto view = find_visible(reader, workspace, node.id))
                                       page.rows.push_back(*std::move(view));
                                     if (page.rows.size() < limit) continue;
                                     page.next_cursor = cursor_of(before);
                                     return page;
                                   }
                                   if (nodes.size() < limit) return page;
                                 }
                                 page.next_cursor = cursor_of(before);
                                 return page;
                               });
}

Answer<Page<NodeView>> Hub::document(const Principal& principal, const WorkspaceId& workspace,
                                     const model::DocumentId& id, const std::string& cursor,
                                     std::size_t limit) {
  const auto after = cursor.empty() ? std::optional(NodeId{}) : NodeId::parse(cursor);
  if (!after) return bad_cursor();
  return implementation_->read(
      principal, Permission::memory_read, workspace,
      [&](StoreReader& reader, Role) -> Answer<Page<NodeView>> {
        TRY_ASSIGN(const auto root, find_visible(reader, workspace, id));
        if (!root.node.is_document_root()) return no_such("document");
        Page<NodeView> page;
        auto nodes = reader.list_document_nodes(workspace, id, *after, limit + 1, k_page_bytes);
        const bool has_more =
            nodes.size() > limit ||
            (!nodes.empty() && !reader.list_document_nodes(workspace, id, nodes.back().id, 1, 1).empty());
        if (nodes.size() > limit) nodes.pop_back();
        if (has_more) page.next_cursor = nodes.back().id.str();
        for (model::Node& node : nodes)
          page.rows.push_back({std::move(node), id, node.id == id ? root.nodes : 0});
        return page;
      });
}

Answer<Page<ConflictView>> Hub::conflicts(const Principal& principal, const WorkspaceId& workspace,
                                          const std::string& cursor, std::size_t limit) {
  const auto after = cursor.empty() ? std::optional(ConflictId{}) : ConflictId::parse(cursor);
  if (!after) return bad_cursor();
  return implementation_->read(
      principal, Permission::memory_read, workspace,
      [&](StoreReader& reader, Role) -> Answer<Page<ConflictView>> {
        Page<ConflictView> page;
        for (model::Conflict& conflict : reader.list_open_conflicts(workspace, *after, limit + 1)) {
          if (page.rows.size() == limit) {
            page.next_cursor = page.rows.back().conflict.id.str();
            break;
          }
          page.rows.push_back(view_conflict(reader, workspace, std::move(conflict)));
        }
        return page;
      });
}

Answer<Decided> Hub::resolve(const Principal& principal, const WorkspaceId& workspace, const ConflictId& id,
                             const Decision& decision) {
  return implementation_->edit_directly(
      principal, Permission::memory_write, workspace,
      [&](DirectEdit& direct, StoreTxn& txn) -> Answer<> {
        const auto conflict = txn.find_conflict(workspace, id);
        if (!conflict) return no_such("conflict");
        const auto node = txn.find_node(workspace, conflict->node);
        if (!node) return no_such("conflict");
        if (!conflict->resolved) TRY(check_seen(*node, decision.seen));
        auto operation = direct.start(OperationKind::resolve, model::id_cast<model::ItemId>(id));
        operation.resolution = decision.resolution;
        if (decision.resolution == model::Resolution::custom) operation.text = decision.value;
        direct.add(std::move(operation));
        return {};
      },
      [&](const PushEffect& effect, StoreTxn& txn) -> Answer<Decided> {
        const model::PushResult& result = effect.answer.results.back();
        auto conflict = txn.find_conflict(workspace, id);
        if (!conflict) return no_such("conflict");
        return Decided{result.status, result.sequence, view_conflict(txn, workspace, *std::move(conflict))};
      });
}

} // namespace memsync::hub
