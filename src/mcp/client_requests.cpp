#include "mcp/client_requests.h"

#include <utility>

namespace memsync::mcp {

namespace {

using wire::Json;

/// What a client without a form, or one that failed, has answered.
Json cancelled_answer() { return {{"action", "cancel"}}; }

} // namespace

void ClientRequests::ask(const std::shared_ptr<Exchange>& for_exchange, const wire::Caller& caller,
                         const InputRequired& question, Answered answered) {
  auto round = std::make_shared<Round>();
  round->for_exchange = for_exchange.get();
  round->reply.state = question.state;
  round->answered = std::move(answered);
  bool is_waiting = false;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& request : question.requests) {
      if (is_closed_ || !wire::can_request(caller, request.method)) {
        round->reply.answers[request.key] = cancelled_answer();
        continue;
      }
      std::string id = fmt::format("ask-{}", next_id_++);
      const Json params = request.method == "elicitation/create"
                              ? wire::adapt_elicitation(request.params, caller.revision)
                              : request.params;
      for_exchange->send(wire::write_rpc_request(id, request.method, params));
      questions_.emplace(std::move(id), Question{round, request.key});
      ++round->open;
    }
    is_waiting = round->open > 0;
  }
  if (is_waiting) {
    // A cancellation may have come between, and withdraws only what it finds.
    if (!for_exchange->is_open()) withdraw(*for_exchange);
    return;
  }
  round->answered(std::move(round->reply));
}

void ClientRequests::receive(const wire::RpcResponse& response) {
  const auto* id = std::get_if<std::string>(&response.id);
  if (id == nullptr) return;
  std::shared_ptr<Round> round;
  {
    const std::lock_guard lock(mutex_);
    const auto found = questions_.find(*id);
    if (found == questions_.end()) return;
    Question question = std::move(found->second);
    questions_.erase(found);
    const auto* result = std::get_if<Json>(&response.outcome);
    question.round->reply.answers[question.key] = result != nullptr ? *result : cancelled_answer();
    if (--question.round->open > 0) return;
    round = std::move(question.round);
  }
  round->answered(std::move(round->reply));
}

void ClientRequests::withdraw(const Exchange& for_exchange) {
  std::vector<Question> dropped; // destroyed outside the lock: a round may hold the last reference to a call
  const std::lock_guard lock(mutex_);
  for (auto entry = questions_.begin(); entry != questions_.end();) {
    if (entry->second.round->for_exchange != &for_exchange) {
      ++entry;
      continue;
    }
    outlet_->send(wire::write_rpc_notification("notifications/cancelled", {{"requestId", entry->first}}));
    dropped.push_back(std::move(entry->second));
    entry = questions_.erase(entry);
  }
}

void ClientRequests::cancel_all() {
  std::map<std::string, Question> cancelled;
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    cancelled.swap(questions_);
  }
  for (auto& [id, question] : cancelled) {
    question.round->reply.answers[question.key] = cancelled_answer();
    if (--question.round->open == 0) question.round->answered(std::move(question.round->reply));
  }
}

} // namespace memsync::mcp
