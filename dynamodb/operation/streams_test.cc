#include "dynamodb/operation/test_service.h"
#include "dynamodb/stream/stream.h"
#include "dynamodb/table/expiry.h"
#include "engine/store/test_store.h"

namespace cloche::dynamodb {
namespace {

class StreamsTest : public ServiceTest {
 protected:
  void make_streaming_table(const std::string& view_type) {
    const std::string made = run(create_table, R"({"TableName":"things",
        "KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],
        "AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],
        "BillingMode":"PAY_PER_REQUEST",
        "StreamSpecification":{"StreamEnabled":true,"StreamViewType":")" +
                                                   view_type + R"("}})");
    ASSERT_TRUE(made.starts_with("{")) << made;
    arn_ = text(member(made, "TableDescription"), "LatestStreamArn");
  }

  static std::string text(const std::string& json, std::string_view name) {
    const std::string quoted = member(json, name);
    return quoted.size() < 2 ? quoted : quoted.substr(1, quoted.size() - 2);
  }

  std::string describe() { return run(describe_stream, R"({"StreamArn":")" + arn_ + "\"}"); }

  std::string last_shard() {
    const std::string answer = describe();
    const std::size_t at = answer.rfind("shardId-", answer.rfind("SequenceNumberRange"));
    return answer.substr(at, answer.find('"', at) - at);
  }

  std::string iterator(const std::string& type, const std::string& shard,
                       const std::string& more = "") {
    return text(
        run(get_shard_iterator, R"({"StreamArn":")" + arn_ + R"(","ShardId":")" + shard +
                                    R"(","ShardIteratorType":")" + type + "\"" + more + "}"),
        "ShardIterator");
  }

  std::string read(const std::string& at, const std::string& more = "") {
    return run(get_records, R"({"ShardIterator":")" + at + "\"" + more + "}");
  }

  static std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
    return found;
  }

  std::string arn_;
};

TEST_F(StreamsTest, RecordsHoldWhatTheViewTypeAsksFor) {
  make_streaming_table("NEW_AND_OLD_IMAGES");
  put(R"({"p":{"S":"a"}})");
  put(R"({"p":{"S":"a"}})");  // Nothing changes: no record.
  put(R"({"p":{"S":"a"},"n":{"N":"1"}})");
  run(delete_item, R"({"TableName":"things","Key":{"p":{"S":"a"}}})");
  run(delete_item, R"({"TableName":"things","Key":{"p":{"S":"a"}}})");  // Nothing there.
  const std::string records = read(iterator("TRIM_HORIZON", last_shard()));
  EXPECT_EQ(count(records, "\"eventID\""), 3u) << records;
  EXPECT_NE(
      records.find(
          R"("eventName":"INSERT","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"us-east-1")"),
      std::string::npos)
      << records;
  EXPECT_NE(
      records.find(
          R"("Keys":{"p":{"S":"a"}},"NewImage":{"p":{"S":"a"},"n":{"N":"1"}},"OldImage":{"p":{"S":"a"}},)"),
      std::string::npos)
      << records;
  // p and a, three times; n and 1, once with two bytes for the number.
  EXPECT_NE(records.find(R"("SizeBytes":9,)"), std::string::npos) << records;
  EXPECT_EQ(records.find("userIdentity"), std::string::npos);
}

TEST_F(StreamsTest, KeysOnlyHoldsNoImages) {
  make_streaming_table("KEYS_ONLY");
  put(R"({"p":{"S":"a"},"n":{"N":"1"}})");
  const std::string records = read(iterator("TRIM_HORIZON", last_shard()));
  EXPECT_EQ(records.find("Image\":"), std::string::npos) << records;
  EXPECT_NE(records.find(R"("SizeBytes":2,)"), std::string::npos) << records;
}

