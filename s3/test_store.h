// For tests: S3's tables in a store that is not kept.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "engine/engine.h"
#include "s3/records.h"
#include "s3/tables.h"

namespace cloche::s3 {

class StoreTest : public testing::Test {
 protected:
  explicit StoreTest(engine::StoreOptions options = {}) {
    engine::Schema schema;
    schema.add(tables());
    options.durability = wal::Durability::Memory;
    auto opened = engine::Store::open(Env::posix(), options, schema);
    EXPECT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }

  engine::Store& store() { return *store_; }

  // Runs `change` in a transaction that has to succeed.
  template <class Change>
  void write(Change change) {
    const auto done = store_->write("test", [&](engine::WriteTxn& txn) { return change(txn); });
    EXPECT_TRUE(done) << done.error().message;
  }

  BucketRecord make_bucket(std::string name, BucketId id) {
    BucketRecord bucket;
    bucket.id = id;
    bucket.name = std::move(name);
    bucket.account = "000000000000";
    bucket.region = "us-east-1";
    write([&](engine::WriteTxn& txn) {
      return txn.put(kBuckets, bucket_key(bucket.name), encode(bucket));
    });
    return bucket;
  }

  BucketRecord read_bucket(std::string_view name) {
    const auto view = store_->view();
    const auto row = view->get(kBuckets, bucket_key(name));
    EXPECT_TRUE(row && *row);
    auto bucket = decode_bucket(name, **row);
    EXPECT_TRUE(bucket);
    return *std::move(bucket);
  }

 private:
  std::unique_ptr<engine::Store> store_;
};

}  // namespace cloche::s3
