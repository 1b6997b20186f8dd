#include "dynamodb/operation/test_service.h"

namespace cloche::dynamodb {
namespace {

// Table "things": p (S), s (N), and the global index by_g by g (S).
class PartiqlTest : public ServiceTest {
 protected:
  PartiqlTest() {
    make_table(true);
    for (int i = 1; i <= 4; ++i) {
      const std::string n = std::to_string(i);
      put(R"({"p":{"S":"a"},"s":{"N":")" + n + R"("},"g":{"S":"g)" + n + R"("},"v":{"N":")" + n +
          "0\"}}");
    }
    put(R"({"p":{"S":"b"},"s":{"N":"1"},"m":{"M":{"x":{"L":[{"N":"7"},{"S":"y"}]}}},"z":{"NULL":true}})");
  }

  std::string execute(std::string statement, const std::string& more = "") {
    std::string json = R"({"Statement":)";
    append_json_string(json, statement);
    return run(execute_statement, json + more + "}");
  }
  // The values of attribute s of the answer's items, in order: "1 2 3".
  static std::string sorts(const std::string& answer) {
    Arena arena;
    const auto parsed = parse_json(answer, arena);
    if (!parsed) return answer;
    std::string out;
    for (const Value& item : (*parsed)["Items"].items())
      out += (out.empty() ? "" : " ") + item["s"]["N"].str();
    return out;
  }
};

TEST_F(PartiqlTest, SelectsByKeyByConditionAndByIndex) {
  EXPECT_EQ(sorts(execute("SELECT * FROM things WHERE p = 'a'")), "1 2 3 4");
  EXPECT_EQ(sorts(execute(R"(select s from "things" where "p"='a' and s > 2)")), "3 4");
  EXPECT_EQ(sorts(execute("SELECT s FROM things WHERE p='a' AND s BETWEEN 2 AND 3")), "2 3");
  EXPECT_EQ(sorts(execute("SELECT s FROM things WHERE p='a' AND v IN [10, 30]")), "1 3");
  EXPECT_EQ(sorts(execute("SELECT s FROM things WHERE p='a' AND NOT (v = 10 OR v = 40)")), "2 3");
  EXPECT_EQ(sorts(execute("SELECT s FROM things WHERE p='a' ORDER BY s DESC")), "4 3 2 1");
  EXPECT_EQ(execute(R"(SELECT g FROM "things"."by_g" WHERE g = 'g2')"),
            R"({"Items":[{"g":{"S":"g2"}}]})");
  EXPECT_EQ(execute("SELECT m.x[0], s FROM things WHERE m.x[1] = 'y'"),
            R"({"Items":[{"x[0]":{"N":"7"},"s":{"N":"1"}}]})");
  EXPECT_EQ(sorts(execute("SELECT s FROM things WHERE p = 'b' AND g IS MISSING")), "1");
  EXPECT_EQ(sorts(execute("SELECT s FROM things WHERE z IS NULL")), "1");
  EXPECT_EQ(
      sorts(execute("SELECT s FROM things WHERE p = 'a' AND begins_with(g, 'g') AND size(g) = 2")),
      "1 2 3 4");
}

TEST_F(PartiqlTest, ParametersStandForQuestionMarks) {
  EXPECT_EQ(sorts(execute("SELECT s FROM things WHERE p=? AND s=?",
                          R"(,"Parameters":[{"S":"a"},{"N":"3"}])")),
            "3");
  EXPECT_EQ(execute("SELECT s FROM things WHERE p=?"),
            "ValidationException: Number of parameters in request and statement don't match.");
  EXPECT_EQ(execute("SELECT s FROM things WHERE p='a'", R"(,"Parameters":[{"S":"a"}])"),
            "ValidationException: Number of parameters in request and statement don't match.");
}

TEST_F(PartiqlTest, PagesGoOnWhereTheTokenSays) {
  const std::string first = execute("SELECT s FROM things WHERE p='a'", R"(,"Limit":3)");
  EXPECT_EQ(sorts(first), "1 2 3");
  const std::string token = member(first, "NextToken");
  ASSERT_NE(token, "");
  EXPECT_EQ(
      sorts(execute("SELECT s FROM things WHERE p='a'", R"(,"Limit":3,"NextToken":)" + token)),
      "4");
  EXPECT_TRUE(execute("SELECT s FROM things WHERE p='b'", R"(,"NextToken":)" + token)
                  .starts_with("ValidationException: NextToken does not match"));
}

TEST_F(PartiqlTest, InsertsOnce) {
  EXPECT_EQ(
      execute("INSERT INTO things VALUE {'p':'n','s':-1.50,'l':[1,'x',true,null],'t':<<'a','b'>>}"),
      R"({"Items":[]})");
  EXPECT_EQ(
      get(R"({"p":{"S":"n"},"s":{"N":"-1.5"}})"),
      R"({"p":{"S":"n"},"s":{"N":"-1.5"},"l":{"L":[{"N":"1"},{"S":"x"},{"BOOL":true},{"NULL":true}]},"t":{"SS":["a","b"]}})");
  EXPECT_EQ(execute("INSERT INTO things VALUE {'p':'n','s':-1.5}"),
            "DuplicateItemException: Duplicate primary key exists in table");
}

TEST_F(PartiqlTest, UpdatesAndDeletesByKey) {
  EXPECT_EQ(
      execute("UPDATE things SET v = v + 1, w = list_append(?, [2]) REMOVE g WHERE p='a' AND s=1 "
              "RETURNING ALL NEW *",
              R"(,"Parameters":[{"L":[{"N":"1"}]}])"),
      R"({"Items":[{"p":{"S":"a"},"s":{"N":"1"},"v":{"N":"11"},"w":{"L":[{"N":"1"},{"N":"2"}]}}]})");
  EXPECT_EQ(execute("UPDATE things SET v = 1 WHERE p='a' AND s=1 AND v = 99"),
            "ConditionalCheckFailedException: The conditional request failed");
  EXPECT_EQ(execute("UPDATE things SET v = 1 WHERE p='nobody' AND s=1"),
            "ConditionalCheckFailedException: The conditional request failed");
  EXPECT_EQ(execute("UPDATE things SET v = 1 WHERE p='a'"),
            "ValidationException: Where clause does not contain a mandatory equality on all key "
            "attributes");
  execute("UPDATE things SET tags = <<'x'>> WHERE p='a' AND s=2");
  execute("UPDATE things SET tags = set_add(tags, <<'y'>>) WHERE p='a' AND s=2");
  EXPECT_EQ(execute("SELECT tags FROM things WHERE p='a' AND s=2"),
            R"({"Items":[{"tags":{"SS":["x","y"]}}]})");
  EXPECT_EQ(execute("DELETE FROM things WHERE p='a' AND s=4 RETURNING ALL OLD *"),
            R"({"Items":[{"p":{"S":"a"},"s":{"N":"4"},"g":{"S":"g4"},"v":{"N":"40"}}]})");
  EXPECT_EQ(execute("DELETE FROM things WHERE p='a' AND s=4"), R"({"Items":[]})");
}

TEST_F(PartiqlTest, WhatIsNoStatementIsRefused) {
  for (const char* text :
       {"", "SELECT", "SELECT * FROM", "SELECT * FROM things WHERE", "SELECT * things",
        "DROP TABLE things", "SELECT * FROM things WHERE p = 'a", "INSERT INTO things VALUE {'p':}",
        "SELECT * FROM things WHERE p = 'a' AND", "UPDATE things WHERE p='a'",
        "SELECT * FROM things WHERE p", "SELECT * FROM things WHERE (p) (q)",
        "SELECT * FROM things WHERE p = 'a' extra"}) {
    EXPECT_TRUE(execute(text).starts_with("ValidationException: Statement wasn't well formed"))
        << text << ": " << execute(text);
  }
  // Far deeper than any limit: refused, and no stack is used up.
  EXPECT_TRUE(execute("SELECT * FROM things WHERE " + std::string(4000, '(') + "p=1")
                  .starts_with("ValidationException"));
  EXPECT_TRUE(execute("INSERT INTO things VALUE {'p':" + std::string(4000, '[') + "}")
                  .starts_with("ValidationException"));
  EXPECT_TRUE(execute("SELECT * FROM nowhere").starts_with("ResourceNotFoundException"));
}

TEST_F(PartiqlTest, ABatchFailsStatementByStatement) {
  EXPECT_EQ(
      run(batch_execute_statement, R"({"Statements":[
      {"Statement":"INSERT INTO things VALUE {'p':'q','s':1}"},
      {"Statement":"INSERT INTO things VALUE {'p':'q','s':1}"},
      {"Statement":"UPDATE things SET v=1 WHERE p='q' AND s=1"}]})"),
      R"({"Responses":[{"TableName":"things"},{"Error":{"Code":"DuplicateItem","Message":"Duplicate primary key exists in table"},"TableName":"things"},{"TableName":"things"}]})");
  EXPECT_EQ(
      run(batch_execute_statement, R"({"Statements":[
      {"Statement":"SELECT v FROM things WHERE p='q' AND s=1"},{"Statement":"SELECT * FROM things WHERE p='q'"}]})"),
      R"({"Responses":[{"TableName":"things","Item":{"v":{"N":"1"}}},{"Error":{"Code":"ValidationError","Message":"Select statements within BatchExecuteStatement must specify the primary key in the where clause."},"TableName":"things"}]})");
}

