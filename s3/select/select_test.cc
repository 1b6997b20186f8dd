#include <gtest/gtest.h>

#include "base/json.h"
#include "s3/select/input.h"
#include "s3/select/output.h"

namespace cloche::s3::select {
namespace {

// What a query answers on an input, or its error's code. The settings are members of
// InputSerialization and OutputSerialization.
std::string ask(std::string_view sql, std::string_view body, std::string_view input,
                std::string_view output = R"({"CSV": {}})", std::size_t piece = 3) {
  Arena arena;
  const auto settings = parse_json(input, arena);
  const auto format = parse_json(output, arena);
  EXPECT_TRUE(settings && format) << input << output;
  const auto run = [&]() -> Result<std::string> {
    CLOCHE_TRY(const query, parse_query(sql));
    CLOCHE_TRY(const reader, make_reader(*settings, query, {}));
    CLOCHE_TRY(const writer, make_writer(*format));
    Evaluator evaluator(query, Instant());
    std::string out;
    const auto sink = [&](const Record& record) -> Result<bool> {
      CLOCHE_TRY(const row, evaluator.take(record));
      if (row) writer->append(out, *row);
      return !evaluator.done();
    };
    bool more = true;
    for (std::size_t at = 0; more && at < body.size(); at += piece) {
      CLOCHE_TRY(const goes_on, reader->append(body.substr(at, piece), sink));
      more = goes_on;
    }
    if (more) CLOCHE_TRY_VOID(reader->finish(sink));
    CLOCHE_TRY(const last, evaluator.finish());
    if (last) writer->append(out, *last);
    return out;
  };
  const auto result = run();
  return result ? *result : result.error().code;
}

constexpr std::string_view kPeople = "name,age,city\nann,31,Oslo\nbob,25,Rome\ncy,,\"New, York\"\n";
constexpr std::string_view kUse = R"({"CSV": {"FileHeaderInfo": "USE"}})";

TEST(Select, CsvByNameAndByPlace) {
  EXPECT_EQ(ask("SELECT * FROM S3Object", kPeople, R"({"CSV": {"FileHeaderInfo": "IGNORE"}})"),
            "ann,31,Oslo\nbob,25,Rome\ncy,,\"New, York\"\n");
  EXPECT_EQ(ask("SELECT s._1, s.CITY FROM s3object s WHERE s.\"age\" > 30", kPeople, kUse),
            "ann,Oslo\n");
  EXPECT_EQ(ask("select name AS n, age from S3Object limit 1", kPeople, kUse, R"({"JSON": {}})"),
            "{\"n\":\"ann\",\"age\":\"31\"}\n");
  EXPECT_EQ(ask("SELECT _2 FROM S3Object", "a;b|#c|d;'x|y'", R"({"CSV": {"FieldDelimiter": ";",
      "RecordDelimiter": "|", "Comments": "#", "QuoteCharacter": "'",
      "AllowQuotedRecordDelimiter": true}})"),
            "b\nx|y\n");
}

TEST(Select, Conditions) {
  const auto names = [](std::string_view where) {
    return ask("SELECT name FROM S3Object WHERE " + std::string(where), kPeople, kUse);
  };
  EXPECT_EQ(names("name LIKE '%b%' OR name = 'cy'"), "bob\ncy\n");
  EXPECT_EQ(names("name NOT IN ('ann', 'bob')"), "cy\n");
  EXPECT_EQ(names("CAST(age AS INT) BETWEEN 25 AND 30 AND NOT city = 'Oslo'"), "CastFailed");
  EXPECT_EQ(names("age BETWEEN 25 AND 30"), "bob\n");
  EXPECT_EQ(names("nothing IS MISSING AND name IS NOT NULL AND age <> ''"), "ann\nbob\n");
  EXPECT_EQ(names("CHAR_LENGTH(name) = 2"), "cy\n");
  EXPECT_EQ(names("name LIKE '_\\_%' ESCAPE '\\'"), "");
}

TEST(Select, Aggregates) {
  EXPECT_EQ(
      ask("SELECT COUNT(*), SUM(CAST(_1 AS INT)), AVG(_1), MIN(_1), MAX(_1) + 1 FROM S3Object",
          "3\n10\n2\n", R"({"CSV": {}})"),
      "3,15,5,2,11\n");
  EXPECT_EQ(ask("SELECT COUNT(*) FROM S3Object WHERE _1 = 'x'", "3\n", R"({"CSV": {}})"), "0\n");
}

