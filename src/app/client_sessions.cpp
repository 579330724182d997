#include "app/client_sessions.h"

#include <cstdio>
#include <filesystem>
#include <sys/stat.h>

#include "wire/json_reader.h"

namespace memsync::app {

using base::Instant;
using base::Json;
using base::Result;
using model::Presence;
using model::PresenceState;

namespace {

std::int64_t milliseconds_of(Instant time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

PresenceState state_after(std::int64_t quiet_ms) {
  const std::chrono::milliseconds quiet(quiet_ms);
  if (quiet < SessionFiles::k_active) return PresenceState::active;
  return quiet < SessionFiles::k_idle ? PresenceState::idle : PresenceState::away;
}

std::string encode(const Presence& presence, Instant active_at) {
  return base::dump_json({{"session", presence.session},
                          {"workspace", presence.workspace.view()},
                          {"kind", model::name_of(presence.kind)},
                          {"client", presence.client},
                          {"document", presence.document.view()},
                          {"node", presence.node.view()},
                          {"active_at", milliseconds_of(active_at)}});
}

template <class Id>
Id read_id(wire::ObjectReader& reader, std::string_view name) {
  return Id::parse(reader.optional_text(name).value_or("")).value_or(Id{});
}

std::optional<Presence> decode(const std::string& text, Instant now) {
  const auto json = base::parse_json(text);
  if (!json) return std::nullopt;
  wire::ObjectReader reader(*json, "session");
  Presence presence;
  presence.session = reader.text("session");
  presence.workspace = reader.id<model::WorkspaceId>("workspace");
  presence.kind = reader.name<model::PresenceKind>("kind");
  presence.client = reader.text("client");
  presence.document = read_id<model::DocumentId>(reader, "document");
  presence.node = read_id<model::NodeId>(reader, "node");
  presence.state = state_after(milliseconds_of(now) - reader.optional_int("active_at").value_or(0));
  if (!reader.result()) return std::nullopt;
  return presence;
}

} // namespace

SessionFiles::SessionFiles(std::string folder, base::Random& random)
    : folder_(std::move(folder) + "/sessions"), name_(model::TxId::random(random).str()) {}

Result<> SessionFiles::post(const Presence& presence, Instant active_at) {
  Presence named = presence;
  named.session = name_;
  std::string text = encode(named, active_at);
  if (text == posted_) return {};
  if (!own_) {
    ::mkdir(folder_.c_str(), S_IRWXU); // when that fails, so does the next line
    // It gets its name only once it is locked: a file that is not belongs to nobody and is deleted.
    const std::string unnamed = path_of("." + name_);
    TRY_ASSIGN(auto file, SidecarFile::open(unnamed));
    file.try_lock();
    if (::rename(unnamed.c_str(), path_of(name_).c_str()) != 0)
      return base::Error{base::ErrorCode::internal, fmt::format("cannot name {}", unnamed)};
    own_.emplace(std::move(file));
  }
  own_->write(text);
  posted_ = std::move(text);
  return {};
}

std::vector<Presence> SessionFiles::list(Instant now) const {
  std::vector<Presence> sessions;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, failure)) {
    if (entry.path().filename().string().starts_with('.')) continue;
    const auto file = SidecarFile::open(entry.path().string());
    if (!file) continue;
    // A lock that can be had is one whose process has ended; its own file this process has locked itself.
    if (file->try_lock()) {
      std::filesystem::remove(entry.path(), failure);
      continue;
    }
    const auto text = file->read();
    if (auto presence = text ? decode(*text, now) : std::nullopt) sessions.push_back(*std::move(presence));
  }
  std::sort(sessions.begin(), sessions.end(),
            [](const Presence& a, const Presence& b) { return a.session < b.session; });
  return sessions;
}

} // namespace memsync::app
