#include "engine/wait/waiters.h"

#include <algorithm>

namespace cloche::engine {

Waiters::Waiters(EngineClock& clock, Resume resume) : clock_(clock), resume_(std::move(resume)) {
  clock_.on_change([this] {
    MutexLock lock(mutex_);
    changed_.notify_all();
  });
  thread_ = std::thread([this] { run(); });
}

Waiters::~Waiters() { stop(); }

void Waiters::stop() {
  std::unordered_map<Id, Waiting> dropped;
  {
    MutexLock lock(mutex_);
    if (stop_) return;
    stop_ = true;
    dropped.swap(waiting_);
    by_channel_.clear();
    by_deadline_.clear();
    changed_.notify_all();
  }
  thread_.join();
}

void Waiters::add(Request request, WaitFor wait) {
  MutexLock lock(mutex_);
  if (stop_) return;
  const Id id = next_id_++;
  for (const ChannelId channel : wait.channels) by_channel_.emplace(channel, id);
  const auto deadline = by_deadline_.emplace(wait.until, id);
  const bool is_first = deadline == by_deadline_.begin();
  waiting_.emplace(id, Waiting{std::move(request), std::move(wait)});
  if (is_first) changed_.notify_all();
}

Request Waiters::take(Id id) {
  const auto found = waiting_.find(id);
  CLOCHE_CHECK(found != waiting_.end());
  Waiting waiting = std::move(found->second);
  waiting_.erase(found);
  for (const ChannelId channel : waiting.wait.channels) {
    const auto [from, to] = by_channel_.equal_range(channel);
    const auto at = std::find_if(from, to, [id](const auto& entry) { return entry.second == id; });
    if (at != to) by_channel_.erase(at);
  }
  const auto [from, to] = by_deadline_.equal_range(waiting.wait.until);
  by_deadline_.erase(
      std::find_if(from, to, [id](const auto& entry) { return entry.second == id; }));
  return std::move(waiting.request);
}

std::vector<Request> Waiters::touched(const std::vector<ChannelId>& channels) {
  std::vector<Request> woken;
  if (channels.empty()) return woken;
  MutexLock lock(mutex_);
  std::vector<Id> ids;
  for (const ChannelId channel : channels) {
    const auto [from, to] = by_channel_.equal_range(channel);
    for (auto at = from; at != to; ++at) ids.push_back(at->second);
  }
  // In the order in which they came.
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  for (const Id id : ids) woken.push_back(take(id));
  return woken;
}

void Waiters::wake_all() {
  std::vector<Request> woken;
  {
    MutexLock lock(mutex_);
    while (!by_deadline_.empty()) woken.push_back(take(by_deadline_.begin()->second));
  }
  if (!woken.empty()) resume_(std::move(woken));
}

std::size_t Waiters::count() const {
  MutexLock lock(mutex_);
  return waiting_.size();
}

void Waiters::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (by_deadline_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto left = clock_.until(by_deadline_.begin()->first);
    if (!left) {
      changed_.wait(lock);  // The clock stands still before it.
      continue;
    }
    if (left->count() > 0) {
      changed_.wait_for(lock, *left);
      continue;
    }
    const Instant now = clock_.now();
    std::vector<Request> expired;
    while (!by_deadline_.empty() && by_deadline_.begin()->first <= now) {
      expired.push_back(take(by_deadline_.begin()->second));
    }
    lock.unlock();
    if (!expired.empty()) resume_(std::move(expired));
    lock.lock();
  }
}

}  // namespace cloche::engine
