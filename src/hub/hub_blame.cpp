#include "hub/hub_implementation.h"
#include "hub/lookup.h"
#include "model/change_fold.h"
#include "model/number.h"
#include "model/register_text.h"
#include "model/text_blame.h"
#include "model/word_diff.h"

namespace memsync::hub {

using base::ErrorCode;
using model::Field;
using model::Node;
using model::NodeId;
using model::Permission;
using model::Role;
using model::Sequence;
using model::WorkspaceId;

namespace {

constexpr Sequence k_after_all{model::Sequence::k_first_provisional - 1};

/// What the log says of the change at `sequence`, without a register.
std::optional<Change> find_change(StoreReader& reader, const WorkspaceId& workspace, Sequence sequence) {
  auto headers = reader.list_headers(workspace, Sequence{sequence.value + 1}, 1);
  if (headers.empty() || headers.front().sequence != sequence) return std::nullopt;
  EntryHeader& header = headers.front();
  Change change;
  change.sequence = sequence;
  change.kind = header.kind;
  change.status = header.status;
  change.node = header.node;
  change.title = std::move(header.title);
  change.author = header.author;
  change.at = header.at;
  change.client = std::move(header.client);
  change.session = std::move(header.session);
  return change;
}

// --- differences ---

class Comparison {
 public:
  Comparison(StoreReader& reader, const WorkspaceId& workspace, const DiffRequest& request)
      : reader_(reader), workspace_(workspace), request_(request), lookup_(reader, workspace) {}

  Answer<> check() {
    const auto [from, to] = std::pair(request_.from.value, request_.to.value);
    const std::uint64_t head = reader_.log_range(workspace_).head.value;
    if (from > to)
      return refuse(ErrorCode::validation,
                    fmt::format("{} comes after {}: ask for diff/{}/{}", from, to, to, from));
    if (to > head)
      return refuse(ErrorCode::not_found,
                    fmt::format("there is no change {}: the last one of this workspace is {}", to, head));
    const bool is_known = reader_.find_document(workspace_, place()).has_value();
    if (!is_known) return no_such(request_.node ? "node" : "document");
    return {};
  }

  /// The differences by node, above the id `after`; the words of the contents are still to be compared.
  Page<NodeDiff> read(const NodeId& after, std::size_t limit) {
    Page<NodeDiff> page;
    std::size_t bytes = 0;
    NodeId last;
    for (const NodeId& node : nodes(after, limit + 1)) {
      if (page.rows.size() == limit || bytes > k_page_bytes) {
        page.next_cursor = last.str();
        break;
      }
      last = node;
      NodeDiff diff = compare(node);
      if (diff.changes.empty()) continue;
      for (const Change& change : diff.changes)
        bytes += change.old_value.value_or("").size() + change.new_value.value_or("").size();
      page.rows.push_back(std::move(diff));
    }
    return page;
  }

 private:
  const NodeId& place() const { return request_.node ? *request_.node : *request_.document; }

  std::vector<NodeId> nodes(const NodeId& after, std::size_t limit) {
    if (!request_.node)
      return reader_.list_changed_nodes(workspace_, *request_.document, request_.from, request_.to, after,
                                        limit);
    return *request_.node > after ? std::vector{*request_.node} : std::vector<NodeId>();
  }

  NodeDiff compare(const NodeId& id) {
    const auto rows = reader_.list_outer_changes(workspace_, id, request_.from, request_.to);
    const auto node = reader_.find_node(workspace_, id);
    NodeDiff diff{id, node ? node->title.value : "", {}, ""};
    const Sequence made = node ? node->created_at.sequence : Sequence{};
    const bool is_new = made > request_.from && made <= request_.to;
    const auto creation = is_new ? find_change(reader_, workspace_, made) : std::nullopt;
    diff.changes =
        !creation ? model::fold_changes(rows) : model::fold_from_creation(rows, *creation, [&](Field field) {
          return reader_.find_value_at(workspace_, id, field, request_.to);
        });
    for (Change& change : diff.changes) lookup_.complete(change);
    return diff;
  }

