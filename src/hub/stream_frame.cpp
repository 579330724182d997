#include "hub/stream_frame.h"

#include <map>
#include <set>

#include "hub/memory_view.h"
#include "model/limits.h"
#include "wire/effect_codec.h"
#include "wire/sse.h"

namespace memsync::hub {

using model::Sequence;
using model::WorkspaceId;

namespace {

/// Room for the members around the entries.
constexpr std::size_t k_entries_bytes = model::limits::k_stream_event_bytes - 512;
constexpr std::size_t k_frame_entries = 500;

StreamFrame read_ops(StoreReader& reader, const WorkspaceId& workspace, model::Epoch epoch, Sequence after,
                     Sequence until) {
  std::vector<std::string> texts;
  StreamFrame frame{Sequence{after.value + 1}, after, nullptr};
  for (LogEntry& entry : reader.read_log(workspace, after, k_frame_entries, k_entries_bytes)) {
    if (entry.sequence > until) break;
    frame.to = entry.sequence;
    texts.push_back(std::move(entry.text));
  }
  if (texts.size() == 1 && texts.front().size() > k_entries_bytes) texts.clear();
  std::string bytes = id_line(model::Cursor{epoch, frame.to}.str());
  frame.id_end = bytes.size();
  wire::append_sse(bytes, "ops", "",
                   wire::encode_ops_event({workspace, epoch, frame.from, frame.to, {}}, texts));
  frame.bytes = std::make_shared<const std::string>(std::move(bytes));
  return frame;
}

/// Writes the events of view `memories`.
class MemoryEvents {
 public:
  MemoryEvents(StoreReader& reader, const WorkspaceId& workspace) : reader_(reader), workspace_(workspace) {}

  /// Nothing for an entry that changed no node.
  void add(std::string_view entry_text) {
    const auto json = base::parse_json(entry_text);
    const auto entry = json ? wire::decode_entry(*json) : wire::decode_entry(base::Json());
    if (!entry) return;
    std::set<model::NodeId> told;
    for (const model::NodeEffect& effect : entry->nodes) {
      told.insert(effect.node.id);
      const bool is_deleted = effect.fields.has(model::Field::deleted) && effect.node.deleted.value;
      const bool appears = effect.is_new || (effect.fields.has(model::Field::deleted) && !is_deleted);
      write(is_deleted ? "memory_deleted" : (appears ? "memory_created" : "memory_updated"), effect.node.id,
            entry->by.author);
    }
    for (const model::Relationship& relationship : entry->relationships)
      for (const model::NodeId& end : {relationship.from, relationship.to})
        if (told.insert(end).second) write("memory_updated", end, entry->by.author);
    for (const model::Comment& comment : entry->comments)
      if (told.insert(comment.node).second) write("memory_updated", comment.node, entry->by.author);
  }

  std::string& bytes() { return bytes_; }
  /// Where the last event begins.
  std::size_t last_event() const { return last_event_; }

 private:
  void write(std::string_view type, const model::NodeId& id, const model::UserId& author) {
    const auto node = reader_.find_node(workspace_, id);
    if (!node || (node->deleted.value && type != "memory_deleted")) return; // deleted again since: told then
    std::string data = fmt::format(R"({{"type":"{}","workspace_id":"{}","author":{{"id":"{}","name":)", type,
                                   workspace_.view(), author.view());
    base::append_json_string(data, name_of(author));
    if (type == "memory_deleted") {
      data += fmt::format(R"(}},"memory_id":"{}","document_id":"{}"}})", id.view(),
                          reader_.find_document(workspace_, id).value_or(id).view());
    } else {
      data += R"(},"memory":)";
      data += encode_memory(*node, reader_.find_document(workspace_, id).value_or(id));
      data += '}';
    }
    last_event_ = bytes_.size();
    wire::append_sse(bytes_, "", "", data);
  }

  const std::string& name_of(const model::UserId& id) {
    auto [at, is_new] = names_.try_emplace(id);
    if (is_new)
      if (const auto user = reader_.find_user(id)) at->second = user->name;
    return at->second;
  }

