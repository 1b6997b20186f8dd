// One thread with its event loop, and a server's part of it: several servers (those of branches) share the
// threads of one.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <thread>

#include "protocol/http/asio.h"
#include "protocol/http/core.h"

namespace cloche::protocol {

class Connection;

// The thread, with the connections that are pinned to it, whichever server's they are.
struct IoLoop {
  IoLoop() : context(1), sweep_timer(context) {}

  bool here() const { return std::this_thread::get_id() == id; }

  boost::asio::io_context context;
  boost::asio::steady_timer sweep_timer;
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

// What one server has on that thread.
struct IoThread {
  IoThread(std::shared_ptr<Core> c, std::shared_ptr<IoLoop> l, std::uint64_t seed)
      : core(std::move(c)),
        loop(std::move(l)),
        ids(seed),
        counters(core->registry.operation_count) {}

  bool here() const { return loop->here(); }

  const std::shared_ptr<Core> core;
  const std::shared_ptr<IoLoop> loop;
  IdMaker ids;
  Counters counters;
};

}  // namespace cloche::protocol