  StoreReader& reader_;
  const WorkspaceId workspace_;
  const DiffRequest& request_;
  Lookup lookup_;
};

// --- blame ---

// What one answer reads of a content's history, and how many texts it compares: 5 ms each at worst.
constexpr std::size_t k_versions = 500;
constexpr std::size_t k_version_bytes = std::size_t{4} << 20;

/// The change that gave each register its value, in the order of Field.
std::vector<Change> find_writers(StoreReader& reader, const WorkspaceId& workspace, const Node& node) {
  std::vector<Change> changes;
  model::for_each_register(node, [&](Field field, const auto& reg) {
    if (reg.stamp == model::Stamp{}) return;
    Change change = find_change(reader, workspace, reg.stamp.sequence).value_or(Change{});
    change.sequence = reg.stamp.sequence;
    change.node = node.id;
    change.title = node.title.value;
    change.field = field;
    change.new_value = model::register_text(node, field);
    change.author = reg.stamp.author;
    changes.push_back(std::move(change));
  });
  return changes;
}

struct BlameSource {
  std::vector<Change> changes;
  // What model::list_versions wants: the creation and the changes of the content, oldest first.
  std::vector<Change> contents;
  bool is_complete = true; // else there were too many: these are the newest, and no creation
};

BlameSource read_blame(StoreReader& reader, const WorkspaceId& workspace, const Node& node) {
  BlameSource source;
  source.changes = find_writers(reader, workspace, node);
  ChangeRange range =
      reader.list_content_changes(workspace, node.id, {{k_after_all, 0}, k_versions, k_version_bytes});
  source.is_complete = !range.more;
  source.contents = std::move(range.rows);
  const auto creation = find_change(reader, workspace, node.created_at.sequence);
  if (source.is_complete && creation) source.contents.push_back(*creation);
  std::reverse(source.contents.begin(), source.contents.end());
  Lookup lookup(reader, workspace);
  for (Change& change : source.changes) lookup.complete(change);
  for (Change& change : source.contents) lookup.complete(change);
  return source;
}

/// The paragraphs that begin below the line `after`.
Page<ParagraphBlame> blame_content(const BlameSource& source, std::size_t after, std::size_t limit) {
  const auto content = std::find_if(source.changes.begin(), source.changes.end(),
                                    [](const Change& each) { return each.field == Field::content; });
  auto versions =
      model::list_versions(source.contents, content == source.changes.end() ? nullptr : &*content);
  for (Change& writer : versions.writers) { // the text is in the paragraphs
    writer.old_value.reset();
    writer.new_value.reset();
  }
  Page<ParagraphBlame> page;
  for (model::BlamedParagraph& paragraph : model::blame_paragraphs(versions.texts)) {
    if (paragraph.line <= after) continue;
    if (page.rows.size() == limit) {
      page.next_cursor = std::to_string(page.rows.back().line);
      break;
    }
    ParagraphBlame row{paragraph.line, std::move(paragraph.text), std::nullopt};
    if (paragraph.writer) row.writer = versions.writers[*paragraph.writer - 1];
    page.rows.push_back(std::move(row));
  }
  return page;
}

} // namespace

Answer<Page<NodeDiff>> Hub::diff(const Principal& principal, const WorkspaceId& workspace,
                                 const DiffRequest& request, const std::string& cursor, std::size_t limit) {
  const auto after = cursor.empty() ? NodeId{} : NodeId::parse(cursor);
  if (!after) return bad_cursor();
  auto page = implementation_->read(principal, Permission::memory_read, workspace,
                                    [&](StoreReader& reader, Role) -> Answer<Page<NodeDiff>> {
                                      Comparison comparison(reader, workspace, request);
                                      TRY(comparison.check());
                                      return comparison.read(*after, page_size(limit));
                                    });
  if (!page) return page;
  // Without the database: texts of 128 KiB take their time.
  for (NodeDiff& diff : page->rows)
    for (const Change& change : diff.changes)
      if (change.field == Field::content) diff.words = model::diff_values(change.old_value, change.new_value);
  return page;
}

Answer<Blame> Hub::blame(const Principal& principal, const WorkspaceId& workspace, const NodeId& node,
                         const std::string& cursor, std::size_t limit) {
  const auto after = cursor.empty() ? 0 : model::parse_u64(cursor);
  if (!after) return bad_cursor();
  TRY_ASSIGN(auto source, implementation_->read(principal, Permission::memory_read, workspace,
                                                [&](StoreReader& reader, Role) -> Answer<BlameSource> {
                                                  const auto found = reader.find_node(workspace, node);
                                                  if (!found) return no_such("node");
                                                  return read_blame(reader, workspace, *found);
                                                }));
  Blame blame;
  blame.paragraphs = blame_content(source, static_cast<std::size_t>(*after), page_size(limit));
  blame.changes = std::move(source.changes);
  blame.is_complete = source.is_complete;
  return blame;
}

} // namespace memsync::hub
