#include "replica/search_index.h"

#include "base/utf8.h"
#include "replica/identifiers.h"
#include "replica/similarity.h"
#include "replica/stored.h"
#include "replica/text_terms.h"

namespace memsync::replica {

using model::Node;
using storage::Statement;
using storage::WriteTxn;

namespace {

/// How much of the sibling before a node is indexed as its context: enough for the question that an
/// answer follows.
constexpr std::size_t k_neighbour_bytes = 160;
constexpr std::size_t k_max_identifiers = 200;
constexpr int k_batch_rows = 32; // between two looks at the clock
/// Before the words within runs, at the end of the context: a character that no tokenizer takes for a letter.
constexpr char k_before_words = '\x1f';

bool is_indexed(const Node* node) { return node && !node->deleted.value; }

std::string join_tags(const Node& node) {
  std::string tags;
  for (const std::string& tag : node.tags.value) {
    if (!tags.empty()) tags += '\n';
    tags += tag;
  }
  return tags;
}

std::string identifiers_of(const Node& node) {
  std::string text = node.title.value;
  for (const std::string* more : {&node.content.value, &node.context.value}) {
    text += '\n';
    text += *more;
  }
  for (const std::string& tag : node.tags.value) {
    text += '\n';
    text += tag;
  }
  std::string joined;
  for (const std::string& identifier : find_identifiers(text, k_max_identifiers)) {
    if (!joined.empty()) joined += ' ';
    joined += identifier;
  }
  return joined;
}

bool has_same_text(const Node& a, const Node& b) {
  return a.title.value == b.title.value && a.content.value == b.content.value &&
         a.tags.value == b.tags.value && a.context.value == b.context.value &&
         a.place.value.parent == b.place.value.parent;
}

/// The title above the node and the beginning of the sibling before it; nothing for documents, whose
/// neighbours are other documents.
std::string context_of(WriteTxn& txn, std::int64_t row, const Node& node) {
  const model::Place& place = node.place.value;
  if (place.parent.is_empty()) return {};
  std::string context;
  std::int64_t neighbour = 0;
  {
    Statement around = txn.prepare(
        "SELECT above.title, (SELECT row FROM node before WHERE before.space = own.space AND before.parent = "
        "?2 "
        "AND (sibling_key, id) < (?3, ?4) AND before.deleted = 0 ORDER BY sibling_key DESC, id DESC LIMIT 1) "
        "FROM node own JOIN node above ON above.space = own.space AND above.id = ?2 WHERE own.row = ?1");
    around.bind_all(row, place.parent, place.key, node.id);
    if (!around.step()) return {};
    context = around.column_text(0);
    neighbour = around.column_int64(1);
  }
  Statement text = txn.prepare("SELECT title, content FROM prose WHERE rowid = ?1");
  text.bind_all(neighbour);
  if (neighbour == 0 || !text.step()) return context;
  context += '\n';
  context += text.column_text(0);
  context += '\n';
  context += base::truncate_utf8(text.column_text(1), k_neighbour_bytes);
  return context;
}

void remove_entries(WriteTxn& txn, std::int64_t row, const Node& node) {
  txn.run("DELETE FROM prose WHERE rowid = ?1", row);
  txn.run("DELETE FROM identifier WHERE rowid = ?1", row);
  for (const std::int64_t hash : similarity_hashes(node.title.value, node.content.value))
    txn.run("DELETE FROM similarity WHERE hash = ?1 AND row = ?2", hash, row);
}

void add_entries(WriteTxn& txn, std::int64_t row, const Node& node) {
  const std::string tags = join_tags(node);
  std::string context = context_of(txn, row, node);
  std::string text = node.title.value;
  for (const std::string_view more :
       {std::string_view(tags), std::string_view(node.content.value), std::string_view(context)}) {
    text += '\n';
    text += more;
  }
  if (const std::string words = words_within_runs(text); !words.empty()) {
    context += k_before_words;
    context += words;
  }
  txn.run("INSERT INTO prose (rowid, title, tags, content, context) VALUES (?1, ?2, ?3, ?4, ?5)", row,
          node.title.value, tags, node.content.value, context);
  const std::string identifiers = identifiers_of(node);
  if (!identifiers.empty()) txn.run("INSERT INTO identifier (rowid, text) VALUES (?1, ?2)", row, identifiers);
  for (const std::int64_t hash : similarity_hashes(node.title.value, node.content.value))
    txn.run("INSERT OR IGNORE INTO similarity (hash, row) VALUES (?1, ?2)", hash, row);
}

} // namespace

std::string_view without_words(std::string_view context) {
  return context.substr(0, context.rfind(k_before_words));
}

void update_index(WriteTxn& txn, std::int64_t row, const Node* before, const Node* after) {
  const bool was_indexed = is_indexed(before);
  const bool will_be_indexed = is_indexed(after);
  if (was_indexed && will_be_indexed && has_same_text(*before, *after)) return;
  if (was_indexed) remove_entries(txn, row, *before);
  if (will_be_indexed) add_entries(txn, row, *after);
}

void remove_from_index(WriteTxn& txn, std::int64_t row) {
  txn.run("DELETE FROM prose WHERE rowid = ?1", row);
  txn.run("DELETE FROM identifier WHERE rowid = ?1", row);
  txn.run("DELETE FROM similarity WHERE row = ?1", row);
}

bool index_slice(WriteTxn& txn, base::Clock& clock, std::chrono::milliseconds budget) {
  struct Unindexed {
    std::int64_t row = 0;
    Node node;
  };
  const base::Instant end = clock.instant() + budget;
  do {
    std::vector<Unindexed> batch;
    {
      Statement row = txn.prepare(
          "SELECT row, id, state, hash FROM node WHERE indexed = 0 AND space IN (SELECT space FROM "
          "workspace) "
          "LIMIT ?1");
      row.bind_all(k_batch_rows);
      while (row.step())
        batch.push_back({row.column_int64(0), load_node(checked_state(row, row.column_text(1), 2, 3))});
    }
    if (batch.empty()) return false;
    for (const Unindexed& next : batch) {
      update_index(txn, next.row, nullptr, &next.node);
      txn.run("UPDATE node SET indexed = 1 WHERE row = ?1", next.row);
    }
  } while (clock.instant() < end);
  return true;
}

} // namespace memsync::replica
