#include "mcp/exchange.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "mcp/server.h"

namespace memsync::mcp {

namespace {

std::string bounded_answer(const wire::RequestId& id, std::string line) {
  if (line.size() <= k_max_answer_bytes) return line;
  base::log(base::LogLevel::error, "an answer of {} bytes was withheld", line.size());
  return wire::write_rpc_error(
      id,
      {wire::RpcErrorCode::internal_error,
       fmt::format("The answer has {} bytes, more than a client accepts. Ask for less at once.", line.size()),
       nullptr});
}

} // namespace

void Outlet::send(std::string line) {
  const std::lock_guard lock(mutex_);
  if (send_) send_(std::move(line));
}

void Outlet::close() {
  const std::lock_guard lock(mutex_);
  send_ = nullptr;
}

void Waker::wake() {
  const std::lock_guard lock(mutex_);
  if (wake_) wake_();
}

void Waker::close() {
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
}

void BatchReply::answer(std::string line) { close_one(std::move(line)); }

void BatchReply::skip() { close_one(std::nullopt); }

void BatchReply::close_one(std::optional<std::string> line) {
  const std::lock_guard lock(mutex_);
  if (line) lines_.push_back(*std::move(line));
  if (--open_ == 0 && !lines_.empty()) outlet_.send(wire::write_rpc_batch(lines_));
}

bool Exchange::answer(const wire::Json& result) {
  return close(bounded_answer(id_, wire::write_rpc_result(id_, result)));
}

bool Exchange::fail(const wire::RpcError& error) { return close(wire::write_rpc_error(id_, error)); }

bool Exchange::cancel() {
  if (!close(std::nullopt)) return false;
  stop_.request_stop(); // outside the lock: it runs the callbacks of whoever waits
  return true;
}

bool Exchange::close(std::optional<std::string> line) {
  {
    const std::lock_guard lock(mutex_);
    if (is_closed_) return false;
    is_closed_ = true;
    if (batch_ && line) {
      batch_->answer(*std::move(line));
    } else if (batch_) {
      batch_->skip();
    } else if (line) {
      outlet_->send(*std::move(line));
    }
  }
  in_flight_->remove(*this);
  return true;
}

bool Exchange::is_open() const {
  const std::lock_guard lock(mutex_);
  return !is_closed_;
}

void Exchange::send(std::string line) {
  const std::lock_guard lock(mutex_);
  if (!is_closed_) outlet_->send(std::move(line));
}

void Exchange::report(const wire::Json& token, const Progress& progress, wire::Revision revision) {
  const std::lock_guard lock(mutex_);
  if (is_closed_ || (has_progress_ && progress.done <= last_progress_)) return;
  has_progress_ = true;
  last_progress_ = progress.done;
  wire::Json params = {{"progressToken", token}, {"progress", progress.done}};
  if (progress.total) params["total"] = *progress.total;
  if (!progress.message.empty() && wire::features_of(revision).tool_annotations)
    params["message"] = progress.message;
  outlet_->send(wire::write_rpc_notification("notifications/progress", params));
}

void InFlight::add(std::shared_ptr<Exchange> exchange) {
  const std::lock_guard lock(mutex_);
  wire::RequestId id = exchange->id();
  exchanges_.emplace(std::move(id), std::move(exchange));
}

void InFlight::remove(const Exchange& exchange) {
  std::shared_ptr<Exchange> removed; // the last reference may go; not under the lock
  {
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = exchanges_.equal_range(exchange.id());
    const auto found =
        std::find_if(begin, end, [&](const auto& entry) { return entry.second.get() == &exchange; });
    if (found == end) return;
    removed = std::move(found->second);
    exchanges_.erase(found);
  }
  waker_->wake();
}

std::vector<std::shared_ptr<Exchange>> InFlight::find(const wire::RequestId& id) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Exchange>> found;
  const auto [begin, end] = exchanges_.equal_range(id);
  for (auto entry = begin; entry != end; ++entry) found.push_back(entry->second);
  return found;
}

std::vector<std::shared_ptr<Exchange>> InFlight::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Exchange>> all;
  all.reserve(exchanges_.size());
  for (const auto& [id, exchange] : exchanges_) all.push_back(exchange);
  return all;
}

std::size_t InFlight::size() const {
  const std::lock_guard lock(mutex_);
  return exchanges_.size();
}

std::shared_ptr<void> RunningCount::take(const std::shared_ptr<RunningCount>& count) {
  count->value_.fetch_add(1);
  return {nullptr, [count](void*) {
            count->value_.fetch_sub(1);
            count->waker_->wake();
          }};
}

} // namespace memsync::mcp
