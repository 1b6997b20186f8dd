// A branch that could not be opened: its port says why.
#pragma once

#include <memory>
#include <string>

#include "protocol/listener.h"
#include "protocol/protocol.h"

namespace cloche::cli {

class Refusing {
 public:
  // Answers 503 with `why` to everything. With the threads of `host`, which must outlive it.
  static Result<std::unique_ptr<Refusing>> open(protocol::Server& host,
                                                protocol::Listener& listener,
                                                const std::string& why);

 private:
  protocol::Registry registry_;
  std::unique_ptr<protocol::Server> server_;
};

}  // namespace cloche::cli
