#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "model/operation.h"

namespace memsync::model::limits {

// Text people and agents write. Titles are one line of a list; content is a long page, and a merge of
// three of them still fits a frame.
inline constexpr std::size_t k_title_characters = 200;
inline constexpr std::size_t k_content_bytes = std::size_t{128} << 10;
inline constexpr std::size_t k_comment_bytes = std::size_t{16} << 10;
inline constexpr std::size_t k_context_bytes = std::size_t{16} << 10;
inline constexpr std::size_t k_type_characters = 40;
inline constexpr std::size_t k_tags = 50;
inline constexpr std::size_t k_tag_characters = 64;
inline constexpr std::size_t k_provenance_bytes = 200; // client, session, project: claims, so short
inline constexpr std::int64_t k_increment = 1'000'000; // of one operation: keeps a counter from overflowing

// Trees. Depth bounds every walk to the root; the node count bounds what one read may cost.
inline constexpr std::size_t k_document_nodes = 100'000;
inline constexpr std::size_t k_tree_depth = 64;
// The hub re-keys siblings at 48 bytes; a replica that inserts at one spot while offline goes beyond that.
inline constexpr std::size_t k_key_bytes = 256;

// Sync. One operation always fits a batch, one batch always fits a request body.
inline constexpr std::size_t k_operation_bytes = std::size_t{256} << 10;
inline constexpr std::size_t k_batch_operations = 1'000;
inline constexpr std::size_t k_batch_bytes = std::size_t{1} << 20;
inline constexpr std::size_t k_tx_operations = 500;
inline constexpr std::size_t k_tx_bytes = std::size_t{512} << 10;
inline constexpr std::size_t k_page_entries = 1'000;
inline constexpr std::size_t k_page_bytes = std::size_t{1} << 20; // of a pull or a snapshot, about
inline constexpr std::size_t k_stream_event_bytes = std::size_t{64} << 10;
inline constexpr std::size_t k_stream_workspaces = 100;

// Answers of lists.
inline constexpr std::size_t k_default_rows = 20;
inline constexpr std::size_t k_max_rows = 200;

} // namespace memsync::model::limits

namespace memsync::model {

/// Checks the shape of an operation against the limits and its kind: the members the kind needs are
/// there, texts are valid UTF-8 without NUL and within bounds, slugs are slugs. Fails with
/// `validation` or `too_large`, naming the field. Checked on the replica before the outbox and on the hub.
base::Result<> validate(const Operation& operation);

/// Checks one register's value against the limits, wherever it came from (a resolved conflict, say).
base::Result<> validate_register(const Node& node, Field field);

/// 1 to `max_characters` ASCII letters, digits, '-' and '_': types of nodes and relationships.
bool is_slug(std::string_view text, std::size_t max_characters);

} // namespace memsync::model
