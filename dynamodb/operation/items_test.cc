#include "dynamodb/operation/test_service.h"

namespace cloche::dynamodb {
namespace {

using ItemsTest = ServiceTest;

// The whole way once: what was put comes back as the service writes it, numbers normalized.
TEST_F(ItemsTest, WhatIsPutIsFound) {
  make_table();
  EXPECT_EQ(put(R"({"p":{"S":"a"},"n":{"N":"01.50"},"l":{"L":[{"BOOL":true},{"NULL":true}]}})"),
            "{}");
  EXPECT_EQ(get(R"({"p":{"S":"a"}})"),
            R"({"p":{"S":"a"},"n":{"N":"1.5"},"l":{"L":[{"BOOL":true},{"NULL":true}]}})");
  EXPECT_EQ(get(R"({"p":{"S":"b"}})"), "");
}

// Keys are checked against the schema only in the transaction, so a refusal must leave nothing
// behind.
TEST_F(ItemsTest, KeysMustFitTheSchema) {
  make_table();
  EXPECT_EQ(put(R"({"q":{"S":"a"}})"),
            "ValidationException: One or more parameter values were invalid: Missing the key p in "
            "the item");
  EXPECT_EQ(put(R"({"p":{"N":"1"}})"),
            "ValidationException: One or more parameter values were invalid: Type mismatch for key "
            "p expected: S actual: N");
  EXPECT_EQ(put(R"({"p":{"S":""}})"),
            "ValidationException: One or more parameter values are not valid. The AttributeValue "
            "for a key attribute cannot contain an "
            "empty string value. Key: p");
  EXPECT_EQ(run(get_item, R"({"TableName":"things","Key":{"p":{"S":"a"},"q":{"S":"a"}}})"),
            "ValidationException: The provided key element does not match the schema");
  EXPECT_EQ(run(get_item, R"({"TableName":"nothing","Key":{"p":{"S":"a"}}})"),
            "ResourceNotFoundException: Requested resource not found");
  EXPECT_EQ(rows(kItems), 0u);
}

// 400 KB with names is the limit, to the byte.
TEST_F(ItemsTest, AnItemHasAtMostFourHundredKilobytes) {
  make_table();
  const auto item = [](std::size_t size) {
    return R"({"p":{"S":"a"},"b":{"S":")" + std::string(size, 'x') + R"("}})";
  };
  EXPECT_EQ(put(item(409'600 - 3)), "{}");
  EXPECT_EQ(put(item(409'600 - 2)),
            "ValidationException: Item size has exceeded the maximum allowed size");
}

// A failed condition tells of the item only when asked to.
TEST_F(ItemsTest, AConditionGuardsTheItem) {
  make_table();
  put(R"({"p":{"S":"a"},"v":{"N":"1"}})");
  const std::string condition = R"x(,"ConditionExpression":"attribute_not_exists(p)")x";
  EXPECT_EQ(put(R"({"p":{"S":"a"}})", condition),
            "ConditionalCheckFailedException: The conditional request failed");
  EXPECT_EQ(
      put(R"({"p":{"S":"a"}})", condition + R"(,"ReturnValuesOnConditionCheckFailure":"ALL_OLD")"),
      R"(ConditionalCheckFailedException: The conditional request failed =Item{"p":{"S":"a"},"v":{"N":"1"}} MessageThe conditional request failed)");
  EXPECT_EQ(get(R"({"p":{"S":"a"}})"), R"({"p":{"S":"a"},"v":{"N":"1"}})");
}

// ReturnValues of an update: the whole item, or the parts that the expression names, before or
// after.
TEST_F(ItemsTest, AnUpdateReturnsWhatIsAskedFor) {
  make_table();
  put(R"({"p":{"S":"a"},"n":{"N":"1"},"x":{"S":"y"}})");
  const auto update = [this](const std::string& returns) {
    return member(
        run(update_item,
            R"({"TableName":"things","Key":{"p":{"S":"a"}},"UpdateExpression":"ADD n :one",
        "ExpressionAttributeValues":{":one":{"N":"1"}},"ReturnValues":")" +
                returns + R"("})"),
        "Attributes");
  };
  EXPECT_EQ(update("UPDATED_OLD"), R"({"n":{"N":"1"}})");
  EXPECT_EQ(update("UPDATED_NEW"), R"({"n":{"N":"3"}})");
  EXPECT_EQ(update("ALL_OLD"), R"({"p":{"S":"a"},"n":{"N":"3"},"x":{"S":"y"}})");
  EXPECT_EQ(update("ALL_NEW"), R"({"p":{"S":"a"},"n":{"N":"5"},"x":{"S":"y"}})");
  EXPECT_EQ(update("NONE"), "");
}

// An update of nothing makes an item of the key; one that only takes attributes away, in the older
// form, makes none.
TEST_F(ItemsTest, AnUpdateMakesTheItem) {
  make_table();
  EXPECT_EQ(run(update_item, R"({"TableName":"things","Key":{"p":{"S":"a"}}})"), "{}");
  EXPECT_EQ(get(R"({"p":{"S":"a"}})"), R"({"p":{"S":"a"}})");
  EXPECT_EQ(
      run(update_item,
          R"({"TableName":"things","Key":{"p":{"S":"b"}},"AttributeUpdates":{"x":{"Action":"DELETE"}}})"),
      "{}");
  EXPECT_EQ(get(R"({"p":{"S":"b"}})"), "");
}

// Keys stay as they are, whatever the item.
TEST_F(ItemsTest, AnUpdateLeavesKeysAlone) {
  make_table();
  EXPECT_EQ(run(update_item,
                R"({"TableName":"things","Key":{"p":{"S":"a"}},"UpdateExpression":"SET p = :v",
                                 "ExpressionAttributeValues":{":v":{"S":"b"}}})"),
            "ValidationException: One or more parameter values were invalid: Cannot update "
            "attribute p. This attribute is part of the key");
}

// Units: a write of up to 1 KB costs one, a read of up to 4 KB a half, twice that if consistent;
// indexes are told apart.
TEST_F(ItemsTest, CapacityIsCountedAsTheServiceDoes) {
  make_table(true);
  const std::string asked = R"(,"ReturnConsumedCapacity":"INDEXES")";
  EXPECT_EQ(
      member(put(R"({"p":{"S":"a"},"s":{"N":"1"},"g":{"S":"g"},"b":{"S":")" +
                     std::string(2000, 'x') + R"("}})",
                 asked),
             "ConsumedCapacity"),
      R"({"TableName":"things","CapacityUnits":3.0,"Table":{"CapacityUnits":2.0},"GlobalSecondaryIndexes":{"by_g":{"CapacityUnits":1.0}}})");
  const std::string get =
      R"({"TableName":"things","Key":{"p":{"S":"a"},"s":{"N":"1"}},"ReturnConsumedCapacity":"TOTAL")";
  EXPECT_EQ(member(run(get_item, get + "}"), "ConsumedCapacity"),
            R"({"TableName":"things","CapacityUnits":0.5})");
  EXPECT_EQ(member(run(get_item, get + R"(,"ConsistentRead":true})"), "ConsumedCapacity"),
            R"({"TableName":"things","CapacityUnits":1.0})");
}

// Index entries come and go with the item: an attribute that leaves takes the entry with it.
TEST_F(ItemsTest, IndexEntriesFollowTheItem) {
  make_table(true);
  put(R"({"p":{"S":"a"},"s":{"N":"1"},"g":{"S":"x"}})");
  put(R"({"p":{"S":"a"},"s":{"N":"2"}})");
  EXPECT_EQ(rows(kIndexEntries), 1u);
  put(R"({"p":{"S":"a"},"s":{"N":"1"},"g":{"S":"y"}})");
  EXPECT_EQ(rows(kIndexEntries), 1u);
  EXPECT_EQ(put(R"({"p":{"S":"a"},"s":{"N":"1"},"g":{"N":"1"}})"),
            "ValidationException: One or more parameter values were invalid: Type mismatch for "
            "Index Key g Expected: S Actual: N "
            "IndexName: by_g");
  run(update_item,
      R"({"TableName":"things","Key":{"p":{"S":"a"},"s":{"N":"1"}},"UpdateExpression":"REMOVE g"})");
  EXPECT_EQ(rows(kIndexEntries), 0u);
}

// A collection is what is under one partition key, with its entries in local indexes; global ones do not
// count. What makes it too large is refused, and what makes it smaller is not.
TEST_F(ItemsTest, CollectionsHaveALimit) {
  open({.durability = wal::Durability::Memory}, {.collection_bytes_max = 1000});
  const std::string made =
      run(create_table, R"({"TableName":"things","BillingMode":"PAY_PER_REQUEST",
      "KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],
      "AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"s","AttributeType":"N"},
      {"AttributeName":"l","AttributeType":"S"}],"LocalSecondaryIndexes":[{"IndexName":"by_l","KeySchema":[
      {"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}],
      "Projection":{"ProjectionType":"ALL"}}]})");
  ASSERT_TRUE(made.starts_with("{")) << made;
  const auto item = [](const std::string& p, int s, std::size_t bytes, bool indexed) {
    return R"({"p":{"S":")" + p + R"("},"s":{"N":")" + std::to_string(s) + R"("},"v":{"S":")" +
           std::string(bytes, 'x') + "\"}" + (indexed ? R"(,"l":{"S":"l"})" : "") + "}";
  };
  const std::string exceeded =
      "ItemCollectionSizeLimitExceededException: Collection size exceeded.";
  EXPECT_EQ(put(item("a", 1, 400, false)), "{}");
  EXPECT_EQ(put(item("a", 2, 400, false)), "{}");
  EXPECT_EQ(put(item("a", 3, 400, false)), exceeded);
  EXPECT_EQ(put(item("b", 1, 400, false)), "{}") << "another collection";
  EXPECT_EQ(put(item("c", 1, 600, true)), exceeded) << "the entry counts too";
  EXPECT_EQ(put(item("c", 1, 300, true)), "{}");
  const std::string cancelled =
      run(transact_write_items, R"({"TransactItems":[{"Put":{"TableName":"things","Item":)" +
                                    item("a", 3, 400, false) + "}}]}");
  EXPECT_NE(cancelled.find("ItemCollectionSizeLimitExceeded"), std::string::npos) << cancelled;
  EXPECT_EQ(put(item("a", 1, 10, false)), "{}");
  EXPECT_EQ(put(item("a", 3, 400, false)), "{}");
  for (const char* p : {"a", "b", "c"}) {
    for (int s = 1; s <= 3; ++s) {
      run(delete_item, R"({"TableName":"things","Key":{"p":{"S":")" + std::string(p) +
                           R"("},"s":{"N":")" + std::to_string(s) + "\"}}}");
    }
  }
  EXPECT_EQ(rows(kCollections), 0u) << "nothing is left of what was counted";
}

}  // namespace
}  // namespace cloche::dynamodb
