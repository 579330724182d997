#pragma once

#include "hub/stream_implementation.h"

namespace memsync::hub {

/// What one round of the pump reads in one transaction, and for whom.
struct Streams::Implementation::Round {
  /// What a channel may read per round: a long backlog must not delay the other workspaces.
  static constexpr int k_frames = 16;

  /// What became of the rights of one token.
  struct Rights {
    bool is_valid = true; // the token
    std::map<model::WorkspaceId, model::Role> memberships;
    std::map<model::WorkspaceId, base::ErrorCode> refused; // of the workspaces the stream is about
  };
  struct Channel {
    std::shared_ptr<StreamChannel> channel;
    model::Sequence published, head;
    std::vector<StreamFrame> frames;
    std::string lost; // why the log does not go on behind the frames; empty: it does
  };
  struct Feed {
    std::shared_ptr<StreamState> state; // may have ended: used only under the lock and while in states_
    std::size_t lane;
    std::shared_ptr<StreamChannel> channel;
    model::Sequence given, published;
    std::shared_ptr<StreamFrame> frame;
    std::string lost; // the same, instead of a frame
  };
  struct Check {
    std::shared_ptr<StreamState> state;
    Principal principal;
    std::vector<model::WorkspaceId> workspaces;
    Rights rights;
  };
  bool checks_heads = false;
  model::Epoch epoch;
  std::vector<Channel> channels;
  std::vector<Feed> feeds;
  std::set<model::UserId> users;
  std::vector<Check> checks;
  std::vector<MembershipChange> members;
  std::int64_t access_version = 0;
  struct News {
    std::vector<model::Notification> rows;
    bool is_whole = true; // all that there are
  };
  std::int64_t notified_from = 0, notified_to = 0;
  bool skips_news = false; // one of them is damaged: it is only told that there are some
  std::map<model::UserId, News> news;
};

} // namespace memsync::hub
