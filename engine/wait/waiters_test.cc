#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "engine/store/test_store.h"

namespace cloche::engine {
namespace {

const ChannelId kChannel = channel_of("test", "queue");

// A long poll: takes what is there, or waits.
std::future<std::string> receive(TestStore& store, Instant until) {
  auto promise = std::make_shared<std::promise<std::string>>();
  auto got = std::make_shared<std::string>("nothing");
  store->submit(
      "test.Receive",
      [got, until](WriteTxn& txn) -> Result<void> {
        CLOCHE_TRY_VOID(
            txn.put(kWords, word("tries"), std::string(txn.now() < until ? "early" : "late")));
        CLOCHE_TRY(const message, txn.get(kWords, word("message")));
        if (message) {
          *got = *message;
          return txn.erase(kWords, word("message"));
        }
        if (txn.now() < until) txn.wait_for({kChannel}, until);
        return {};
      },
      [promise, got](Result<void>) { promise->set_value(*got); });
  return promise->get_future();
}

// The reason for channels: a message that comes wakes who waits for it, at once, and only one gets
// it.
TEST(Waiting, ATouchWakes) {
  TestStore store;
  auto waiting = receive(store, Instant::max());
  EXPECT_EQ(store->stats().waiting, 1u);
  EXPECT_EQ(store.get(kWords, word("tries")),
            std::nullopt);  // A waiting closure's changes are dropped.
  ASSERT_TRUE(store->write("test.Send", [](WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY_VOID(txn.put(kWords, word("message"), "hello"));
    txn.touch(kChannel);
    return {};
  }));
  EXPECT_EQ(waiting.get(), "hello");
  EXPECT_EQ(store->stats().waiting, 0u);
  EXPECT_EQ(store.get(kWords, word("message")), std::nullopt);
}

// Deadlines are of the engine's clock: a test that moves the clock must not have to wait.
TEST(Waiting, TheClockEndsIt) {
  TestStore store;
  const Instant start = store->clock().now();
  store->clock().freeze(start);
  auto waiting = receive(store, start + std::chrono::hours(2));
  store->clock().move(std::chrono::hours(1));
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(30)), std::future_status::timeout);
  store->clock().move(std::chrono::hours(1));
  EXPECT_EQ(waiting.get(), "nothing");
}

TEST(Waiting, ARunningClockEndsItToo) {
  TestStore store;
  auto waiting = receive(store, store->clock().now() + std::chrono::milliseconds(30));
  EXPECT_EQ(waiting.get(), "nothing");
}

// A touch of a refused request is no touch: nothing has changed.
TEST(Waiting, ARefusedTouchWakesNobody) {
  TestStore store;
  auto waiting = receive(store, Instant::max());
  EXPECT_FALSE(store->write("", [](WriteTxn& txn) -> Result<void> {
    txn.touch(kChannel);
    return unavailable("no");
  }));
  EXPECT_EQ(store->stats().waiting, 1u);
}

}  // namespace
}  // namespace cloche::engine
