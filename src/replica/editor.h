#pragma once

#include <map>

#include "base/random.h"
#include "replica/overlay.h"
#include "replica/reader.h"

namespace memsync::replica {

/// Where a new or moved node goes.
struct Position {
  model::NodeId parent;               // empty: the node becomes a document of its own
  std::optional<model::NodeId> after; // sibling to follow; none: at the end
};

/// What this process claims about itself with every operation.
struct Claims {
  std::string client, session, project;
};

/// The id of a project's own document: the first 100 bits of SHA-256(workspace id, "project:", project
/// identity), all three as text one after the other, each 5 bits, most significant first, one
/// character of the id. The same on every machine, so that offline twins are one.
model::DocumentId project_document_id(const model::WorkspaceId& workspace, std::string_view project_identity);

/// Writes to one workspace within one transaction: every call makes one operation, applies it to what
/// is visible and puts it into the outbox (in the local workspace: straight into its log). Either all
/// operations of the Editor are committed or none. Several operations share a tx, so that the hub, too,
/// takes all or none.
///
/// Failures: `permission` (a viewer, or a workspace the hub no longer knows), `validation`,
/// `too_large`, `stale`, `not_found`, naming the operation; the whole edit is rolled back when the
/// function given to Replica::edit returns one.
class Editor final : public Reader {
 public:
  struct Context {
    Claims claims;
    std::optional<model::Strategy> strategy; // else the document's, else the workspace's
    std::optional<std::string> base_version; // optimistic locking: WriteReceipt::version of an earlier state
    std::optional<model::Sequence> base;     // what the author had seen of the log; else all that is here
    bool alone = false;                      // operations do not share a tx (bulk imports)
    std::string call; // key of the tool call that edits, to be recorded with the edit; empty: none
  };
  Editor(storage::WriteTxn& txn, base::Timestamp now, base::Random& random, WorkspaceRow workspace,
         Context context);

  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  const WorkspaceRow& workspace() const { return workspace_; }

  /// Fails with `too_large` when the document is full. An `id` that exists already has no effect.
  base::Result<model::NodeId> create(const model::FieldChanges& fields, const Position& position,
                                     std::optional<model::NodeId> id = std::nullopt);
  /// The document of that exact title, made if there is none; `validation` listing them when there are
  /// several.
  base::Result<model::DocumentId> ensure_document(std::string_view title);
  /// The project's own document (project_document_id); made, or restored when it was deleted.
  base::Result<model::DocumentId> ensure_project_document(std::string_view project_identity,
                                                          std::string_view title);
  base::Result<> update(const model::NodeId& node, const model::FieldChanges& fields);
  base::Result<> set_tags(const model::NodeId& node, const std::vector<std::string>& tags); // as a delta
  base::Result<> remove(const model::NodeId& node);
  /// True when that user created the node and every live one below it.
  bool is_all_by(const model::NodeId& root, const model::UserId& user);
  /// Does nothing when the node is visible; `validation` naming the node when one above it was deleted.
  base::Result<> restore(const model::NodeId& node);
  base::Result<> move(const model::NodeId& node, const Position& position);
  base::Result<> complete(const model::NodeId& node, bool completed);
  base::Result<> assign(const model::NodeId& node, const model::UserId& user); // empty: nobody
  /// The id of the relationship, which may exist already.
  base::Result<model::RelationshipId> relate(const model::NodeId& from, const model::NodeId& to,
                                             std::string_view type);
  /// Removes every such relationship; `not_found` when there is none.
  base::Result<> unrelate(const model::NodeId& from, const model::NodeId& to, std::string_view type);
  base::Result<model::CommentId> comment(const model::NodeId& node, std::string_view text);
  /// `value` is JSON text of the register, read only for Resolution::custom.
  base::Result<> resolve(const model::ConflictId& conflict, model::Resolution resolution,
                         std::string_view value);

  /// Gives this strategy to the operations (of the document, or all) that were never sent. How many had
  /// been sent before and keep theirs.
  base::Result<std::size_t> apply_strategy(const std::optional<model::DocumentId>& document,
                                           model::Strategy strategy); // editor_strategy.cpp

  /// Lets go of what the hub had rejected: its author gave it up, or has just written it anew.
  void forget_rejected(const model::ReplicaId& replica, std::uint64_t n);

  /// The edit belongs to a tool call and has written something.
  bool is_recorded() const { return !context_.call.empty() && !receipt_.operations.empty(); }
  /// The answer of the tool call, for Reader::find_call.
  void keep_answer(std::string_view answer);

  /// What was written so far; call last.
  WriteReceipt finish();

 private:
  /// What the caller of an optimistic edit had seen.
  struct Seen {
    model::Cursor cursor;
    std::uint64_t n = 0;
  };

  // editor.cpp
  base::Result<std::string> key_for(const Position& position);
  base::Result<> check_visible(const model::NodeId& node);
  model::Operation draft(model::OperationKind kind, const model::NodeId& node);
  model::DocumentId document_of(const model::NodeId& node);

  // editor_commit.cpp: one operation from draft to outbox or log
  base::Result<> commit(model::Operation operation);
  base::Result<> commit_checked(model::Operation operation);
  void complete(model::Operation& operation);
  void record_call();
  model::Strategy strategy_for(const model::DocumentId& document);
  base::Result<> check_size(const model::Operation& operation);
  base::Result<model::Outcome> apply_to_outbox(const model::Operation& operation);
  base::Result<model::Outcome> apply_to_log(const model::Operation& operation);

  // editor_checks.cpp: what may be refused before anything is written
  base::Result<> check_role(const model::Operation& operation);
  base::Result<> check_room(const model::DocumentId& document, std::size_t more);
  std::size_t subtree_size(const model::NodeId& root);
  base::Result<> check_unchanged(const model::Operation& operation);
  base::Result<std::optional<Seen>> seen();
  bool has_seen(const Seen& seen, const model::Stamp& stamp);

  storage::WriteTxn& write_;
  base::Random& random_;
  WorkspaceRow workspace_;
  Context context_;
  const model::UserId user_;
  Overlay overlay_;
  const model::TxId tx_;
  const std::uint64_t first_n_; // of this edit
  std::size_t tx_bytes_ = 0;
  std::map<model::DocumentId, std::optional<model::Strategy>> strategies_; // of documents, as asked for
  WriteReceipt receipt_;
};

} // namespace memsync::replica
