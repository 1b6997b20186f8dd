#include <thread>

#include "wal/faulty_env.h"
#include "wal/test_log.h"

namespace cloche::wal {
namespace {

using Texts = std::vector<std::string>;

// A full disk refuses a record cleanly: nothing of it stays, and when there is room again the log
// goes on.
TEST(Faults, AFullDiskRefusesAndGoesOn) {
  LogDirectory dir;
  FaultyEnv env;
  auto log = open_log(dir.path(), env);
  append(*log, "before");
  env.room = 10;
  const auto refused = log->append(as_bytes("does not fit"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, Error::Kind::Unavailable);
  EXPECT_TRUE(log->healthy());
  env.room = 1'000'000;
  append(*log, "after");
  EXPECT_EQ(records(*log), (Texts{"before", "after"}));
  log.reset();
  EXPECT_EQ(records(*open_log(dir.path())), (Texts{"before", "after"}));
}

// After a failed sync nobody knows what the device has: whoever waits is told so, and nothing more
// is accepted.
TEST(Faults, AFailedSyncEndsTheLog) {
  LogDirectory dir;
  FaultyEnv env;
  auto log = open_log(dir.path(), env, Durability::Fsync);
  env.syncs_fail = true;
  append(*log, "one");
  std::atomic<int> failed{0};
  log->on_synced(Lsn(1), [&](Result<void> result) { failed += result.has_value() ? 0 : 1; });
  EXPECT_FALSE(log->sync().has_value());
  EXPECT_FALSE(log->healthy());
  EXPECT_FALSE(log->append(as_bytes("two")).has_value());
  env.syncs_fail = false;
  log.reset();
  EXPECT_EQ(failed, 1);
  // Opened anew, it reads what is there, and accepts again.
  log = open_log(dir.path(), env);
  append(*log, "two");
  EXPECT_EQ(records(*log).back(), "two");
}

// Whatever a power cut takes, what was synced is there, and what is there is a beginning of what
// was written.
TEST(Faults, APowerCutLeavesWhatWasSynced) {
  LogDirectory dir;
  FaultyEnv env;
  Texts all;
  {
    auto log = open_log(dir.path(), env);
    for (int i = 0; i < 50; ++i) {
      all.push_back("record " + std::to_string(i));
      append(*log, all.back());
      if (i == 30) {
        ASSERT_TRUE(log->sync().has_value());
      }
    }
    env.syncs_fail = true;  // Closing must not sync the rest.
  }
  env.cut_power(dir.path());
  env.syncs_fail = false;
  const Texts found = records(*open_log(dir.path(), env));
  ASSERT_GE(found.size(), 31u);
  EXPECT_TRUE(std::equal(found.begin(), found.end(), all.begin()));
}

// After a cut the lsns of lost records are given anew: what comes under them is as unsynced as any
// other record, and no sync of the old ones may stand for it.
TEST(Faults, RecordsAfterACutWaitForASyncOfTheirOwn) {
  LogDirectory dir;
  FaultyEnv env;
  {
    auto log = open_log(dir.path(), env);
    for (const char* text : {"kept", "lost", "lost too"}) append(*log, text);
  }
  auto log = open_log(dir.path(), env, Durability::Fsync);
  ASSERT_TRUE(log->cut_after(Lsn(1)).has_value());
  log->before_sync([] { return Result<void>(); });
  ASSERT_TRUE(log->sync().has_value());
  std::this_thread::sleep_for(2 * kSyncInterval);
  EXPECT_LE(log->synced(), Lsn(1));

  env.syncs_hang = true;
  append(*log, "new");
  std::atomic<bool> answered{false};
  log->on_synced(Lsn(2), [&](Result<void> result) { answered = result.has_value(); });
  std::this_thread::sleep_for(kSyncInterval);
  EXPECT_FALSE(answered);
  EXPECT_LE(log->synced(), Lsn(1));
  env.syncs_hang = false;
  ASSERT_TRUE(log->sync().has_value());
  EXPECT_EQ(log->synced(), Lsn(2));
  log.reset();
  EXPECT_TRUE(answered);
  env.cut_power(dir.path());
  EXPECT_EQ(records(*open_log(dir.path(), env)), (Texts{"kept", "new"}));
}

// What a killed process left unsynced is synced by the next one, in whichever segment it is: later
// records say that it was.
TEST(Faults, WhatAKilledProcessLeftIsSyncedByTheNext) {
  LogDirectory dir;
  LogDirectory left;
  {
    FaultyEnv env;
    auto log = open_log(dir.path(), env);
    env.syncs_hang = true;
    const std::string large(std::size_t{6} << 20, 'x');
    for (int i = 0; i < 5; ++i) append(*log, std::to_string(i) + large);
    std::filesystem::copy(dir.path(), left.path(), std::filesystem::copy_options::recursive);
    env.syncs_hang = false;
  }
  FaultyEnv env;  // Has seen nothing synced.
  {
    auto log = open_log(left.path(), env);
    EXPECT_EQ(log->recovered().synced, Lsn(0));
    append(*log, "new");
    ASSERT_TRUE(log->sync().has_value());
  }
  env.cut_power(left.path());
  EXPECT_EQ(records(*open_log(left.path(), env)).size(), 6u);
}

}  // namespace
}  // namespace cloche::wal