TEST_F(StreamsTest, IteratorsOfAllTypes) {
  make_streaming_table("KEYS_ONLY");
  for (const char* key : {"a", "b", "c"}) put(std::string(R"({"p":{"S":")") + key + "\"}}");
  const std::string shard = last_shard();
  const std::string latest = iterator("LATEST", shard);
  EXPECT_EQ(count(read(latest), "eventID"), 0u);
  put(R"({"p":{"S":"d"}})");
  EXPECT_EQ(count(read(latest), "eventID"), 1u);

  const std::string second = sequence_text(2);
  const std::string given = R"(,"SequenceNumber":")" + second + "\"";
  EXPECT_EQ(count(read(iterator("AT_SEQUENCE_NUMBER", shard, given)), "eventID"), 3u);
  EXPECT_EQ(count(read(iterator("AFTER_SEQUENCE_NUMBER", shard, given)), "eventID"), 2u);

  const std::string first = read(iterator("TRIM_HORIZON", shard), R"(,"Limit":3)");
  EXPECT_EQ(count(first, "eventID"), 3u);
  EXPECT_EQ(count(read(text(first, "NextShardIterator")), "eventID"), 1u);
}

TEST_F(StreamsTest, ShardsAreClosedAfterFourHoursAndHaveChildren) {
  make_streaming_table("KEYS_ONLY");
  put(R"({"p":{"S":"a"}})");
  const std::string parent = last_shard();
  store_->clock().move(std::chrono::hours(5));
  put(R"({"p":{"S":"b"}})");
  const std::string child = last_shard();
  EXPECT_NE(parent, child);
  EXPECT_NE(describe().find(R"("ParentShardId":")" + parent), std::string::npos) << describe();
  const std::string ended = read(iterator("TRIM_HORIZON", parent));
  EXPECT_EQ(count(ended, "eventID"), 1u);
  EXPECT_EQ(member(ended, "NextShardIterator"), "") << "a closed shard has an end";
  EXPECT_EQ(count(read(iterator("TRIM_HORIZON", child)), "eventID"), 1u);
}

TEST_F(StreamsTest, RecordsAreRemovedAfterADay) {
  make_streaming_table("KEYS_ONLY");
  put(R"({"p":{"S":"a"}})");
  const std::string shard = last_shard();
  store_->clock().move(std::chrono::hours(25));
  const std::string records = read(iterator("TRIM_HORIZON", shard));
  EXPECT_EQ(count(records, "eventID"), 0u) << records;
  store_->drain_work();
  EXPECT_EQ(rows(kStreamRecords), 0u);
}

TEST_F(StreamsTest, AStreamOutlivesItsTableByADay) {
  make_streaming_table("KEYS_ONLY");
  put(R"({"p":{"S":"a"}})");
  run(delete_table, R"({"TableName":"things"})");
  EXPECT_NE(describe().find(R"("StreamStatus":"DISABLED")"), std::string::npos) << describe();
  EXPECT_EQ(count(read(iterator("TRIM_HORIZON", last_shard())), "eventID"), 1u);
  store_->clock().move(std::chrono::hours(25));
  EXPECT_TRUE(describe().starts_with("ResourceNotFoundException")) << describe();
  store_->drain_work();
  for (const engine::TableId table : {kStreams, kStreamHeads, kStreamShards, kStreamRecords})
    EXPECT_EQ(rows(table), 0u) << table;
}

TEST_F(StreamsTest, IteratorsExpire) {
  make_streaming_table("KEYS_ONLY");
  const std::string at = iterator("TRIM_HORIZON", last_shard());
  store_->clock().move(std::chrono::minutes(16));
  EXPECT_TRUE(read(at).starts_with("ExpiredIteratorException: Iterator expired.")) << read(at);
  EXPECT_TRUE(read("nonsense").starts_with("ValidationException"));
}

TEST_F(StreamsTest, ExpiredItemsGoAndTheirRecordsSayWhoRemovedThem) {
  make_streaming_table("NEW_AND_OLD_IMAGES");
  run(update_time_to_live,
      R"({"TableName":"things","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"t"}})");
  const auto now = std::chrono::floor<std::chrono::seconds>(store_->clock().now());
  const auto in = [&](int seconds) {
    return std::to_string(now.time_since_epoch().count() + seconds);
  };
  put(R"({"p":{"S":"soon"},"t":{"N":")" + in(60) + R"("}})");
  put(R"({"p":{"S":"moved"},"t":{"N":")" + in(60) + R"("}})");
  put(R"({"p":{"S":"moved"},"t":{"N":")" + in(7200) + R"("}})");
  put(R"({"p":{"S":"text"},"t":{"S":")" + in(60) + R"("}})");
  put(R"({"p":{"S":"mistake"},"t":{"N":"12"}})");
  store_->clock().move(std::chrono::minutes(2));
  store_->drain_work();
  EXPECT_EQ(get(R"({"p":{"S":"soon"}})"), "");
  for (const char* kept : {"moved", "text", "mistake"})
    EXPECT_NE(get(std::string(R"({"p":{"S":")") + kept + "\"}}"), "") << kept;
  const std::string records = read(iterator("TRIM_HORIZON", last_shard()));
  EXPECT_EQ(
      count(records, R"("userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"})"),
      1u)
      << records;
  store_->clock().move(std::chrono::hours(3));
  store_->drain_work();
  EXPECT_EQ(get(R"({"p":{"S":"moved"}})"), "");
}