TEST(Select, JsonLinesAndDocuments) {
  constexpr std::string_view lines = R"({"a": {"b": [1, 2]}, "c": "x"}
{"a": null, "c": "y"}
)";
  constexpr std::string_view kLines = R"({"JSON": {"Type": "LINES"}})";
  constexpr std::string_view kJson = R"({"JSON": {}})";
  EXPECT_EQ(ask("SELECT s.a.b[1] AS second, s.c FROM S3Object s", lines, kLines, kJson),
            "{\"second\":2,\"c\":\"x\"}\n{\"c\":\"y\"}\n");
  EXPECT_EQ(ask("SELECT * FROM S3Object[*] s WHERE s.c = 'y'", lines, kLines, kJson),
            "{\"a\":null,\"c\":\"y\"}\n");
  EXPECT_EQ(ask("SELECT r.n FROM S3Object[*].rules[*] r", R"({"rules": [{"n": 1}, {"n": 2.5}]})",
                R"({"JSON": {"Type": "DOCUMENT"}})"),
            "1\n2.5\n");
}

TEST(Select, Functions) {
  const auto value = [](std::string_view expression) {
    return ask("SELECT " + std::string(expression) + " FROM S3Object", "x", R"({"CSV": {}})");
  };
  EXPECT_EQ(value("1 + 2 * 3 - 4 / 2"), "5\n");
  EXPECT_EQ(value("UPPER('aé') || LOWER('B')"), "Aéb\n");
  EXPECT_EQ(value("SUBSTRING('123456789', 0, 5)"), "1234\n");
  EXPECT_EQ(value("SUBSTRING('abcdef' FROM 3 FOR 2)"), "cd\n");
  EXPECT_EQ(value("TRIM(LEADING '12' FROM '1112foobar22211122')"), "foobar22211122\n");
  EXPECT_EQ(value("COALESCE(NULL, MISSING, 7)"), "7\n");
  EXPECT_EQ(value("NULLIF(1, 1)"), "\n");
  EXPECT_EQ(value("CASE WHEN _1 = 'y' THEN 'a' WHEN _1 = 'x' THEN 'b' ELSE 'c' END"), "b\n");
  EXPECT_EQ(value("EXTRACT(YEAR FROM TO_TIMESTAMP('2010-01-01T'))"), "2010\n");
  EXPECT_EQ(value("DATE_ADD(month, 1, CAST('2010-01-31T12:00:00Z' AS TIMESTAMP))"),
            "2010-02-28T12:00:00Z\n");
  EXPECT_EQ(value("DATE_DIFF(day, TO_TIMESTAMP('2010-01-01T'), TO_TIMESTAMP('2010-01-03T'))"),
            "2\n");
  EXPECT_EQ(value("TO_STRING(TO_TIMESTAMP('1969-07-20T20:18:00Z'), 'd.M.y H:mm')"),
            "20.7.1969 20:18\n");
}

TEST(Select, WhatIsNotSqlIsRefused) {
  const auto code = [](std::string_view sql) { return ask(sql, "x", R"({"CSV": {}})"); };
  EXPECT_EQ(code("DELETE FROM S3Object"), "ParseUnexpectedToken");
  EXPECT_EQ(code("SELECT 1"), "ParseSelectMissingFrom");
  EXPECT_EQ(code("SELECT * FROM S3Object LIMIT x"), "ParseExpectedNumber");
  EXPECT_EQ(code("SELECT 'x FROM S3Object"), "LexerInvalidLiteral");
  EXPECT_EQ(code("SELECT ? FROM S3Object"), "LexerInvalidChar");
  EXPECT_EQ(code("SELECT FOO(1) FROM S3Object"), "UnsupportedFunction");
  EXPECT_EQ(code("SELECT 1/0 FROM S3Object"), "DivideByZero");
  EXPECT_EQ(code("SELECT " + std::string(5000, '(') + " FROM S3Object"), "ExpressionTooLong");
  EXPECT_EQ(ask("SELECT * FROM S3Object", "x", R"({"Parquet": {}})"), "UnsupportedParquetType");
}

}  // namespace
}  // namespace cloche::s3::select
