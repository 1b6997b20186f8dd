#include "base/env.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/digest.h"

namespace cloche {
namespace {

class PosixEnv : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "cloche_env_" + std::to_string(::getpid()) + "_" +
                 std::to_string(env_.random_u64());
    ASSERT_TRUE(env_.create_directories(directory_));
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  Env& env_ = Env::posix();
  std::string directory_;
};

TEST_F(PosixEnv, ReadsWhatItWrote) {
  auto file = *env_.open(directory_ + "/a", OpenMode::CreateExclusive);
  ASSERT_TRUE(file->write_at(0, as_bytes("hello world")));
  ASSERT_TRUE(file->write_at(6, as_bytes("there")));
  ASSERT_TRUE(file->sync());
  std::string back(100, '\0');
  const auto got = file->read_at(0, std::as_writable_bytes(std::span(back)));
  ASSERT_TRUE(got);
  EXPECT_EQ(back.substr(0, *got), "hello there");
  EXPECT_EQ(*file->size(), 11u);
  EXPECT_FALSE(env_.open(directory_ + "/a", OpenMode::CreateExclusive));
}

// The text is what a user sees first when something is wrong: it must name the path and the reason.
TEST_F(PosixEnv, ErrorsNamePathAndReason) {
  const auto missing = env_.open(directory_ + "/none", OpenMode::Read);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "open " + directory_ + "/none: No such file or directory");
  EXPECT_EQ(missing.error().kind, Error::Kind::Unavailable);
}

TEST_F(PosixEnv, RemovingWhatIsNotThereIsNoError) {
  EXPECT_TRUE(env_.remove(directory_ + "/none"));
}

// flock counts per open file, so a second lock in this process stands for one in another.
TEST_F(PosixEnv, ALockIsHeldOnceAndNamesItsHolder) {
  auto first = env_.lock(directory_ + "/lock");
  ASSERT_TRUE(first);
  const auto second = env_.lock(directory_ + "/lock");
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("pid " + std::to_string(::getpid())), std::string::npos);
  *first = nullptr;
  EXPECT_TRUE(env_.lock(directory_ + "/lock"));
}

}  // namespace
}  // namespace cloche
