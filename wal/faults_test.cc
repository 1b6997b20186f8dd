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

}  // namespace
}  // namespace cloche::wal
