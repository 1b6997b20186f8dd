#include "cli/environment.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/env.h"

namespace cloche::cli {

engine::Schema whole_schema() {
  engine::Schema schema;
  // 2: settings and events of S3's buckets, keys of KMS; of DynamoDB streams, expiries, copies, backups.
  // 3: checkpoints; zones of buckets, and more checksums of objects; clocks of DynamoDB's replicas.
  // 4: branches.
  // 5: exports and imports of DynamoDB's tables.
  // 6: sizes of DynamoDB's collections.
  schema.version = 6;
  schema.migrations = {{2, "streams and expiries", dynamodb::begin_streams_and_expiries}};
  schema.add(s3::tables());
  schema.add(dynamodb::tables());
  schema.add(kms::tables());
  return schema;
}

namespace {

// From 0 to below 1.
double chance() {
  std::uint64_t bits = 0;
  Env::posix().random(std::as_writable_bytes(std::span(&bits, 1)));
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

}  // namespace

Environment::Environment(std::unique_ptr<engine::Store> store, const Settings& settings,
                         iam::Guard guard)
    : store_(std::move(store)),
      guard_(std::move(guard)),
      s3_(*store_, guard_, {.open_new_buckets = settings.open_new_buckets}),
      dynamodb_(*store_, guard_,
                {.remove_expired = settings.remove_expired_items,
                 .throttle = {.by_throughput = settings.dynamodb_throttle,
                              .errors = settings.dynamodb_errors,
                              .read_errors = settings.dynamodb_read_errors,
                              .write_errors = settings.dynamodb_write_errors,
                              .chance = chance}}) {
  const auto wanted = [&](std::string_view name) {
    if (!settings.services.empty() &&
        std::ranges::find(settings.services, name) == settings.services.end()) {
      registry_.leave_out(name);
      return false;
    }
    services_.emplace_back(name);
    return true;
  };
  if (wanted("s3")) s3::register_s3(registry_, s3_);
  if (wanted("dynamodb")) dynamodb::register_dynamodb(registry_, dynamodb_);
  if (wanted("kms")) kms::register_kms(registry_, *store_);
  store_->start_scheduler();
}

}  // namespace cloche::cli
