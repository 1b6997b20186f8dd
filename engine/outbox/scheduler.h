// Works off what is due (design H8): each piece in a transaction of its own, which also removes its
// row, so that it happens exactly once however often the process dies.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "engine/clock/engine_clock.h"
#include "engine/outbox/work_row.h"
#include "engine/wait/backoff.h"

namespace cloche::engine {

// Safe to use from any thread.
class Scheduler {
 public:
  using Handler = std::function<Result<void>(WriteTxn&, const std::string& payload)>;

  Scheduler(Store& store, EngineClock& clock, std::function<void(std::string_view)> log_line);
  ~Scheduler() { stop(); }

  void on_work(std::string kind, Handler handler);  // Before start().
  void start();
  void wake();   // Work was queued.
  void drain();  // Until nothing is due.
  void stop();   // Waits for what is being worked on.

 private:
  void run();
  bool work_off(std::optional<Instant>& next);
  void submit(const DueWork& due);
  Result<void> handle(WriteTxn& txn, std::uint64_t id);
  void tell(const std::string& line);
  void put_off(const DueWork& due, const Error& error);
  void finished(std::uint64_t id);

  Store& store_;
  EngineClock& clock_;
  const std::function<void(std::string_view)> log_line_;
  std::map<std::string, Handler> handlers_;  // Unchanging after start().

  Mutex mutex_;
  CondVar changed_;
  std::set<std::uint64_t> in_flight_ CLOCHE_GUARDED_BY(mutex_);
  bool woken_ CLOCHE_GUARDED_BY(mutex_) = false;
  bool stuck_ CLOCHE_GUARDED_BY(mutex_) =
      false;  // Neither the work nor its failure could be written.
  // While nothing can be read or written, in real time: engine time may stand still, or fly.
  Backoff retry_ CLOCHE_GUARDED_BY(mutex_);
  bool idle_ CLOCHE_GUARDED_BY(mutex_) = true;
  bool stop_ CLOCHE_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace cloche::engine