TEST_F(StreamsTest, ItemsThatWereThereBeforeExpireToo) {
  make_streaming_table("KEYS_ONLY");
  const auto now = std::chrono::floor<std::chrono::seconds>(store_->clock().now());
  put(R"({"p":{"S":"a"},"t":{"N":")" + std::to_string(now.time_since_epoch().count() - 5) +
      R"("}})");
  run(update_time_to_live,
      R"({"TableName":"things","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"t"}})");
  store_->drain_work();
  EXPECT_EQ(get(R"({"p":{"S":"a"}})"), "");
  EXPECT_EQ(rows(kExpiries), 0u);
  EXPECT_EQ(rows(kExpiryHeads), 0u);
}

// A directory from when streams and times to live were only remembered.
TEST_F(StreamsTest, WhatWasOnlyRememberedBeginsToAct) {
  make_table();
  const auto now = std::chrono::floor<std::chrono::seconds>(store_->clock().now());
  put(R"({"p":{"S":"old"},"t":{"N":")" + std::to_string(now.time_since_epoch().count() - 5) +
      R"("}})");
  ASSERT_TRUE(store_->write("", [&](engine::WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY(const found,
               dynamodb_->impl().catalog.find(txn, {"000000000000", "us-east-1"}, "things"));
    Table table = *found;
    table.stream_view_type = "KEYS_ONLY";
    table.stream_label = "2026-11-20T00:00:00.000";
    table.ttl_attribute = "t";
    return Catalog::store(txn, table);
  }));
  ASSERT_TRUE(store_->write("", begin_streams_and_expiries));
  store_->drain_work();
  EXPECT_EQ(get(R"({"p":{"S":"old"}})"), "");
  put(R"({"p":{"S":"new"}})");
  EXPECT_EQ(rows(kStreamRecords), 2u);
  EXPECT_EQ(count(run(list_streams, R"({"TableName":"things"})"), "StreamArn"), 1u);
}

// DYNAMODB_REMOVE_EXPIRED_ITEMS=0, and then a start without it.
TEST_F(StreamsTest, ExpiredItemsStayWhereTheyAreNotToBeRemoved) {
  const engine::TestDirectory home;
  open({.directory = home.path()}, {.remove_expired = false});
  make_table();
  run(update_time_to_live,
      R"({"TableName":"things","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"t"}})");
  const auto now = std::chrono::floor<std::chrono::seconds>(store_->clock().now());
  put(R"({"p":{"S":"a"},"t":{"N":")" + std::to_string(now.time_since_epoch().count() + 5) +
      R"("}})");
  store_->clock().move(std::chrono::minutes(1));
  store_->drain_work();
  EXPECT_NE(get(R"({"p":{"S":"a"}})"), "");
  open({.directory = home.path()});
  store_->clock().move(std::chrono::hours(2));
  store_->drain_work();
  EXPECT_EQ(get(R"({"p":{"S":"a"}})"), "");
}

}  // namespace
}  // namespace cloche::dynamodb
