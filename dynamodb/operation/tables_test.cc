#include "dynamodb/operation/test_service.h"

namespace cloche::dynamodb {
namespace {

using TablesTest = ServiceTest;

// A table is there at once, under its caller's name only, and once.
TEST_F(TablesTest, ATableIsCreatedOnce) {
  make_table();
  EXPECT_EQ(run(list_tables, "{}"), R"({"TableNames":["things"]})");
  EXPECT_EQ(run(create_table,
                R"({"TableName":"things","KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],
      "AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"BillingMode":"PAY_PER_REQUEST"})"),
            "ResourceInUseException: Table already exists: things");
  const std::string table = member(run(describe_table, R"({"TableName":"things"})"), "Table");
  EXPECT_EQ(member(table, "TableStatus"), R"("ACTIVE")");
  EXPECT_EQ(member(table, "TableArn"), R"("arn:aws:dynamodb:us-east-1:000000000000:table/things")");
  EXPECT_EQ(run(describe_table, R"({"TableName":"other"})"),
            "ResourceNotFoundException: Requested resource not found: Table: other not found");
}

// A dropped table's name is free at once, its rows go in the background, and a new table of that
// name starts empty meanwhile.
TEST_F(TablesTest, ADroppedTableLeavesNothing) {
  make_table(true);
  for (int i = 0; i < 1500; ++i)
    put(R"({"p":{"S":"a"},"s":{"N":")" + std::to_string(i) + R"("},"g":{"S":"g"}})");
  EXPECT_EQ(member(member(run(delete_table, R"({"TableName":"things"})"), "TableDescription"),
                   "TableStatus"),
            R"("DELETING")");
  make_table(true);
  put(R"({"p":{"S":"a"},"s":{"N":"1"},"g":{"S":"g"}})");
  store_->drain_work();
  EXPECT_EQ(rows(kItems), 1u);
  EXPECT_EQ(rows(kIndexEntries), 1u);
}

TEST_F(TablesTest, AProtectedTableStays) {
  make_table();
  run(update_table, R"({"TableName":"things","DeletionProtectionEnabled":true})");
  EXPECT_EQ(run(delete_table, R"({"TableName":"things"})"),
            "ValidationException: Resource cannot be deleted as it is currently protected against "
            "deletion. Disable deletion protection "
            "first.");
}

// A new index is filled from what was there, in steps, while writes go on; items whose attribute
// has another type stay out.
TEST_F(TablesTest, ANewIndexIsFilledFromOldItems) {
  make_table(true);
  for (int i = 0; i < 2500; ++i) {
    put(R"({"p":{"S":"a"},"s":{"N":")" + std::to_string(i) + R"("},"h":{)" +
        (i % 5 ? R"("S":"x")" : R"("N":"1")") + "}}");
  }
  const std::string answer = run(
      update_table,
      R"({"TableName":"things","AttributeDefinitions":[{"AttributeName":"h","AttributeType":"S"}],
      "GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"by_h","KeySchema":[{"AttributeName":"h","KeyType":"HASH"}],
      "Projection":{"ProjectionType":"ALL"}}}]})");
  ASSERT_TRUE(answer.starts_with("{")) << answer;
  store_->drain_work();
  const std::string count = R"({"TableName":"things","IndexName":"by_h","Select":"COUNT"})";
  EXPECT_EQ(member(run(scan, count), "Count"), "2000");
  run(update_table,
      R"({"TableName":"things","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"by_h"}}]})");
  store_->drain_work();
  EXPECT_EQ(rows(kIndexEntries), 0u);
  EXPECT_EQ(run(scan, count),
            "ValidationException: The table does not have the specified index: by_h");
}

// The cache of tables must never show an old one: the row in the view decides.
TEST_F(TablesTest, AChangedTableIsSeenAtOnce) {
  make_table();
  EXPECT_EQ(get(R"({"p":{"S":"a"}})"), "");
  run(delete_table, R"({"TableName":"things"})");
  run(create_table, R"({"TableName":"things","KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],
      "AttributeDefinitions":[{"AttributeName":"k","AttributeType":"N"}],"BillingMode":"PAY_PER_REQUEST"})");
  EXPECT_EQ(put(R"({"k":{"N":"1"}})"), "{}");
  EXPECT_EQ(get(R"({"k":{"N":"1.0"}})"), R"({"k":{"N":"1"}})");
}

// What is remembered of a table survives being written and read.
TEST_F(TablesTest, ADescriptionKeepsWhatItWasGiven) {
  run(create_table,
      R"({"TableName":"things","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],
      "AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"s","AttributeType":"B"},
      {"AttributeName":"l","AttributeType":"N"}],
      "LocalSecondaryIndexes":[{"IndexName":"by_l","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}],
      "Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x"]}}],"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6},
      "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},"Tags":[{"Key":"a","Value":"b"}]})");
  const std::string table = member(run(describe_table, R"({"TableName":"things"})"), "Table");
  EXPECT_EQ(member(table, "StreamSpecification"),
            R"({"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"})");
  EXPECT_EQ(member(table, "ProvisionedThroughput"),
            R"({"NumberOfDecreasesToday":0,"ReadCapacityUnits":5,"WriteCapacityUnits":6})");
  EXPECT_NE(member(table, "LocalSecondaryIndexes")
                .find(R"("Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x"]})"),
            std::string::npos);
  EXPECT_EQ(
      run(list_tags, R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/things"})"),
      R"({"Tags":[{"Key":"a","Value":"b"}]})");
}

}  // namespace
}  // namespace cloche::dynamodb
