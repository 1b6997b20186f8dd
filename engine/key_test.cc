#include "engine/key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "engine/sqlite/tables.h"
#include "engine/store/test_store.h"

namespace cloche::engine {
namespace {

using Tuple = std::tuple<std::int64_t, std::string, std::string>;

std::string key_of(const Tuple& tuple) {
  return KeyWriter()
      .integer(std::get<0>(tuple))
      .text(std::get<1>(tuple))
      .blob(std::get<2>(tuple))
      .take();
}

// Half of the bytes have a meaning in keys.
Tuple random_tuple(std::mt19937& random) {
  const auto bytes = [&] {
    static constexpr char kBytes[] = {'\x00', '\xFF', '\x01', '\xFE', 'a', 'b'};
    std::string text;
    for (auto left = random() % 4; left > 0; --left)
      text.push_back(kBytes[random() % sizeof kBytes]);
    return text;
  };
  static constexpr std::int64_t kNumbers[] = {INT64_MIN, -256, -1, 0, 1, 255, 256, INT64_MAX};
  return {kNumbers[random() % 8], bytes(), bytes()};
}

// Everything that scans rely on: the bytes compare as the tuples do, and nothing is lost.
TEST(Key, BytesAreOrderedAsTuplesAre) {
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const Tuple a = random_tuple(random);
    const Tuple b = random_tuple(random);
    // std::string compares unsigned, as memcmp does.
    ASSERT_EQ(a < b, key_of(a) < key_of(b));
    KeyReader reader(key_of(a));
    const std::string bytes = key_of(a);
    KeyReader back(bytes);
    ASSERT_EQ(back.integer(), std::get<0>(a));
    ASSERT_EQ(back.text(), std::get<1>(a));
    ASSERT_EQ(back.blob(), std::get<2>(a));
    ASSERT_TRUE(back.at_end());
  }
}

// Rows in memory and rows in SQLite are merged: both must have the same order.
TEST(Key, BytesAreOrderedAsSqliteOrdersTheColumns) {
  TestDirectory dir;
  const Tables tables = *Tables::of(
      {.version = 1,
       .tables = {{100,
                   "t",
                   {{"a", ColumnType::Integer}, {"b", ColumnType::Text}, {"c", ColumnType::Blob}}}},
       .migrations = {}});
  const auto connection = *sqlite::Connection::open(dir.path() + "/x.db", sqlite::Use::ReadWrite);
  ASSERT_TRUE(connection->execute("BEGIN") && sqlite::create_meta(*connection) &&
              sqlite::create_tables(*connection, tables));
  std::mt19937 random(8);
  std::vector<std::string> keys;
  sqlite::TableWriter writer(*connection, tables);
  for (int i = 0; i < 2'000; ++i) {
    keys.push_back(key_of(random_tuple(random)));
    ASSERT_TRUE(writer.put(100, keys.back(), "v"));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  sqlite::TableReader reader(*connection, tables);
  std::vector<std::string> found;
  for (sqlite::TableReader::Scan scan(reader, 100, {}, Direction::Forward); scan.valid();
       scan.next())
    found.emplace_back(scan.key());
  EXPECT_EQ(found, keys);
}

// "After everything that begins so" has to lie after all of it, and before all else.
TEST(Key, AfterIsTheEndOfAPrefix) {
  const std::string end = KeyWriter().integer(1).text_prefix("ab").after().take();
  EXPECT_LT(KeyWriter().integer(1).text("ab").take(), end);
  EXPECT_LT(KeyWriter().integer(1).text("ab\xFF\xFF").blob("x").take(), end);
  EXPECT_GT(KeyWriter().integer(1).text("ac").take(), end);
  const KeyRange range = KeyRange::of(KeyWriter().integer(1));
  EXPECT_GE(KeyWriter().integer(1).text("").take(), range.from);
  EXPECT_LT(KeyWriter().integer(1).text("\xFF\xFF").take(), range.to);
  EXPECT_GT(KeyWriter().integer(2).take(), range.to);
}

}  // namespace
}  // namespace cloche::engine
