// An environment that is served: the trunk, or one of its branches, which serve theirs in turn.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/admin_transfer.h"
#include "cli/environment.h"
#include "cli/log_writer.h"
#include "cli/refusing.h"
#include "engine/branch.h"

namespace cloche::cli {

// What all of them share; must outlive them.
struct ServingContext {
  Env& env;
  const Settings& settings;
  LogWriter& log;
  iam::Guard guard;
};

// A branch as it is told to clients.
struct OpenBranch {
  engine::Branch branch;
  std::string
      endpoint;  // "http://127.0.0.1:41234"; empty: it could not be opened, and answers 503 if at all.
};

// Safe to use from any thread. Blocks: not for io threads.
class Serving {
 public:
  // Opens services and listening sockets on `listen`, and serves. Branches of an earlier process listen as well then,
  // and are opened one after the other, those first that somebody waits for. `host`: whose threads are used; null: own
  // ones. `port`: that a branch's clients are told; 0: none.
  static Result<std::unique_ptr<Serving>> open(const ServingContext& context,
                                               std::unique_ptr<engine::Store> store,
                                               std::vector<std::string> listen,
                                               protocol::Server* host, int port = 0);
  ~Serving();
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  Environment& environment() { return *environment_; }
  protocol::Server& server() { return *server_; }

  // `name`: empty for one that is made up. `from`: as History::find takes it; empty: now. `port` 0: any free one.
  Result<OpenBranch> make_branch(std::string name, const std::string& from, int port);
  Result<std::vector<OpenBranch>> branches();
  Result<void> remove_branch(const std::string& name);

 private:
  Serving(const ServingContext& context, protocol::Server* host) : context_(context), host_(host) {}

  protocol::Server& host() { return host_ ? *host_ : *server_; }
  // A branch of an earlier process, until it is opened.
  struct Waiting {
    engine::Branch branch;
    std::unique_ptr<protocol::Listener> listener;
  };
  void listen_for_branches();
  void open_branches();
  Waiting take_waiting();
  Result<std::unique_ptr<Serving>> open_branch(Waiting& waiting);
  Result<std::unique_ptr<Serving>> serve_branch(std::unique_ptr<engine::Store> store,
                                                const std::string& listen, int port);
  std::string address_of(int port) const;
  std::string endpoint_of(const std::string& name) const;
  Result<std::string> free_name();

  const ServingContext& context_;
  protocol::Server* const host_;
  std::unique_ptr<Environment> environment_;
  std::unique_ptr<protocol::Server> server_;
  std::unique_ptr<TransferPaths> transfers_;
  std::mutex mutex_;
  std::condition_variable opened_;
  std::map<std::string, std::unique_ptr<Serving>> branches_;  // Under mutex_, as what follows.
  std::vector<Waiting> waiting_;
  std::optional<OpenBranch> opening_;
  std::map<std::string, std::unique_ptr<Refusing>> refusing_;
  bool closing_ = false;
  std::thread opener_;
};

}  // namespace cloche::cli
