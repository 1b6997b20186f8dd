// The server: acceptors, threads, and what they share.
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <future>
#include <thread>

#include "protocol/http/connection.h"
#include "protocol/http/listening.h"
#include "protocol/http/tls.h"

namespace cloche::protocol {
namespace {

using boost::asio::ip::tcp;

constexpr std::chrono::seconds kStopTime{5};

class ServerImpl final : public Server {
 public:
  // With threads of its own, or those of `host`, which must outlive it.
  ServerImpl(std::shared_ptr<Core> core, ServerImpl* host) : core_(std::move(core)), host_(host) {}
  ~ServerImpl() override { stop(); }

  Result<void> listen();
  void serve() override;

  void on_admin(std::string path, AdminHandler handler) override {
    core_->admin[std::move(path)] = {.handler = std::move(handler), .takes_long = false};
  }
  void on_admin_work(std::string path, AdminHandler handler) override {
    core_->admin[std::move(path)] = {.handler = std::move(handler), .takes_long = true};
  }
  std::vector<std::string> addresses() const override;
  ServerStats stats() const override;
  const Core& core() const { return *core_; }

 private:
  void accept(tcp::acceptor& acceptor);
  void start_loops();
  void stop();
  void end_connections();
  void end_loops();
  void run_in_each_loop(const std::function<void(IoLoop&)>& what);

