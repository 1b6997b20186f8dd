// Logs in a directory of their own, for tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/digest.h"
#include "wal/log.h"

namespace cloche::wal {

class LogDirectory {
 public:
  LogDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cloche-wal-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~LogDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  LogDirectory(const LogDirectory&) = delete;
  LogDirectory& operator=(const LogDirectory&) = delete;
  const std::string& path() const { return path_; }

  std::string segment(std::size_t index = 0) const {
    return path_ + "/" + (*Env::posix().list(path_)).at(index);
  }
  static std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

 private:
  std::string path_;
};

inline std::unique_ptr<Log> open_log(const std::string& path, Env& env = Env::posix(),
                                     Durability durability = Durability::Commit) {
  auto log = Log::open(env, path, durability);
  EXPECT_TRUE(log.has_value()) << log.error().message;
  return log ? *std::move(log) : nullptr;
}

inline void append(Log& log, const std::string& text) {
  const auto lsn = log.append(as_bytes(text));
  ASSERT_TRUE(lsn.has_value()) << lsn.error().message;
}

inline std::vector<std::string> records(const Log& log, Lsn from = Lsn(0)) {
  std::vector<std::string> found;
  const auto replayed =
      log.replay(from, [&](Lsn, std::span<const std::byte> record) -> Result<void> {
        found.emplace_back(as_text(record));
        return {};
      });
  EXPECT_TRUE(replayed.has_value()) << replayed.error().message;
  return found;
}

}  // namespace cloche::wal
