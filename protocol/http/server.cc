// The server: acceptors, threads, and what they share.
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <future>
#include <thread>

#include "protocol/http/connection.h"
#include "protocol/http/tls.h"

namespace cloche::protocol {
namespace {

using boost::asio::ip::tcp;

constexpr std::chrono::seconds kStopTime{5};

struct Address {
  std::string host, port;
};

// "127.0.0.1:4566", "[::1]:4566", ":4566"
Result<Address> split(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos)
    return unavailable("listen on '" + text + "': an address is host:port");
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return Address{host.empty() ? "0.0.0.0" : host, text.substr(colon + 1)};
}

class ServerImpl final : public Server {
 public:
  explicit ServerImpl(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  ~ServerImpl() override { stop(); }

  Result<void> listen();
  void serve() override;

  void on_admin(std::string path, AdminHandler handler) override {
    core_->admin[std::move(path)] = std::move(handler);
  }
  std::vector<std::string> addresses() const override;
  ServerStats stats() const override;

 private:
  void accept(tcp::acceptor& acceptor);
  static void schedule_sweep(const std::shared_ptr<IoThread>& thread);
  void stop();

  std::shared_ptr<Core> core_;
  std::vector<std::shared_ptr<IoThread>> threads_;
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors_;
  std::size_t next_thread_ = 0;
};

Result<void> ServerImpl::listen() {
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int count = core_->options.threads > 0 ? core_->options.threads : cores;
  for (int i = 0; i < count; ++i)
    threads_.push_back(std::make_shared<IoThread>(core_, core_->env.random_u64()));
  auto& context = threads_.front()->context;
  for (const std::string& text : core_->options.listen) {
    CLOCHE_TRY(const address, split(text));
    boost::system::error_code error;
    tcp::resolver resolver(context);
    const auto found = resolver.resolve(address.host, address.port, tcp::resolver::passive, error);
    if (error || found.empty()) return unavailable("listen on " + text + ": " + error.message());
    const tcp::endpoint endpoint = found.begin()->endpoint();
    auto acceptor = std::make_unique<tcp::acceptor>(context);
    acceptor->open(endpoint.protocol(), error);
    if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor->bind(endpoint, error);
    if (!error) acceptor->listen(1024, error);
    if (error) return unavailable("listen on " + text + ": " + error.message());
    acceptors_.push_back(std::move(acceptor));
  }
  return {};
}

void ServerImpl::accept(tcp::acceptor& acceptor) {
  const std::shared_ptr<IoThread> thread = threads_[next_thread_++ % threads_.size()];
  acceptor.async_accept(
      thread->context,
      [this, &acceptor, thread](const boost::system::error_code& error, tcp::socket socket) {
        if (core_->stopping) return;
        if (!error && core_->connections_open.load() < core_->options.connections_max) {
          auto connection = std::make_shared<Connection>(thread, std::move(socket));
          boost::asio::post(thread->context, [thread, connection = std::move(connection)] {
            thread->connections.push_back(connection);
            connection->start();
          });
        }
        if (error == boost::asio::error::no_descriptors || error == boost::asio::error::no_memory) {
          // Trying again at once would only burn the processor until some connection ends.
          auto timer = std::make_shared<boost::asio::steady_timer>(threads_.front()->context,
                                                                   std::chrono::milliseconds(50));
          timer->async_wait(
              [this, &acceptor, timer](const boost::system::error_code&) { accept(acceptor); });
          return;
        }
        if (error != boost::asio::error::operation_aborted) accept(acceptor);
      });
}

void ServerImpl::schedule_sweep(const std::shared_ptr<IoThread>& thread) {
  thread->sweep_timer.expires_after(std::chrono::seconds(1));
  thread->sweep_timer.async_wait([thread](const boost::system::error_code& error) {
    if (error) return;
    ++thread->tick;
    for (auto it = thread->connections.begin(); it != thread->connections.end();) {
      if (const auto connection = it->lock()) {
        connection->sweep();
        ++it;
      } else {
        it = thread->connections.erase(it);
      }
    }
    schedule_sweep(thread);
  });
}

void ServerImpl::serve() {
  for (const auto& thread : threads_) {
    std::promise<void> running;
    thread->thread = std::thread([thread, &running] {
      thread->id = std::this_thread::get_id();
      running.set_value();
      const auto work = boost::asio::make_work_guard(thread->context);
      thread->context.run();
    });
    running.get_future().wait();  // From here on IoThread::id only gets read.
    boost::asio::post(thread->context, [thread] { schedule_sweep(thread); });
  }
  for (const auto& acceptor : acceptors_) {
    boost::asio::post(threads_.front()->context,
                      [this, &acceptor = *acceptor] { accept(acceptor); });
  }
}

void ServerImpl::stop() {
  if (threads_.empty() || !threads_.front()->thread.joinable()) return;
  core_->stopping = true;
  boost::asio::post(threads_.front()->context, [this] {
    boost::system::error_code ignored;
    for (const auto& acceptor : acceptors_) acceptor->close(ignored);
  });
  const auto close_all = [this](bool busy_too) {
    for (const auto& thread : threads_) {
      std::promise<void> done;
      boost::asio::post(thread->context, [&] {
        for (const auto& weak : thread->connections) {
          const auto connection = weak.lock();
          if (connection && (busy_too || connection->is_idle())) connection->close();
        }
        done.set_value();
      });
      done.get_future().wait();
    }
  };
  for (const auto end = std::chrono::steady_clock::now() + kStopTime;
       std::chrono::steady_clock::now() < end;) {
    close_all(false);
    if (core_->connections_open == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  close_all(true);
  for (const auto& thread : threads_) {
    boost::asio::post(thread->context, [thread] {
      thread->sweep_timer.cancel();
      thread->connections.clear();
      thread->context.stop();
    });
  }
  for (const auto& thread : threads_) thread->thread.join();
  core_->stopped = true;
  // What is still queued holds connections, and these hold their threads: run it out, so that all
  // of it is let go.
  for (const auto& thread : threads_) {
    thread->id = std::this_thread::get_id();
    thread->context.restart();
    thread->context.poll();
  }
}

std::vector<std::string> ServerImpl::addresses() const {
  std::vector<std::string> out;
  for (const auto& acceptor : acceptors_) {
    boost::system::error_code error;
    const tcp::endpoint endpoint = acceptor->local_endpoint(error);
    if (error) continue;
    const std::string host = endpoint.address().to_string();
    out.push_back((endpoint.address().is_v6() ? '[' + host + ']' : host) + ':' +
                  std::to_string(endpoint.port()));
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
  auto server = std::make_unique<ServerImpl>(std::move(core));
  CLOCHE_TRY_VOID(server->listen());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace cloche::protocol
