#include "base/document.h"

#include <gtest/gtest.h>

namespace cloche {
namespace {

// A chain of finds over what is not there must end in "absent" and not in a crash: handlers rely on
// it.
TEST(Value, FindOnAnythingAnswers) {
  Arena arena;
  Value root = Value::map();
  root.add(arena, "a", Value::string("x"));
  EXPECT_EQ(root["a"].text(), "x");
  EXPECT_FALSE(root["b"]["c"].present());
  EXPECT_FALSE(root["a"]["c"].present());
  EXPECT_EQ(root["b"].items().size(), 0u);
}

// Arrays move as they grow; what was added before must stay.
TEST(Value, GrowsWithoutLosing) {
  Arena arena;
  Value list = Value::list();
  for (int i = 0; i < 1000; ++i) list.push(arena, Value::integer(i));
  ASSERT_EQ(list.size(), 1000u);
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(list.items()[static_cast<std::size_t>(i)].as_integer(), i);
  Value map = Value::map();
  for (int i = 0; i < 100; ++i) map.add(arena, arena.copy(std::to_string(i)), Value::integer(i));
  EXPECT_EQ(map["57"].as_integer(), 57);
}

TEST(Value, SetReplacesWhereAddDoesNot) {
  Arena arena;
  Value map = Value::map();
  map.set(arena, "a", Value::integer(1));
  map.set(arena, "a", Value::integer(2));
  EXPECT_EQ(map.size(), 1u);
  EXPECT_EQ(map["a"].as_integer(), 2);
}

TEST(Value, IntegersAreWholeOrNothing) {
  EXPECT_EQ(Value::number("-9223372036854775808").as_integer(), INT64_MIN);
  EXPECT_EQ(Value::number("9223372036854775808").as_integer(), std::nullopt);
  EXPECT_EQ(Value::number("1.0").as_integer(), std::nullopt);
  EXPECT_EQ(Value::string("12x").as_integer(), std::nullopt);
  EXPECT_EQ(Value::string("").as_integer(), std::nullopt);
}

// Blocks must be big enough for what is asked, aligned, and usable again after clear().
TEST(Arena, HandsOutDisjointAlignedMemory) {
  Arena arena;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t size = 1; size < 100'000; size = size * 3 + 1) {
      void* memory = arena.allocate(size, 16);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 16, 0u);
      std::memset(memory, 0xAB, size);
      EXPECT_EQ(arena.copy("abc"), "abc");
    }
    arena.clear();
  }
}

}  // namespace
}  // namespace cloche