  std::shared_ptr<Core> core_;
  ServerImpl* const host_;
  std::vector<std::shared_ptr<IoThread>> threads_;
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors_;
  std::size_t next_thread_ = 0;
  bool serving_ = false;
};

Result<void> ServerImpl::listen() {
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int wished = core_->options.threads > 0 ? core_->options.threads : cores;
  const std::size_t count = host_ ? host_->threads_.size() : static_cast<std::size_t>(wished);
  for (std::size_t i = 0; i < count; ++i) {
    auto loop = host_ ? host_->threads_[i]->loop : std::make_shared<IoLoop>();
    threads_.push_back(std::make_shared<IoThread>(core_, std::move(loop), core_->env.random_u64()));
  }
  auto& context = threads_.front()->loop->context;
  for (const std::string& text : core_->options.listen) {
    auto acceptor = std::make_unique<tcp::acceptor>(context);
    CLOCHE_TRY_VOID(listen_on(*acceptor, text));
    acceptors_.push_back(std::move(acceptor));
  }
  return {};
}

void ServerImpl::accept(tcp::acceptor& acceptor) {
  const std::shared_ptr<IoThread> thread = threads_[next_thread_++ % threads_.size()];
  acceptor.async_accept(
      thread->loop->context, [this, core = core_, &acceptor, thread](
                                 const boost::system::error_code& error, tcp::socket socket) {
        if (core->stopping) return;  // And this server may be gone.
        if (!error && core->connections_open.load() < core->options.connections_max) {
          auto connection = std::make_shared<Connection>(thread, std::move(socket));
          boost::asio::post(thread->loop->context, [thread, connection = std::move(connection)] {
            if (thread->core->stopping) return connection->close();
            thread->loop->connections.push_back(connection);
            connection->start();
          });
        }
        if (error == boost::asio::error::no_descriptors || error == boost::asio::error::no_memory) {
          // Trying again at once would only burn the processor until some connection ends.
          auto timer = std::make_shared<boost::asio::steady_timer>(threads_.front()->loop->context,
                                                                   std::chrono::milliseconds(50));
          timer->async_wait([this, core, &acceptor, timer](const boost::system::error_code&) {
            if (!core->stopping) accept(acceptor);
          });
          return;
        }
        if (error != boost::asio::error::operation_aborted) accept(acceptor);
      });
}

void schedule_sweep(IoLoop& loop) {
  loop.sweep_timer.expires_after(std::chrono::seconds(1));
  loop.sweep_timer.async_wait([&loop](const boost::system::error_code& error) {
    if (error) return;
    ++loop.tick;
    for (auto it = loop.connections.begin(); it != loop.connections.end();) {
      if (const auto connection = it->lock()) {
        connection->sweep();
        ++it;
      } else {
        it = loop.connections.erase(it);
      }
    }
    schedule_sweep(loop);
  });
}

void ServerImpl::start_loops() {
  for (const auto& thread : threads_) {
    std::promise<void> running;
    IoLoop& loop = *thread->loop;
    loop.thread = std::thread([&loop, &running] {
      loop.id = std::this_thread::get_id();
      running.set_value();
      const auto work = boost::asio::make_work_guard(loop.context);
      loop.context.run();
    });
    running.get_future().wait();  // From here on IoLoop::id only gets read.
    boost::asio::post(loop.context, [&loop] { schedule_sweep(loop); });
  }
}

void ServerImpl::serve() {
  if (host_ == nullptr) start_loops();
  serving_ = true;
  for (const auto& acceptor : acceptors_) {
    boost::asio::post(threads_.front()->loop->context,
                      [this, &acceptor = *acceptor] { accept(acceptor); });
  }
}

void ServerImpl::run_in_each_loop(const std::function<void(IoLoop&)>& what) {
  for (const auto& thread : threads_) {
    std::promise<void> done;
    boost::asio::post(thread->loop->context, [&] {
      what(*thread->loop);
      done.set_value();
    });
    done.get_future().wait();
  }
}

void ServerImpl::stop() {
  if (!serving_) return;
  core_->stopping = true;
  std::promise<void> closed;
  boost::asio::post(threads_.front()->loop->context, [&] {
    boost::system::error_code ignored;
    for (const auto& acceptor : acceptors_) acceptor->close(ignored);
    closed.set_value();
  });
  closed.get_future().wait();
  core_->admin_work.wait();
  end_connections();
  if (host_ == nullptr) end_loops();
  core_->stopped = true;
  if (host_ != nullptr) return;
  // What is still queued holds connections, and these hold their threads: run it out, so that all
  // of it is let go.
  for (const auto& thread : threads_) {
    thread->loop->id = std::this_thread::get_id();
    thread->loop->context.restart();
    thread->loop->context.poll();
  }
}

void ServerImpl::end_connections() {
  const auto close_all = [this](bool busy_too) {
    run_in_each_loop([&](IoLoop& loop) {
      for (const auto& weak : loop.connections) {
        const auto connection = weak.lock();
        if (connection && &connection->core() == core_.get() && (busy_too || connection->is_idle()))
          connection->close();
      }
    });
  };
  for (const auto end = std::chrono::steady_clock::now() + kStopTime;
       std::chrono::steady_clock::now() < end;) {
    close_all(false);
    if (core_->connections_open == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  close_all(true);
  run_in_each_loop([](IoLoop&) {});  // What was queued for the connections has run.
}

void ServerImpl::end_loops() {
  for (const auto& thread : threads_) {
    boost::asio::post(thread->loop->context, [&loop = *thread->loop] {
      loop.sweep_timer.cancel();
      loop.connections.clear();
      loop.context.stop();
    });
  }
  for (const auto& thread : threads_) thread->loop->thread.join();
}

std::vector<std::string> ServerImpl::addresses() const {
  std::vector<std::string> out;
  for (const auto& acceptor : acceptors_) {
    boost::system::error_code error;
    const tcp::endpoint endpoint = acceptor->local_endpoint(error);
    if (error) continue;
    out.push_back(text_of(endpoint));
  }
  return out;
}

ServerStats ServerImpl::stats() const {
  ServerStats out;
  out.connections_open = core_->connections_open;
  for (const auto& service : core_->registry.services) {
    for (const auto& served : service->operations()) {
      ServerStats::Operation operation{.name = served->full_name};
      for (const auto& thread : threads_) {
        const OperationCounters& counters = thread->counters.operations[served->number];
        operation.count += counters.count.read();
        operation.errors += counters.errors.read();
        operation.microseconds += counters.microseconds.read();
      }
      if (operation.count > 0) out.operations.push_back(std::move(operation));
    }
  }
  for (const auto& thread : threads_) {
    out.requests += thread->counters.requests.read();
    out.errors += thread->counters.errors.read();
    out.connections_total += thread->counters.connections_total.read();
    out.bytes_in += thread->counters.bytes_in.read();
    out.bytes_out += thread->counters.bytes_out.read();
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::open(Env& env, ServerOptions options, Registry& registry) {
  // A client that goes away while it is written to would else end the process (sendfile and OpenSSL
  // can't be told not to).
  std::signal(SIGPIPE, SIG_IGN);
  auto core = std::make_shared<Core>(env, std::move(options), registry.impl());
  CLOCHE_TRY(tls, make_tls(env, core->options));
  core->tls = tls;
  auto server = std::make_unique<ServerImpl>(std::move(core), nullptr);
  CLOCHE_TRY_VOID(server->listen());
  return std::unique_ptr<Server>(std::move(server));
}

Result<std::unique_ptr<Server>> Server::open_beside(Server& host, ServerOptions options,
                                                    Registry& registry) {
  auto& other = static_cast<ServerImpl&>(host);
  auto core = std::make_shared<Core>(other.core().env, std::move(options), registry.impl());
  core->tls = share_tls(other.core().tls);
  auto server = std::make_unique<ServerImpl>(std::move(core), &other);
  CLOCHE_TRY_VOID(server->listen());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace cloche::protocol
