// An environment that is served: the trunk, or one of its branches, which serve theirs in turn.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cli/admin_transfer.h"
#include "cli/environment.h"
#include "cli/log_writer.h"
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
  std::string endpoint;  // "http://127.0.0.1:41234"; empty: it could not be opened.
};

// Safe to use from any thread. Blocks: not for io threads.
class Serving {
 public:
  // Opens services and listening sockets on `listen`, and serves; branches of an earlier process too. `host`: whose
  // threads are used; null: own ones.
  static Result<std::unique_ptr<Serving>> open(const ServingContext& context,
                                               std::unique_ptr<engine::Store> store,
                                               std::vector<std::string> listen,
                                               protocol::Server* host);
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
  void open_branches();
  Result<std::unique_ptr<Serving>> serve_branch(std::unique_ptr<engine::Store> store, int port);
  Result<std::string> free_name();

  const ServingContext& context_;
  protocol::Server* const host_;
  std::unique_ptr<Environment> environment_;
  std::unique_ptr<protocol::Server> server_;
  std::unique_ptr<TransferPaths> transfers_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Serving>> branches_;  // Under mutex_, as what follows.
  bool closing_ = false;
};

}  // namespace cloche::cli
