// One thread with its event loop and the connections that are pinned to it.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <thread>

#include "protocol/http/asio.h"
#include "protocol/http/core.h"

namespace cloche::protocol {

class Connection;

struct IoThread : std::enable_shared_from_this<IoThread> {
  IoThread(std::shared_ptr<Core> c, std::uint64_t seed)
      : core(std::move(c)),
        context(1),
        sweep_timer(context),
        ids(seed),
        counters(core->registry.operation_count) {}

  bool here() const { return std::this_thread::get_id() == id; }

  std::shared_ptr<Core> core;
  boost::asio::io_context context;
  boost::asio::steady_timer sweep_timer;
  IdMaker ids;
  Counters counters;
  std::thread thread;
  std::thread::id id;
  // Seconds since the start, counted by the sweep: deadlines need no look at a clock on the
  // request's path.
  std::int64_t tick = 0;
  bool running = false;  // Some connection's loop is on the stack.
  std::list<std::weak_ptr<Connection>> connections;
  // Where bodies are received into; each connection empties it before it gives up the thread.
  std::unique_ptr<std::byte[]> scratch;
};

}  // namespace cloche::protocol
