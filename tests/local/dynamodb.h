// DynamoDB in this process, without HTTP: requests are JSON, read and answered by the model as they
// are over the wire. For programs that make more requests than a connection carries.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/engine.h"

namespace cloche::local {

struct Answer {
  int status = 0;    // 200, 400, ... ; 0: there is no such operation.
  std::string body;  // JSON, of a refusal too.
};

// One thread at a time.
class DynamoDb {
 public:
  // Opens the store. Ends the program if it can't be.
  explicit DynamoDb(const engine::StoreOptions& options);
  ~DynamoDb();

  Answer ask(std::string_view operation, std::string_view json);
  engine::Store& store();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cloche::local
