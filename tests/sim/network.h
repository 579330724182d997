#pragma once

#include <deque>
#include <memory>
#include <string>

#include "hub/hub.h"
#include "replica/hub_client.h"
#include "tests/sim/scheduler.h"
#include "wire/sse.h"

namespace memsync::sim {

class Machine;
class World;

/// The network between one run of a machine's process and the hub. Everything crosses it as the bytes of
/// the wire; requests and answers are lost, delayed and repeated, streams are cut and chopped.
class SimHubClient final : public replica::HubClient, private hub::StreamSink {
 public:
  SimHubClient(World& world, Machine& machine);
  ~SimHubClient() override;

  void send(std::uint64_t request, replica::HubRequest content) override;
  void listen(replica::ListenRequest request) override;
  void stop_listening() override;

  /// The connection broke: requests under way fail and the stream ends.
  void cut();

 private:
  struct Call {
    std::uint64_t request = 0;
    replica::HubRequest content;
  };
  void start_next();
  void finish(replica::HubAnswer answer, Millis delay);
  void open_stream(const replica::ListenRequest& request);
  void poll(const replica::ListenRequest& request, std::size_t index, model::Cursor after);
  void on_ready() override;
  void take_bytes();
  void receive(std::uint64_t listen, std::string bytes);
  void end_listening(replica::ListenEnded::Reason reason, wire::Problem problem);
  template <class F>
  void later(Millis delay, F action);

  World& world_;
  Machine& machine_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::deque<Call> calls_;
  bool is_busy_ = false;
  std::uint64_t call_generation_ = 0;
  std::uint64_t listen_ = 0;
  Millis last_delivery_ = 0; // bytes of one stream arrive in order
  std::unique_ptr<hub::Subscription> subscription_;
  wire::SseParser parser_;
};

} // namespace memsync::sim
