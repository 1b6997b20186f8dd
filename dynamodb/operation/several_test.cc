// Batches and transactions.
#include "dynamodb/operation/test_service.h"

namespace cloche::dynamodb {
namespace {

using SeveralTest = ServiceTest;

// All or nothing, each judged by the items as they were, with a reason for each.
TEST_F(SeveralTest, ATransactionIsAllOrNothing) {
  make_table();
  put(R"({"p":{"S":"a"},"v":{"N":"1"}})");
  const std::string answer = run(transact_write_items, R"x({"TransactItems":[
      {"Put":{"TableName":"things","Item":{"p":{"S":"b"}}}},
      {"Update":{"TableName":"things","Key":{"p":{"S":"a"}},"UpdateExpression":"SET v = v + nothing"}},
      {"ConditionCheck":{"TableName":"things","Key":{"p":{"S":"c"}},"ConditionExpression":"attribute_exists(p)"}}]})x");
  EXPECT_EQ(
      answer,
      "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for "
      "specific reasons "
      "[None, ValidationError, ConditionalCheckFailed] =CancellationReasons"
      R"([{"Code":"None"},{"Code":"ValidationError","Message":"The provided expression refers to an attribute that does not exist in )"
      R"(the item"},{"Code":"ConditionalCheckFailed","Message":"The conditional request failed"}])");
  EXPECT_EQ(rows(kItems), 1u);
}

// A token makes a repeated transaction do nothing, and a different one under the same token an
// error.
TEST_F(SeveralTest, ATokenMakesATransactionIdempotent) {
  make_table();
  const auto add = [this](const std::string& amount) {
    return run(
        transact_write_items,
        R"({"ClientRequestToken":"t","TransactItems":[{"Update":{"TableName":"things","Key":{"p":{"S":"a"}},
        "UpdateExpression":"ADD n :n","ExpressionAttributeValues":{":n":{"N":")" +
            amount + R"("}}}}]})");
  };
  EXPECT_EQ(add("1"), "{}");
  EXPECT_EQ(add("1"), "{}");
  EXPECT_EQ(get(R"({"p":{"S":"a"}})"), R"({"p":{"S":"a"},"n":{"N":"1"}})");
  EXPECT_TRUE(add("2").starts_with("IdempotentParameterMismatchException: "));
}

TEST_F(SeveralTest, ATransactionTouchesAnItemOnce) {
  make_table();
  EXPECT_EQ(
      run(transact_write_items,
          R"({"TransactItems":[{"Put":{"TableName":"things","Item":{"p":{"S":"a"}}}},
      {"Delete":{"TableName":"things","Key":{"p":{"S":"a"}}}}]})"),
      "ValidationException: Transaction request cannot include multiple operations on one item");
}

// Batches write and read over tables; what is asked for twice is refused.
TEST_F(SeveralTest, BatchesWriteAndRead) {
  make_table();
  EXPECT_EQ(
      run(batch_write_item, R"({"RequestItems":{"things":[{"PutRequest":{"Item":{"p":{"S":"a"}}}},
      {"PutRequest":{"Item":{"p":{"S":"b"}}}},{"DeleteRequest":{"Key":{"p":{"S":"c"}}}}]}})"),
      R"({"UnprocessedItems":{}})");
  EXPECT_EQ(run(batch_get_item,
                R"({"RequestItems":{"things":{"Keys":[{"p":{"S":"b"}},{"p":{"S":"x"}}]}}})"),
            R"({"Responses":{"things":[{"p":{"S":"b"}}]},"UnprocessedKeys":{}})");
  EXPECT_EQ(run(batch_get_item,
                R"({"RequestItems":{"things":{"Keys":[{"p":{"S":"b"}},{"p":{"S":"b"}}]}}})"),
            "ValidationException: Provided list of item keys contains duplicates");
  EXPECT_EQ(
      run(batch_write_item, R"({"RequestItems":{"things":[{"PutRequest":{"Item":{"p":{"S":"a"}}}},
      {"DeleteRequest":{"Key":{"p":{"S":"a"}}}}]}})"),
      "ValidationException: Provided list of item keys contains duplicates");
  EXPECT_EQ(run(transact_get_items,
                R"({"TransactItems":[{"Get":{"TableName":"things","Key":{"p":{"S":"a"}}}},
      {"Get":{"TableName":"things","Key":{"p":{"S":"q"}}}}]})"),
            R"({"Responses":[{"Item":{"p":{"S":"a"}}},{}]})");
}

}  // namespace
}  // namespace cloche::dynamodb
