#include "wal/test_log.h"

namespace cloche::wal {
namespace {

using Texts = std::vector<std::string>;

// The promise of the log: what was appended is found again, in order, by this process and the next
// one.
TEST(Log, WhatWasAppendedIsReplayed) {
  LogDirectory dir;
  {
    auto log = open_log(dir.path());
    append(*log, "one");
    append(*log, "two");
    EXPECT_EQ(records(*log), (Texts{"one", "two"}));
  }
  auto log = open_log(dir.path());
  EXPECT_EQ(log->recovered().first, Lsn(1));
  EXPECT_EQ(log->recovered().last, Lsn(2));
  EXPECT_EQ(log->recovered().torn_bytes, 0u);
  append(*log, "three");
  EXPECT_EQ(records(*log, Lsn(1)), (Texts{"two", "three"}));
}

// A log that follows a state copied from elsewhere has to count on from that state's lsn.
TEST(Log, AnEmptyLogBeginsWhereItIsTold) {
  LogDirectory dir;
  auto log = *Log::open(Env::posix(), dir.path(), Durability::Commit, Lsn(42));
  EXPECT_EQ(*log->append(as_bytes("x")), Lsn(42));
  EXPECT_EQ(log->oldest(), Lsn(42));
}

// Records cross segments without being noticed, both ways, and retention removes whole segments
// only.
TEST(Log, SegmentsFollowEachOther) {
  LogDirectory dir;
  const std::string large(std::size_t{6} << 20, 'x');
  auto log = open_log(dir.path());
  for (int i = 0; i < 10; ++i) append(*log, std::to_string(i) + large);
  EXPECT_EQ(records(*log).size(), 10u);
  Texts back;
  const auto walked =
      log->replay_back(Lsn(9), Lsn(2), [&](Lsn, std::span<const std::byte> record) -> Result<void> {
        back.emplace_back(1, as_text(record)[0]);
        return {};
      });
  ASSERT_TRUE(walked.has_value());
  EXPECT_EQ(back, (Texts{"8", "7", "6", "5", "4", "3", "2"}));

  const auto before = log->bytes_on_disk();
  ASSERT_TRUE(log->truncate_before(Lsn(5)));
  EXPECT_EQ(log->oldest(), Lsn(4));  // Three to a segment: 4 to 6 is needed still.
  EXPECT_LT(log->bytes_on_disk(), before);
  log.reset();
  EXPECT_EQ(open_log(dir.path())->recovered().last, Lsn(10));
}

// Who waits for a sync is told once, in order, and never before the device has the record.
TEST(Log, WaitersAreReleasedBySyncs) {
  LogDirectory dir;
  auto log = open_log(dir.path(), Env::posix(), Durability::Fsync);
  append(*log, "one");
  std::atomic<int> released{0};
  log->on_synced(Lsn(1), [&](Result<void> result) {
    EXPECT_TRUE(result.has_value());
    EXPECT_GE(log->synced(), Lsn(1));
    ++released;
  });
  ASSERT_TRUE(log->sync());
  while (released == 0) std::this_thread::yield();
  log->on_synced(Lsn(1), [&](Result<void>) { ++released; });
  EXPECT_EQ(released, 2);
}

// What records name must be durable before they are.
TEST(Log, WhatRecordsNameIsSyncedFirst) {
  LogDirectory dir;
  auto log = open_log(dir.path());
  std::atomic<int> prepared{0};
  log->before_sync([&]() -> Result<void> {
    ++prepared;
    return {};
  });
  append(*log, "one");
  ASSERT_TRUE(log->sync());
  EXPECT_GE(prepared, 1);
}

// Doctor tells every damage, not the first one only.
TEST(Log, ScrubTellsEachDamagedFrame) {
  LogDirectory dir;
  auto log = open_log(dir.path());
  for (int i = 0; i < 5; ++i) append(*log, "record number " + std::to_string(i));
  std::string bytes = LogDirectory::read(dir.segment());
  bytes[24 + 30] ^= 1;
  bytes[24 + 3 * (24 + 15) + 30] ^= 1;
  LogDirectory::write(dir.segment(), bytes);
  Texts told;
  ASSERT_TRUE(log->scrub([&](const std::string& text) { told.push_back(text); }));
  ASSERT_EQ(told.size(), 2u);
  EXPECT_NE(told[0].find("at offset 24: record 1 is damaged"), std::string::npos) << told[0];
  EXPECT_NE(told[1].find("record 4 is damaged"), std::string::npos) << told[1];
}

}  // namespace
}  // namespace cloche::wal
