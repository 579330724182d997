#pragma once

#include <map>
#include <set>
#include <string>

#include "tests/sim/model/hub.h"

namespace memsync::model_sim {

/// Judges one workspace's log, commit by commit, by rules of its own: it keeps a shadow of every register
/// from the effects in the log and works out what each operation had to do. It shares no code with the
/// merge; of src/model it uses only the data types and the text form of values. Throws Violation with the
/// number of the invariant that is broken. A copy of it belongs to a copy of the hub.
///
///  2 no operation is in the log twice       3 the log is gapless      5 per replica, operations are in order
///  8 no cycle, no orphan                    9 a write that has seen a value is never beaten by it;
///  concurrent
///    writes of one register are decided by strategy and (clock, replica), different registers never meet
/// 10 no delete hides an unseen edit, no edit is swallowed             11 counters and sets are their deltas
/// 14 what is not, or no longer, the value is in the entry as lost, or in an open conflict; a conflict
///    stays open until somebody resolves it, once
class LogOracle {
 public:
  /// A row was committed; `items` is the hub's state right after it. `seen_text` is the content that the
  /// author of a new content saw.
  void committed(const Row& row, const Items& items, const std::string& seen_text);

  bool has(const std::string& session) const { return sessions_.contains(session); }
  bool has_rejected(const std::string& session) const { return rejected_.contains(session); }
  std::size_t size() const { return sessions_.size(); }

 private:
  struct Value {
    std::string text;
    model::Stamp stamp;
  };
  struct Edit {
    model::Sequence sequence;
    model::ReplicaId replica;
  };
  struct Shadow {
    std::map<model::Field, Value> registers;
    std::set<std::string> tags;
    std::int64_t uses = 0;
    std::vector<Edit> edits;
  };
  struct Judgement; // one row under judgement

  std::map<model::NodeId, Shadow> nodes_;
  std::map<model::ConflictId, model::Conflict> conflicts_;
  std::set<model::CommentId> comments_;
  std::map<model::ReplicaId, std::uint64_t> last_n_;
  std::set<std::string> sessions_, rejected_;
  std::uint64_t sequence_ = 0;
};

/// 8: fails when a node hangs below an unknown one or below itself.
void judge_tree(const Items& items);

/// The merge laws for one text and two changes of it: nothing changed by one side gives the other's, both
/// the same gives that, and the sides may be exchanged.
void judge_text_laws(const std::string& base, const std::string& ours, const std::string& theirs);

} // namespace memsync::model_sim
