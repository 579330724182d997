#pragma once

#include <optional>
#include <vector>

#include "base/random.h"
#include "tests/sim/model/hub.h"

namespace memsync::model_sim {

/// What one store keeps of one workspace. All of it is durable, and each function is one transaction: a
/// crash falls between them.
class Replica {
 public:
  explicit Replica(model::ReplicaId id) : id_(id) {}

  // --- the user's side ---
  /// Base and outbox.
  const Items& visible();
  /// Gives the operation its number, base and hash, and stores it, unless it does not apply to what is
  /// visible. False then.
  bool write(model::Operation operation);

  // --- the log ---
  enum class Taken { all, gap, forked };
  Taken take(const Page& page);
  void note_pushed(const Pushed& answer);
  const std::vector<model::Operation>& outbox() const { return outbox_; }
  std::vector<Mark> sent_marks() const;
  void mark_sent(std::uint64_t through) { sent_ = std::max(sent_, through); }

  // --- recovery ---
  void renew(model::ReplicaId id, const std::vector<Mark>& accepted);
  void adopt(const OtherEpoch& other);

  // --- snapshot ---
  struct Staging {
    SnapshotOpened opened;
    Items items;
    model::NodeId key;
    model::Sequence cursor;
    std::optional<model::Sequence> end;
  };
  const std::optional<Staging>& staging() const { return staging_; }
  void begin_snapshot(SnapshotOpened opened);
  void stage(const SnapshotPage& page);
  bool stage_tail(const Page& page);
  void finish_snapshot();
  void abandon_snapshot() { staging_.reset(); }

  const model::ReplicaId& id() const { return id_; }
  model::Cursor cursor() const { return {epoch_, cursor_}; }
  const Items& confirmed() const { return confirmed_; }
  const std::vector<model::Operation>& rejected() const { return rejected_; }
  model::Hlc seen_clock() const { return clock_; }

 private:
  /// Moves operation n out of the outbox, where it is there.
  void acknowledge(std::uint64_t n, bool is_rejected);
  bool is_in_outbox(const model::Entry& entry) const;
  bool apply(Items& items, const model::Operation& operation);

  model::ReplicaId id_;
  std::uint64_t next_n_ = 1, sent_ = 0;
  model::Epoch epoch_; // 0: never met the hub
  model::Sequence cursor_;
  Items confirmed_;
  History history_;
  std::vector<model::Operation> outbox_, acknowledged_, rejected_;
  model::Hlc clock_;
  std::optional<Staging> staging_;
  std::optional<Items> visible_; // a cache
};

/// The hash of an operation: of what identifies it in the ledger and of its base, as a real one changes
/// with its base. Not of n, which changes when a copied store renumbers its outbox.
void seal(model::Operation& operation);

} // namespace memsync::model_sim
