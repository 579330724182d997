#pragma once

#include <memory>
#include <string>

#include "hub/store.h"
#include "hub/stream.h"

namespace memsync::hub {

/// A range of one log as bytes of a stream, encoded once for all streams of a view. The `id:` line is kept
/// apart: a stream of several workspaces writes one of its own in its place, with all its cursors.
struct StreamFrame {
  model::Sequence from, to; // first and last sequence of the range
  std::shared_ptr<const std::string> bytes;
  std::size_t id_begin = 0, id_end = 0; // where the id line is; a frame without events has no bytes
};

/// The next frame above `after`, not beyond `until`: one event of at most 64 KiB in view `ops` (a larger
/// entry is announced without its content), about as much in view `memories`. Needs an entry above `after`.
StreamFrame read_frame(StoreReader& reader, const model::WorkspaceId& workspace, StreamView view,
                       model::Epoch epoch, model::Sequence after, model::Sequence until);

/// "id: E.S\n"
std::string id_line(std::string_view id);

// Events that belong to one stream or position, framed.
std::string encode_start(StreamView view, const wire::StreamHello& hello);
std::string encode_resync(StreamView view, const wire::StreamResync& resync);
std::string encode_heartbeat(StreamView view, const wire::StreamHeartbeat& heartbeat, std::string_view id);
std::string encode_member(StreamView view, const wire::StreamMember& member);
std::string encode_revoked(StreamView view, const wire::StreamRevoked& revoked);
std::string encode_goaway(StreamView view, const wire::StreamGoaway& goaway);
/// In view `memories` it is what a WebSocket sends on, of the type `present`.
std::string encode_presence(StreamView view, const wire::StreamPresence& presence);
/// Of view `ops` only.
std::string encode_notifications(const wire::StreamNotifications& notifications);

} // namespace memsync::hub