  StoreReader& reader_;
  const WorkspaceId workspace_;
  std::map<model::UserId, std::string> names_;
  std::string bytes_;
  std::size_t last_event_ = 0;
};

StreamFrame read_memories(StoreReader& reader, const WorkspaceId& workspace, model::Epoch epoch,
                          Sequence after, Sequence until) {
  MemoryEvents events(reader, workspace);
  StreamFrame frame{Sequence{after.value + 1}, after, nullptr};
  for (const LogEntry& entry : reader.read_log(workspace, after, k_frame_entries, k_entries_bytes)) {
    if (entry.sequence > until || events.bytes().size() > model::limits::k_stream_event_bytes) break;
    frame.to = entry.sequence;
    events.add(entry.text);
  }
  std::string& bytes = events.bytes();
  if (!bytes.empty()) {
    const std::string id = id_line(model::Cursor{epoch, frame.to}.str());
    frame.id_begin = events.last_event();
    frame.id_end = frame.id_begin + id.size();
    bytes.insert(frame.id_begin, id);
  }
  frame.bytes = std::make_shared<const std::string>(std::move(bytes));
  return frame;
}

std::string framed(std::string_view event, std::string_view id, std::string_view data) {
  std::string bytes;
  wire::append_sse(bytes, event, id, data);
  return bytes;
}

/// An event of view `memories`: unnamed, its type in the data.
std::string unnamed(std::string_view type, std::string_view id, base::Json data) {
  data["type"] = type;
  return framed("", id, base::dump_json(data));
}

std::string named(const wire::StreamEvent& event) {
  return framed(wire::event_name(event), "", wire::encode_event(event));
}

} // namespace

std::string id_line(std::string_view id) { return fmt::format("id: {}\n", id); }

StreamFrame read_frame(StoreReader& reader, const WorkspaceId& workspace, StreamView view, model::Epoch epoch,
                       Sequence after, Sequence until) {
  return view == StreamView::ops ? read_ops(reader, workspace, epoch, after, until)
                                 : read_memories(reader, workspace, epoch, after, until);
}

std::string encode_start(StreamView view, const wire::StreamHello& hello) {
  if (view == StreamView::ops) return named(hello);
  const auto at = [&](Sequence sequence) { return model::Cursor{hello.epoch, sequence}.str(); };
  return unnamed("connected", "",
                 {{"workspace_id", hello.workspace.view()},
                  {"head", at(hello.head)},
                  {"floor", at(hello.floor)},
                  {"replayed_from", at(hello.replayed_from)}});
}

std::string encode_resync(StreamView view, const wire::StreamResync& resync) {
  if (view == StreamView::ops) return named(resync);
  return unnamed("resync", "", {{"workspace_id", resync.workspace.view()}, {"reason", resync.reason}});
}

// In view `memories` a log entry may change no node and so send nothing: the heartbeat's id then moves the
// reader's position past it.
std::string encode_heartbeat(StreamView view, const wire::StreamHeartbeat& heartbeat, std::string_view id) {
  if (view == StreamView::ops) return named(heartbeat);
  base::Json heads = base::Json::object();
  for (const auto& [workspace, head] : heartbeat.heads) heads[workspace.str()] = head.str();
  return unnamed("heartbeat", id, {{"heads", std::move(heads)}});
}

std::string encode_member(StreamView view, const wire::StreamMember& member) {
  if (view == StreamView::ops) return named(member);
  return unnamed("member", "", {{"workspace_id", member.workspace.view()}});
}

std::string encode_revoked(StreamView view, const wire::StreamRevoked& revoked) {
  if (view == StreamView::ops) return named(revoked);
  return unnamed("revoked", "", {{"workspace_id", revoked.workspace.view()}});
}

std::string encode_goaway(StreamView view, const wire::StreamGoaway& goaway) {
  if (view == StreamView::ops) return named(goaway);
  return unnamed("goaway", "", {{"retry_ms", goaway.retry_ms}});
}

std::string encode_presence(StreamView view, const wire::StreamPresence& presence) {
  if (view == StreamView::ops) return named(presence);
  return unnamed(
      "present", "",
      {{"workspace_id", presence.workspace.view()}, {"present", wire::to_json(presence)["present"]}});
}

std::string encode_notifications(const wire::StreamNotifications& notifications) {
  return named(notifications);
}

} // namespace memsync::hub
