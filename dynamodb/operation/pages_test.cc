#include <set>

#include "dynamodb/operation/test_service.h"

namespace cloche::dynamodb {
namespace {

class PagesTest : public ServiceTest {
 protected:
  void fill(int partitions, int each) {
    make_table(true);
    for (int p = 0; p < partitions; ++p) {
      for (int s = 0; s < each; ++s) {
        put(R"({"p":{"S":")" + std::to_string(p) + R"("},"s":{"N":")" + std::to_string(s - 5) +
            R"("},"g":{"S":"g"}})");
      }
    }
  }
  // The sort keys that a query finds, in its order.
  std::string sorts(const std::string& condition, const std::string& more = "") {
    const std::string answer = run(
        query, R"({"TableName":"things","KeyConditionExpression":"p = :p)" + condition +
                   R"(","ProjectionExpression":"s","ExpressionAttributeValues":{":p":{"S":"0"})" +
                   more + "}");
    Arena arena;
    const auto parsed = parse_json(answer, arena);
    if (!parsed) return answer;
    std::string out;
    for (const Value& item : (*parsed)["Items"].items()) out += item["s"]["N"].str() + " ";
    return out;
  }
  // All pages of an operation, each item's key once.
  std::multiset<std::string> all_pages(Operation operation, const std::string& request) {
    std::multiset<std::string> found;
    std::string start;
    do {
      const std::string answer =
          run(operation, request + (start.empty() ? "" : R"(,"ExclusiveStartKey":)" + start) + "}");
      Arena arena;
      const auto parsed = parse_json(answer, arena);
      EXPECT_TRUE(parsed) << answer;
      if (!parsed) break;
      for (const Value& item : (*parsed)["Items"].items())
        found.insert(item["p"]["S"].str() + "/" + item["s"]["N"].str());
      start = member(answer, "LastEvaluatedKey");
    } while (!start.empty());
    return found;
  }
};

// Every operator on a sort key is a range of rows; numbers are in the order of their values.
TEST_F(PagesTest, AQueryFindsARangeInOrder) {
  fill(2, 10);
  EXPECT_EQ(sorts("", "}"), "-5 -4 -3 -2 -1 0 1 2 3 4 ");
  EXPECT_EQ(sorts("", R"(},"ScanIndexForward":false)"), "4 3 2 1 0 -1 -2 -3 -4 -5 ");
  EXPECT_EQ(sorts(" AND s = :s", R"(,":s":{"N":"0"}})"), "0 ");
  EXPECT_EQ(sorts(" AND s < :s", R"(,":s":{"N":"-3"}})"), "-5 -4 ");
  EXPECT_EQ(sorts(" AND s <= :s", R"(,":s":{"N":"-3"}})"), "-5 -4 -3 ");
  EXPECT_EQ(sorts(" AND s > :s", R"(,":s":{"N":"2"}})"), "3 4 ");
  EXPECT_EQ(sorts(" AND s >= :s", R"(,":s":{"N":"2"}})"), "2 3 4 ");
  EXPECT_EQ(sorts(" AND :s < s", R"(,":s":{"N":"2"}})"), "3 4 ");
  EXPECT_EQ(sorts(" AND s BETWEEN :s AND :t", R"(,":s":{"N":"-1"},":t":{"N":"1"}})"), "-1 0 1 ");
}

// Whatever the page's size, going on from LastEvaluatedKey finds every item once: in both
// directions, on tables and indexes.
TEST_F(PagesTest, PagesMeetWithoutGapOrOverlap) {
  fill(4, 7);
  for (const std::string limit : {"1", "2", "3", "7", "28", "100"}) {
    const std::string more = R"(,"Limit":)" + limit;
    const std::string one =
        R"({"TableName":"things","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"1"}})" +
        more;
    EXPECT_EQ(all_pages(query, one).size(), 7u) << limit;
    EXPECT_EQ(all_pages(query, one + R"(,"ScanIndexForward":false)").size(), 7u) << limit;
    const std::string index = R"({"TableName":"things","IndexName":"by_g")" + more;
    const auto by_index = all_pages(
        query,
        index +
            R"(,"KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"g"}})");
    EXPECT_EQ(by_index.size(), 28u) << limit;
    EXPECT_EQ(std::set<std::string>(by_index.begin(), by_index.end()).size(), 28u) << limit;
    EXPECT_EQ(all_pages(scan, index), by_index) << limit;
    EXPECT_EQ(all_pages(scan, R"({"TableName":"things")" + more), by_index) << limit;
  }
}

// The segments of a parallel scan share out the table: together they find every item once.
TEST_F(PagesTest, SegmentsShareTheTable) {
  fill(40, 2);
  for (const int total : {1, 2, 3, 7, 64}) {
    std::multiset<std::string> found;
    for (int segment = 0; segment < total; ++segment) {
      found.merge(all_pages(scan, R"({"TableName":"things","Limit":5,"Segment":)" +
                                      std::to_string(segment) + R"(,"TotalSegments":)" +
                                      std::to_string(total)));
    }
    EXPECT_EQ(found.size(), 80u) << total;
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()).size(), 80u) << total;
  }
}

// A page ends when a megabyte was read, whatever a filter leaves of it.
TEST_F(PagesTest, APageReadsAMegabyte) {
  make_table(true);
  for (int i = 0; i < 5; ++i) {
    put(R"({"p":{"S":"a"},"s":{"N":")" + std::to_string(i) + R"("},"b":{"S":")" +
        std::string(300'000, 'x') + R"("}})");
  }
  const std::string answer = run(
      query, R"({"TableName":"things","KeyConditionExpression":"p = :p","FilterExpression":"q = :p",
      "ExpressionAttributeValues":{":p":{"S":"a"}}})");
  EXPECT_EQ(member(answer, "ScannedCount"), "4");
  EXPECT_EQ(member(answer, "Count"), "0");
  EXPECT_EQ(member(answer, "LastEvaluatedKey"), R"({"p":{"S":"a"},"s":{"N":"3"}})");
}

// What can't be answered from keys is refused, as is what an index doesn't have.
TEST_F(PagesTest, UnanswerableQueriesAreRefused) {
  make_table(true);
  const auto query_error = [this](const std::string& more) {
    return run(query, R"({"TableName":"things",)" + more + "}");
  };
  EXPECT_EQ(
      query_error(
          R"("KeyConditionExpression":"s = :s","ExpressionAttributeValues":{":s":{"N":"1"}})"),
      "ValidationException: Query condition missed key schema element: p");
  EXPECT_EQ(
      query_error(
          R"("KeyConditionExpression":"p > :p","ExpressionAttributeValues":{":p":{"S":"1"}})"),
      "ValidationException: Query key condition not supported");
  EXPECT_EQ(
      query_error(
          R"("KeyConditionExpression":"p = :p OR s = :p","ExpressionAttributeValues":{":p":{"S":"1"}})"),
      "ValidationException: Invalid operator used in KeyConditionExpression: OR");
  EXPECT_EQ(
      query_error(
          R"("KeyConditionExpression":"p = :p","FilterExpression":"s = :p","ExpressionAttributeValues":{":p":{"S":"1"}})"),
      "ValidationException: Filter Expression can only contain non-primary key attributes: Primary "
      "key attribute: s");
  EXPECT_EQ(
      query_error(
          R"("IndexName":"by_g","ConsistentRead":true,"KeyConditionExpression":"g = :p","ExpressionAttributeValues":{":p":{"S":"1"}})"),
      "ValidationException: Consistent reads are not supported on global secondary indexes");
}

}  // namespace
}  // namespace cloche::dynamodb
