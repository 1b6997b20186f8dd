// Admin paths of what moves state in and out: fixtures (transfer/fixture/fixture.h) and pull (transfer/pull.h). The
// server does it itself, with its own files, as a client of the environment whose port was asked.
//
//   POST   /_cloche/fixtures/load  {"directory": "/whole/path", "replace": true} -> DONE
//   POST   /_cloche/fixtures/save  {"directory": "/whole/path", "accounts": ["000000000000"]} -> DONE
//   POST   /_cloche/pull           {"from": "http://127.0.0.1:9000", "services": ["s3"], "only": ["s3:photos"], ...}
//                                  -> DONE
//   GET    each of them            {"running": true} and, while it is, how far: the counts of DONE, "units",
//                                  "units_done"
//   DELETE each of them            {"cancelled": true}: the one that runs ends soon, its POST with 409 "Cancelled"
//
// DONE is transfer_answer.h's; what could not be copied is counted there. What is wrong with a fixture is in the
// refusal's "faults", each "FILE:LINE: ...". One of each kind at a time; another one is refused.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "cli/own_access.h"
#include "protocol/protocol.h"

namespace cloche::cli {

// The environment as its own client sees it.
struct OwnEndpoint {
  std::string url;
  OwnAccess access;
  std::function<Instant()> clock;
};

class Transfers;

// Holds on to the transfers of one environment, which must be ended before its server is.
class TransferPaths {
 public:
  TransferPaths(protocol::Server& server, OwnEndpoint own);
  ~TransferPaths();  // Ends them.
  TransferPaths(const TransferPaths&) = delete;
  TransferPaths& operator=(const TransferPaths&) = delete;

  // Cancels those that run, lets a load remove what it has made for as long as `patience`, and waits until none runs.
  // None begins any more.
  void end(std::chrono::milliseconds patience);

 private:
  std::shared_ptr<Transfers> transfers_;
};

}  // namespace cloche::cli
