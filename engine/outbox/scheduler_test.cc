#include <gtest/gtest.h>

#include <atomic>

#include "engine/store/test_store.h"

namespace cloche::engine {
namespace {

Result<void> append_word(WriteTxn& txn, const std::string& text) {
  CLOCHE_TRY(const before, txn.get(kWords, word("did")));
  return txn.put(kWords, word("did"), std::string(before.value_or("")) + text);
}

std::uint64_t later(TestStore& store, std::string payload, Instant due = {}) {
  std::uint64_t id = 0;
  EXPECT_TRUE(store->write("test.Later", [&](WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY(const queued, txn.later({"test.append", payload, due}));
    id = queued;
    return {};
  }));
  return id;
}

// Work survives the process that queued it, happens once, and in order.
TEST(Scheduler, WorkIsDoneOnceAcrossRestarts) {
  TestStore store;
  later(store, "a");
  later(store, "b");
  store.kill();
  store->on_work("test.append", append_word);
  store->start_scheduler();
  store->drain_work();
  EXPECT_EQ(store.get(kWords, word("did")), "ab");
  store.reopen();
  store->on_work("test.append", append_word);
  store->start_scheduler();
  store->drain_work();
  EXPECT_EQ(store.get(kWords, word("did")), "ab");
}

// Timers follow the engine's clock; what is cancelled does not happen.
TEST(Scheduler, DueTimesFollowTheClock) {
  TestStore store;
  const Instant start = store->clock().now();
  store->clock().freeze(start);
  store->on_work("test.append", append_word);
  store->start_scheduler();
  later(store, "late", start + std::chrono::hours(2));
  later(store, "early", start + std::chrono::hours(1));
  const auto cancelled = later(store, "never", start + std::chrono::minutes(1));
  ASSERT_TRUE(store->write("", [&](WriteTxn& txn) { return txn.cancel(cancelled); }));
  store->drain_work();
  EXPECT_EQ(store.get(kWords, word("did")), std::nullopt);
  store->clock().move(std::chrono::hours(1));
  store->drain_work();
  EXPECT_EQ(store.get(kWords, word("did")), "early");
  store->clock().move(std::chrono::hours(1));
  store->drain_work();
  EXPECT_EQ(store.get(kWords, word("did")), "earlylate");
}

// A handler that is refused leaves nothing behind and is tried again, later and later.
TEST(Scheduler, ARefusedHandlerIsTriedAgain) {
  TestStore store;
  const Instant start = store->clock().now();
  store->clock().freeze(start);
  std::atomic<int> tries{0};
  store->on_work("test.append", [&](WriteTxn& txn, const std::string& payload) -> Result<void> {
    CLOCHE_TRY_VOID(append_word(txn, payload));
    return ++tries < 3 ? Result<void>(unavailable("not yet")) : Result<void>();
  });
  store->start_scheduler();
  later(store, "x");
  store->drain_work();
  EXPECT_EQ(tries, 1);
  EXPECT_EQ(store.get(kWords, word("did")), std::nullopt);
  store->clock().move(std::chrono::minutes(10));
  store->drain_work();
  store->clock().move(std::chrono::minutes(10));
  store->drain_work();
  EXPECT_EQ(tries, 3);
  EXPECT_EQ(store.get(kWords, word("did")), "x");
}

// Bulk work goes in steps, each a transaction of its own, by queueing its own rest.
TEST(Scheduler, BulkWorkGoesInSteps) {
  TestStore store;
  ASSERT_TRUE(store->write("", [](WriteTxn& txn) -> Result<void> {
    for (int i = 0; i < 1'000; ++i)
      CLOCHE_TRY_VOID(txn.put(kNumbers, KeyWriter().integer(i).blob("").take(), "x"));
    CLOCHE_TRY_VOID(txn.later({"test.drop", "", {}}));
    return {};
  }));
  std::atomic<int> steps{0};
  store->on_work("test.drop", [&](WriteTxn& txn, const std::string&) -> Result<void> {
    ++steps;
    const auto cursor = txn.scan(kNumbers, {});
    for (int left = 300; left > 0 && cursor->valid(); --left, cursor->next()) {
      CLOCHE_TRY_VOID(txn.erase(kNumbers, std::string(cursor->key())));
    }
    if (cursor->valid()) CLOCHE_TRY_VOID(txn.later({"test.drop", "", {}}));
    return {};
  });
  store->start_scheduler();
  store->drain_work();
  EXPECT_EQ(steps, 4);
  EXPECT_FALSE(store->view()->scan(kNumbers, {})->valid());
}

}  // namespace
}  // namespace cloche::engine
