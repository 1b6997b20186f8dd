#include "engine/store/memtable.h"

#include <gtest/gtest.h>

#include <string>

namespace cloche::engine {
namespace {

// What a view at `seq` walks over, forwards: "key=value " of each row.
std::string walked(const Memtable& table, std::uint64_t seq, std::string_view from = {}) {
  std::string out;
  Memtable::Iterator rows(table, seq);
  for (rows.seek(from); rows.valid(); rows.next())
    out.append(rows.key()).append("=").append(rows.value().value_or("gone")).append(" ");
  return out;
}

// Rows that were written hundreds of times are passed over by a search, which must not pass over a
// neighbour, nor show a row that is newer than the view.
TEST(Memtable, WalksOverRowsThatWereWrittenManyTimes) {
  Memtable table(Lsn(1));
  std::uint64_t seq = 1;
  table.insert("a", seq++, "once");
  const std::uint64_t before_b = seq - 1;
  for (int i = 0; i < 300; ++i) {
    table.insert("b", seq, std::to_string(i));
    if (i % 3 == 0) table.insert("c", seq, i % 2 == 0 ? std::optional<std::string_view>() : "odd");
    ++seq;
  }
  const std::uint64_t before_d = seq - 1;
  table.insert("d", seq++, "once");
  for (int i = 0; i < 50; ++i) table.insert("e", seq++, "x");

  EXPECT_EQ(walked(table, seq), "a=once b=299 c=odd d=once e=x ");
  EXPECT_EQ(walked(table, before_d), "a=once b=299 c=odd ");
  EXPECT_EQ(walked(table, before_b), "a=once ");
  EXPECT_EQ(walked(table, before_b + 1), "a=once b=0 c=gone ");
  EXPECT_EQ(walked(table, before_b + 11), "a=once b=10 c=odd ");
  EXPECT_EQ(walked(table, before_b, "b"), "");
  EXPECT_EQ(walked(table, before_b + 151, "b"), "b=150 c=gone ");
  for (std::uint64_t at = before_b + 1; at <= before_d; ++at)
    EXPECT_TRUE(walked(table, at, "b").starts_with("b=" + std::to_string(at - before_b - 1) + " "));
}

}  // namespace
}  // namespace cloche::engine
