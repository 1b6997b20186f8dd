#include <gtest/gtest.h>

#include <set>

#include "engine/store/test_store.h"

namespace cloche::engine {
namespace {

using std::chrono::hours;

// A frozen clock is part of the state: it stands where it stood when the directory is opened again.
TEST(Clock, IsKeptInTheDirectory) {
  TestStore store;
  const Instant at = store->clock().now() + hours(100);
  store->clock().freeze(at);
  store.kill();
  EXPECT_TRUE(store->clock().frozen());
  EXPECT_EQ(store->clock().now(), at);
  store->clock().move(hours(1));
  EXPECT_EQ(store->clock().now(), at + hours(1));
}

// `until` is in real time, whatever the clock's speed.
TEST(Clock, RunsAtItsSpeed) {
  TestStore store;
  store->clock().run(store->clock().now(), 1'000.0);
  const Instant soon = store->clock().now() + hours(1);
  const auto left = store->clock().until(soon);
  ASSERT_TRUE(left.has_value());
  EXPECT_LE(*left, std::chrono::milliseconds(3'601));
  store->clock().freeze(soon - hours(1));
  EXPECT_EQ(store->clock().until(soon), std::nullopt);
}

// History has one direction, also when the clock is set back.
TEST(Clock, CommitTimesNeverGoBack) {
  TestStore store;
  const auto time = [&] {
    Instant now{};
    EXPECT_TRUE(store->write("", [&](WriteTxn& txn) {
      now = txn.now();
      return txn.put(kWords, word("x"), std::to_string(now.time_since_epoch().count()));
    }));
    return now;
  };
  const Instant before = time();
  store->clock().freeze(before - hours(1));
  EXPECT_GE(time(), before);
  store.reopen();
  EXPECT_GE(time(), before);
}

// The same seed gives the same ids and times, run after run, and goes on where it was across
// restarts.
TEST(Ids, RepeatWithASeed) {
  const auto run = [](bool restart) {
    TestStore store(StoreOptions{.seed = 42});
    std::vector<std::string> made;
    for (int i = 0; i < 4; ++i) {
      EXPECT_TRUE(store->write("", [&](WriteTxn& txn) {
        made.push_back(txn.ids().uuid() + " " +
                       std::to_string(txn.now().time_since_epoch().count()));
        return txn.put(kWords, word("x"), made.back());
      }));
      if (restart && i == 1) store.kill();
    }
    return made;
  };
  const auto ids = run(false);
  EXPECT_EQ(ids, run(true));
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 4u);
}

TEST(Ids, HaveTheirForms) {
  TestStore store;
  EXPECT_EQ(store->ids().hex(7).size(), 7u);
  const std::string id = store->ids().uuid();
  EXPECT_EQ(id.size(), 36u);
  EXPECT_EQ(id[14], '4');
  EXPECT_EQ(store->ids().from_alphabet("ab", 100).find_first_not_of("ab"), std::string::npos);
  EXPECT_NE(store->ids().u64(), store->ids().u64());
}

}  // namespace
}  // namespace cloche::engine
