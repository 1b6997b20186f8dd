#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>

#include "engine/store/test_store.h"
#include "wal/faulty_env.h"

namespace cloche::engine {
namespace {

// Requests that share a group must not share their fate: otherwise one failed condition under load
// would lose the writes of strangers. The first closure queues the others, so that all are of one
// group.
TEST(GroupCommit, ARefusedOrThrowingRequestLeavesItsNeighboursAlone) {
  TestStore store;
  std::vector<std::string> told;
  const auto put = [&](std::string name, std::function<Result<void>()> end) {
    store->submit(
        "test." + name,
        [name, end](WriteTxn& txn) -> Result<void> {
          CLOCHE_TRY_VOID(txn.put(kWords, word(name), name));
          CLOCHE_TRY_VOID(txn.put(kWords, word("last"), name));
          return end();
        },
        [&told, name](Result<void> result) {
          told.push_back(name + (result ? " done" : " failed: " + result.error().message));
        });
  };
  const auto before = store->stats();
  store->submit(
      "test.first",
      [&](WriteTxn& txn) {
        put("a", [] { return Result<void>(); });
        put("refused", [] { return Result<void>(unavailable("no")); });
        put("throws", []() -> Result<void> { throw std::runtime_error("thrown"); });
        put("b", [] { return Result<void>(); });
        return txn.put(kWords, word("first"), "");
      },
      [](Result<void>) {});
  ASSERT_EQ(told.size(), 4u);
  EXPECT_EQ(told[0], "a done");
  EXPECT_TRUE(told[1].starts_with("refused failed")) << told[1];
  EXPECT_TRUE(told[2].starts_with("throws failed")) << told[2];
  EXPECT_EQ(told[3], "b done");
  EXPECT_EQ(store.get(kWords, word("refused")), std::nullopt);
  EXPECT_EQ(store.get(kWords, word("throws")), std::nullopt);
  EXPECT_EQ(store.get(kWords, word("last")), "b");
  EXPECT_EQ(store->stats().groups, before.groups + 1);  // One group, one record.
}

// A request that came after the clock was moved has the time that it was moved to, also if a group
// was running meanwhile.
TEST(GroupCommit, WhatComesAfterTheClockWasMovedIsNotBefore) {
  TestStore store;
  store->clock().freeze(kSeededStart);
  Instant seen{};
  store->submit(
      "test.first",
      [&](WriteTxn& txn) {
        store->clock().move(std::chrono::hours(1));
        store->submit(
            "test.second",
            [&](WriteTxn& second) {
              seen = second.now();
              return second.put(kWords, word("second"), "");
            },
            [](Result<void>) {});
        return txn.put(kWords, word("first"), "");
      },
      [](Result<void>) {});
  EXPECT_EQ(seen, kSeededStart + std::chrono::hours(1));
}

// Lost updates and torn groups show as a wrong sum.
TEST(GroupCommit, ManyThreadsLoseNothing) {
  TestStore store(
      StoreOptions{.memtable_bytes = 64 << 10, .flush_idle = std::chrono::milliseconds(1)});
  constexpr int kThreads = 4;
  constexpr int kEach = 400;
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        const auto wrote = store->write("test.Add", [&](WriteTxn& txn) -> Result<void> {
          for (const char* name : {"x", "y"}) {
            CLOCHE_TRY(const before, txn.get(kWords, word(name)));
            const int count = before ? std::stoi(std::string(*before)) : 0;
            CLOCHE_TRY_VOID(txn.put(kWords, word(name), std::to_string(count + 1)));
          }
          return {};
        });
        EXPECT_TRUE(wrote.has_value());
        // Both or none, whatever is being flushed.
        const auto view = store->view();
        const auto x = view->get(kWords, word("x"));
        const auto y = view->get(kWords, word("y"));
        EXPECT_EQ(**x, **y);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(store.get(kWords, word("x")), std::to_string(kThreads * kEach));
  store.reopen();
  EXPECT_EQ(store.get(kWords, word("y")), std::to_string(kThreads * kEach));
}

// A view is one moment: neither later writes nor a flush of them may shine through, in reads or in
// scans that go on.
TEST(Views, StayAsTheyWereThroughWritesAndFlushes) {
  TestStore store;
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(store.put(kNumbers, KeyWriter().integer(i).blob("").take(), "old"));
  ASSERT_TRUE(store->flush());
  const auto view = store->view();
  const auto cursor = view->scan(kNumbers, {});
  for (int round = 0; round < 3; ++round) {
    const auto changed = store->write("", [&](WriteTxn& txn) -> Result<void> {
      for (int i = 0; i < 200; i += 3)
        CLOCHE_TRY_VOID(txn.put(kNumbers, KeyWriter().integer(i).blob("").take(), "new"));
      for (int i = 1; i < 100; i += 3)
        CLOCHE_TRY_VOID(txn.erase(kNumbers, KeyWriter().integer(i).blob("").take()));
      return {};
    });
    ASSERT_TRUE(changed);
    ASSERT_TRUE(store->flush());
  }
  int count = 0;
  for (; cursor->valid(); cursor->next(), ++count) ASSERT_EQ(cursor->value(), "old");
  EXPECT_EQ(count, 100);
  EXPECT_EQ(**view->get(kNumbers, KeyWriter().integer(1).blob("").take()), "old");
  EXPECT_EQ(store.get(kNumbers, KeyWriter().integer(1).blob("").take()), std::nullopt);
}

// What can't be made durable is refused, its rows are not to be seen, and nothing more is accepted
// until it is opened again.
TEST(Durability, AFailedSyncIsToldAndEndsWriting) {
  wal::FaultyEnv env;
  TestStore store(StoreOptions{.durability = wal::Durability::Fsync}, test_schema(), env);
  ASSERT_TRUE(store.put(kWords, word("a"), "1"));
  env.syncs_fail = true;
  EXPECT_FALSE(store.put(kWords, word("b"), "2").has_value());
  env.syncs_fail = false;
  EXPECT_FALSE(store.put(kWords, word("c"), "3").has_value());
  store.reopen();
  EXPECT_EQ(store.get(kWords, word("a")), "1");
  EXPECT_TRUE(store.put(kWords, word("c"), "3").has_value());
}

// A full disk refuses a write whole: no row of it is seen, and with room again writing goes on.
TEST(Durability, AFullDiskRefusesWhole) {
  wal::FaultyEnv env;
  TestStore store({}, test_schema(), env);
  ASSERT_TRUE(store.put(kWords, word("a"), "1"));
  env.room = 5;
  EXPECT_FALSE(store.put(kWords, word("b"), "2").has_value());
  EXPECT_EQ(store.get(kWords, word("b")), std::nullopt);
  env.room = 1 << 30;
  ASSERT_TRUE(store.put(kWords, word("b"), "3"));
  store.kill();
  EXPECT_EQ(store.get(kWords, word("b")), "3");
}

// Two processes on one directory would each overwrite what the other does.
TEST(Opening, ASecondProcessIsRefusedByName) {
  TestStore store;
  const auto second = Store::open(Env::posix(), {.directory = store.directory()}, test_schema());
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().message.find("pid"), std::string::npos) << second.error().message;
}

// An older release must not touch what it does not understand; a newer one brings it forward, once.
TEST(Opening, SchemasGoForwardOnly) {
  TestDirectory dir;
  Schema newer = test_schema();
  newer.version = 3;
  int runs = 0;
  newer.migrations = {{3, "third",
                       [&](WriteTxn& txn) {
                         ++runs;
                         return txn.put(kWords, word("order"),
                                        std::string(**txn.get(kWords, word("order"))) + "3");
                       }},
                      {2, "second", [&](WriteTxn& txn) {
                         ++runs;
                         return txn.put(kWords, word("order"), "2");
                       }}};
  ASSERT_TRUE(Store::open(Env::posix(), {.directory = dir.path()}, test_schema()).has_value());
  for (int i = 0; i < 2; ++i) {
    const auto store = Store::open(Env::posix(), {.directory = dir.path()}, newer);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(**(*store)->view()->get(kWords, word("order")), "23");
  }
  const auto older = Store::open(Env::posix(), {.directory = dir.path()}, test_schema());
  ASSERT_FALSE(older.has_value());
  EXPECT_NE(older.error().message.find("newer release"), std::string::npos)
      << older.error().message;
}

// The log is what makes a kill harmless; retention must keep what the state does not hold yet, and
// only that.
TEST(Retention, OldSegmentsGoAndNothingIsLost) {
  TestStore store(StoreOptions{.log_retain_bytes = 1});
  const std::string large(1 << 20, 'x');
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(store.put(kWords, word(std::to_string(i % 7)), large + std::to_string(i)));
    if (i % 10 == 0) {
      ASSERT_TRUE(store->flush().has_value());
    }
  }
  store.kill();
  for (int i = 53; i < 60; ++i)
    EXPECT_EQ(store.get(kWords, word(std::to_string(i % 7))), large + std::to_string(i));
}

}  // namespace
}  // namespace cloche::engine
