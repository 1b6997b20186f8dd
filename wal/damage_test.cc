#include "wal/test_log.h"

namespace cloche::wal {
namespace {

using Texts = std::vector<std::string>;

class Damage : public testing::Test {
 protected:
  void SetUp() override {
    auto log = open_log(dir_.path());
    for (int i = 0; i < 8; ++i) {
      append(*log, "record " + std::to_string(i));
      all_.push_back("record " + std::to_string(i));
    }
    log.reset();
    segment_ = dir_.segment();
    bytes_ = LogDirectory::read(segment_);
  }

  // Opens the log over other bytes: what it finds has to be a beginning of what was written, or an
  // error that says where.
  void expect_prefix_or_place(const std::string& bytes, bool error_allowed) {
    LogDirectory::write(segment_, bytes);
    auto log = Log::open(Env::posix(), dir_.path(), Durability::Commit);
    if (!log) {
      EXPECT_TRUE(error_allowed) << log.error().message;
      EXPECT_EQ(log.error().kind, Error::Kind::Damaged);
      EXPECT_NE(log.error().message.find(segment_ + " at offset "), std::string::npos)
          << log.error().message;
      return;
    }
    const Texts found = records(**log);
    ASSERT_LE(found.size(), all_.size());
    EXPECT_TRUE(std::equal(found.begin(), found.end(), all_.begin()));
    // What was cut off is gone for good: the next record follows what is left.
    append(**log, "next");
    EXPECT_EQ(records(**log).back(), "next");
  }

  std::size_t third_last() const { return bytes_.size() - 3 * (24 + all_[0].size()); }

  LogDirectory dir_;
  Texts all_;
  std::string segment_;
  std::string bytes_;
};

// A process may die at any byte of a write. Records before it stand, and nothing of it stays in the
// way.
TEST_F(Damage, CutAtEachByteLeavesAPrefix) {
  for (std::size_t end = third_last(); end < bytes_.size(); ++end)
    expect_prefix_or_place(bytes_.substr(0, end), false);
}

// A flipped bit must never lead to a record being skipped, or to a wrong one being shown.
TEST_F(Damage, EachFlippedBitIsTold) {
  for (std::size_t at = third_last(); at < bytes_.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes_;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      expect_prefix_or_place(flipped, true);
    }
  }
}

// In the middle, only an error is right: the records after the damage were acknowledged too.
TEST_F(Damage, AFlippedBitBeforeWholeRecordsIsAnError) {
  for (std::size_t at = third_last(); at < third_last() + 24 + 8; ++at) {
    std::string flipped = bytes_;
    flipped[at] ^= 4;
    LogDirectory::write(segment_, flipped);
    const auto log = Log::open(Env::posix(), dir_.path(), Durability::Commit);
    ASSERT_FALSE(log.has_value()) << at;
    EXPECT_NE(log.error().message.find("at offset " + std::to_string(third_last())),
              std::string::npos)
        << log.error().message;
  }
}

// A whole last record with a wrong checksum was not torn by a dying process: its write was
// complete.
TEST_F(Damage, AFlippedBitInTheLastRecordIsAnError) {
  std::string flipped = bytes_;
  flipped[flipped.size() - 3] ^= 1;
  LogDirectory::write(segment_, flipped);
  EXPECT_FALSE(Log::open(Env::posix(), dir_.path(), Durability::Commit).has_value());
}

// A power cut loses pages in any order: what was never synced, and shows as zeros up to a page's
// end, is no damage.
TEST_F(Damage, PagesLostBeforeTheirSyncAreCutOff) {
  LogDirectory dir;
  auto log = open_log(dir.path());
  const std::string large(5'000, 'x');
  for (int i = 0; i < 4; ++i) append(*log, large);
  const std::string unsynced = LogDirectory::read(dir.segment());
  log.reset();
  std::string lost = unsynced;
  std::fill(lost.begin() + 8'192, lost.begin() + 12'288,
            '\0');  // A page of records 2 and 3; record 4 is whole.
  LogDirectory::write(dir.segment(), lost);
  log = open_log(dir.path());
  EXPECT_EQ(records(*log).size(), 1u);
  EXPECT_GT(log->recovered().torn_bytes, 0u);
}

// The same where a later record says that it had been synced: then it is damage.
TEST_F(Damage, PagesLostAfterTheirSyncAreAnError) {
  LogDirectory dir;
  auto log = open_log(dir.path());
  const std::string large(5'000, 'x');
  for (int i = 0; i < 3; ++i) append(*log, large);
  ASSERT_TRUE(log->sync());
  append(*log, large);
  log.reset();
  std::string lost = LogDirectory::read(dir.segment());
  std::fill(lost.begin() + 8'192, lost.begin() + 12'288, '\0');
  LogDirectory::write(dir.segment(), lost);
  const auto opened = Log::open(Env::posix(), dir.path(), Durability::Commit);
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message.find("record 2 is damaged: it was synced"), std::string::npos)
      << opened.error().message;
}

// A machine that stopped while it began a segment leaves a name, and perhaps no bytes.
TEST_F(Damage, AnUnfinishedSegmentIsRemoved) {
  LogDirectory::write(dir_.path() + "/00000000000000000009.wal", "CLC");
  auto log = open_log(dir_.path());
  EXPECT_EQ(records(*log), all_);
  append(*log, "next");
  EXPECT_EQ(records(*log).size(), 9u);
}

// A segment that is gone is a hole in history: opening looks at the end only, whoever reads over
// the hole is told.
TEST_F(Damage, AMissingSegmentIsAnError) {
  LogDirectory dir;
  auto log = open_log(dir.path());
  for (int i = 0; i < 3; ++i) append(*log, std::string(std::size_t{17} << 20, 'x'));
  ASSERT_TRUE(log->sync());
  append(*log, "after the sync");
  log.reset();
  std::filesystem::remove(dir.segment(2));
  log = open_log(dir.path());
  const auto skip = [](Lsn, std::span<const std::byte>) { return Result<void>(); };
  EXPECT_FALSE(log->replay(Lsn(0), skip).has_value());
  EXPECT_TRUE(log->replay(Lsn(3), skip).has_value());
}

}  // namespace
}  // namespace cloche::wal
