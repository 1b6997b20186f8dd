// What all connections of a server share: options, services, admin paths, and the threads' own
// parts of it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "protocol/codec/codec.h"
#include "protocol/protocol.h"
#include "protocol/route/registry.h"

struct ssl_ctx_st;

namespace cloche::protocol {

// Counters of one thread: written by it alone, read by stats() at any time, so plain relaxed stores
// do.
struct Counter {
  std::atomic<std::uint64_t> value{0};
  void add(std::uint64_t n) {
    value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t read() const { return value.load(std::memory_order_relaxed); }
};

struct OperationCounters {
  Counter count, errors, microseconds;
};

struct Counters {
  explicit Counters(std::size_t operation_count) : operations(operation_count) {}
  Counter requests, errors, connections_total, bytes_in, bytes_out;
  std::vector<OperationCounters> operations;
};

// Admin requests that take long, each on a thread of its own: they are few, and must hold up neither an
// io thread nor each other.
class AdminWork {
 public:
  // False, and nothing is run, where the system has no thread left.
  bool run(std::function<void()> what);
  void wait();  // Until none is running.

 private:
  void end_one();

  std::mutex mutex_;
  std::condition_variable ended_;
  int running_ = 0;
};

struct AdminPath {
  AdminHandler handler;
  bool takes_long = false;
};

struct Core {
  Core(Env& e, ServerOptions o, const Registry::Impl& r)
      : env(e), options(std::move(o)), registry(r) {}
  ~Core();

  Instant now() const { return options.clock ? options.clock() : env.now(); }

  Env& env;
  ServerOptions options;
  const Registry::Impl& registry;
  std::map<std::string, AdminPath, std::less<>> admin;
  AdminWork admin_work;
  ssl_ctx_st* tls = nullptr;
  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<bool> stopping{false};  // No more requests after the ones that are running.
  std::atomic<bool> stopped{false};   // The threads are gone: late answers go nowhere.
};

// Request ids in the forms of AWS's services; not secrets. One per thread.
class IdMaker {
 public:
  explicit IdMaker(std::uint64_t seed) : state_(seed) {}
  std::string alphanumeric(
      std::size_t size);  // Capital letters and digits: S3 has 16, DynamoDB 52.
  std::string uuid();
  std::string host_id();  // x-amz-id-2: 56 bytes in base64.

 private:
  std::uint64_t next();
  std::uint64_t state_;
};

}  // namespace cloche::protocol
