#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "base/time_text.h"
#include "engine/history.h"
#include "engine/store/test_store.h"
#include "wal/faulty_env.h"

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

// A wall clock that can be set.
class WallEnv final : public wal::FaultyEnv {
 public:
  Instant now() override { return FaultyEnv::now() + hours(ahead); }
  std::atomic<int> ahead{0};
};

Instant commit_time(TestStore& store) {
  Instant now{};
  EXPECT_TRUE(store->write("", [&](WriteTxn& txn) {
    now = txn.now();
    return txn.put(kWords, word("x"), std::to_string(now.time_since_epoch().count()));
  }));
  return now;
}

// What is written has the time that the clock shows, also if that was later once.
TEST(Clock, CommitTimesFollowItBack) {
  TestStore store;
  const Instant before = commit_time(store);
  store->clock().freeze(before - hours(1));
  EXPECT_EQ(commit_time(store), before - hours(1));
  store.kill();
  EXPECT_EQ(commit_time(store), before - hours(1));
  store->clock().run(before - hours(2));
  const Instant running = commit_time(store);
  EXPECT_GE(running, before - hours(2));
  EXPECT_LT(running, before - hours(1));
  ASSERT_TRUE(store->flush());
  store.reopen();
  EXPECT_GE(commit_time(store), running);
  EXPECT_LT(commit_time(store), before - hours(1));
  store->clock().run(before);
  EXPECT_GE(commit_time(store), before);
}

// A system's clock that is put right by its owner is not followed back, also not over a restart.
TEST(Clock, CommitTimesGoOnWhereTheWallClockStepsBack) {
  WallEnv env;
  TestStore store({}, test_schema(), env);
  const Instant before = commit_time(store);
  env.ahead = -1;
  EXPECT_GE(commit_time(store), before);
  store.reopen();
  EXPECT_GE(commit_time(store), before);
}

// A time means the newest record at or before it.
TEST(Clock, PointsAreFoundWhereItWasSetBack) {
  TestStore store;
  const auto at = [&](const char* time) {
    store->clock().freeze(*parse_iso8601(time));
    EXPECT_TRUE(store.put(kWords, word("x"), time));
    return store->view()->lsn();
  };
  const auto found = [&](const char* time) { return *history_of(*store).find(time); };
  const Lsn first = at("2026-01-01T00:00:00Z");
  const Lsn early = at("2020-01-01T00:00:00Z");
  const Lsn later = at("2020-06-01T00:00:00Z");
  const Lsn last = at("2026-01-02T00:00:00Z");
  EXPECT_EQ(found("2026-02-01T00:00:00Z"), last);
  EXPECT_LT(found("2026-01-01T12:00:00Z"), last);
  EXPECT_GE(found("2026-01-01T12:00:00Z"), later);
  EXPECT_GE(found("2020-02-01T00:00:00Z"), early);
  EXPECT_LT(found("2020-02-01T00:00:00Z"), later);
  EXPECT_GT(early, first);
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
