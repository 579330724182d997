#pragma once

#include "tools/answer.h"

namespace memsync::tools {

/// One of the two values of a conflict, who wrote it and when.
struct ConflictSide {
  Json value = nullptr;
  std::string author, at, age;
};

/// An open conflict with everything that its record holds; values are null where there is none.
struct ConflictView {
  ConflictName name;
  std::string workspace;
  Json base = nullptr, proposed = nullptr;
  ConflictSide local;  // the value that came later and waits
  ConflictSide server; // the value that stands
};

/// How much of it an answer has room for.
struct ConflictRoom {
  std::size_t value_bytes; // of a text; a longer one is cut and says by how much
  std::size_t tokens;      // of the list
};
/// Where conflicts are the subject, beside another subject, and for a person who scrolls.
inline constexpr ConflictRoom k_room_for_subject{6'000, agent::k_default_answer_tokens};
inline constexpr ConflictRoom k_room_beside{300, 1'500};
inline constexpr ConflictRoom k_room_unlimited{10'000'000, 10'000'000};

struct ConflictList {
  std::vector<ConflictView> rows;
  std::size_t more = 0; // open ones for which there was no room

  std::size_t size() const { return rows.size() + more; }
};

/// The open conflicts of the workspaces, or of one document in them, oldest first.
ConflictList list_conflicts(replica::Reader& reader, const std::vector<replica::WorkspaceRow>& workspaces,
                            const std::optional<model::DocumentId>& document, const ConflictRoom& room,
                            base::Timestamp now);
ConflictView view_conflict(replica::Reader& reader, const replica::WorkspaceRow& workspace,
                           const model::Conflict& conflict, const ConflictRoom& room, base::Timestamp now);

/// A register's value as it is shown, a long text cut; null for an empty `register_text`.
Json show_value(const std::string& register_text, std::size_t max_bytes);

Json to_json(const ConflictView& view);
/// Adds the members `conflicts` and `conflicts_left_out`.
void add_conflicts(Json& json, const ConflictList& conflicts);
/// One line each, with what to do; empty without conflicts.
std::string to_text(const ConflictList& conflicts);

} // namespace memsync::tools
