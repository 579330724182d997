#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"

namespace memsync::sim {

/// Everything that a hub's log of one workspace ever said, kept beyond compaction, and what it makes of every
/// item at every sequence. Works on the JSON of the wire alone: an entry says which registers it sets to
/// what.
class LogArchive {
 public:
  /// Item id to its normal form (see below).
  using Items = std::map<std::string, std::shared_ptr<const std::string>>;

  /// Sequences must follow each other. Throws Violation.
  void append(const std::string& entry);
  std::uint64_t head() const { return entries_.size(); }
  const std::vector<base::Json>& entries() const { return entries_; }
  /// The items as of that sequence, which is at most the head.
  Items items_at(std::uint64_t sequence) const;

  /// Two items are equal when these texts are: stamps in place of indexes into a list, keys in order.
  static std::string normal_form(const base::Json& item);

 private:
  struct Version {
    std::uint64_t sequence = 0;
    std::shared_ptr<const std::string> text;
  };
  void set(const std::string& id, base::Json item);

  std::vector<base::Json> entries_;
  std::map<std::string, base::Json> current_; // in normal form
  std::map<std::string, std::vector<Version>> versions_;
};

} // namespace memsync::sim