TEST_F(PartiqlTest, ATransactionIsDoneWholeOrNotAtAll) {
  const std::string refused = run(execute_transaction, R"x({"TransactStatements":[
      {"Statement":"INSERT INTO things VALUE {'p':'t','s':1}"},
      {"Statement":"INSERT INTO things VALUE {'p':'a','s':1}"},
      {"Statement":"EXISTS(SELECT * FROM things WHERE p='b' AND s=1 AND g IS MISSING)"}]})x");
  EXPECT_TRUE(refused.starts_with("TransactionCanceledException")) << refused;
  EXPECT_NE(refused.find("[None, DuplicateItem, None]"), std::string::npos) << refused;
  EXPECT_EQ(get(R"({"p":{"S":"t"},"s":{"N":"1"}})"), "");
  EXPECT_EQ(run(execute_transaction, R"x({"TransactStatements":[
      {"Statement":"INSERT INTO things VALUE {'p':'t','s':1}"},
      {"Statement":"EXISTS(SELECT * FROM things WHERE p='b' AND s=1 AND g IS MISSING)"}]})x"),
            R"({"Responses":[]})");
  EXPECT_EQ(run(execute_transaction, R"x({"TransactStatements":[
      {"Statement":"SELECT p FROM things WHERE p='t' AND s=1"},
      {"Statement":"SELECT p FROM things WHERE p='t' AND s=2"}]})x"),
            R"({"Responses":[{"Item":{"p":{"S":"t"}}},{}]})");
}

}  // namespace
}  // namespace cloche::dynamodb
