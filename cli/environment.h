// Everything that `cloche start` joins: store, services, registry.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/settings.h"
#include "dynamodb/dynamodb.h"
#include "engine/engine.h"
#include "protocol/protocol.h"
#include "s3/s3.h"
#include "services/kms/kms.h"

namespace cloche::cli {

// The tables of all services, whichever of them are switched on: a directory is always opened with
// all.
engine::Schema whole_schema();

// An opened environment with its services; destroyed in the reverse order.
class Environment {
 public:
  Environment(std::unique_ptr<engine::Store> store, const Settings& settings, iam::Guard guard);

  engine::Store& store() { return *store_; }
  protocol::Registry& registry() { return registry_; }
  const std::shared_ptr<const iam::Users>& users() const { return guard_.users; }
  s3::S3& s3() { return s3_; }
  dynamodb::DynamoDb& dynamodb() { return dynamodb_; }
  const std::vector<std::string>& services() const {
    return services_;
  }  // Names of those that are on.

 private:
  std::unique_ptr<engine::Store> store_;
  const iam::Guard guard_;
  protocol::Registry registry_;
  s3::S3 s3_;
  dynamodb::DynamoDb dynamodb_;
  std::vector<std::string> services_;
};

}  // namespace cloche::cli
