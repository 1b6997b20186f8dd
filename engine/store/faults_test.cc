#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "engine/blob/blob_store.h"
#include "engine/store/test_store.h"
#include "engine/wait/backoff.h"
#include "wal/faulty_env.h"

namespace cloche::engine {
namespace {

using std::chrono::milliseconds;

std::string copy_of(const std::string& directory, const TestDirectory& home) {
  const std::string copy = home.path() + "/copy";
  std::filesystem::copy(directory, copy, std::filesystem::copy_options::recursive);
  return copy;
}

// A power cut that took a blob's file takes its record too, and all after it. Writes that come then
// get the same lsns, and are acknowledged after a sync of their own.
TEST(StoreFaults, ALostBlobTakesItsRecordAndNotThePromiseOfTheNext) {
  TestDirectory home;
  std::string left;
  {
    TestStore store;
    ASSERT_TRUE(store.put(kWords, word("before"), "1").has_value());
    auto writer = store->blobs().begin({});
    const std::string body(100'000, 'b');
    ASSERT_TRUE(writer->append(as_bytes(body)).has_value());
    auto pending = writer->finish();
    ASSERT_TRUE(pending.has_value());
    ASSERT_TRUE(store->write("test.Adopt", [&](WriteTxn& txn) -> Result<void> {
      CLOCHE_TRY_VOID(txn.adopt(**pending));
      return txn.put(kWords, word("body"), "2");
    }));
    left = copy_of(store.directory(), home);
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(left + "/blobs"))
    if (entry.is_regular_file()) std::filesystem::resize_file(entry.path(), 4096);

  wal::FaultyEnv env;
  auto opened =
      Store::open(env, {.directory = left, .durability = wal::Durability::Fsync}, test_schema());
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  auto store = *std::move(opened);
  {
    const auto view = store->view();
    EXPECT_TRUE(view->get(kWords, word("before"))->has_value());
    EXPECT_FALSE(view->get(kWords, word("body"))->has_value());
  }
  std::this_thread::sleep_for(2 * wal::kSyncInterval);
  env.syncs_hang = true;
  std::atomic<bool> answered{false};
  store->submit(
      "test.Put", [](WriteTxn& txn) { return txn.put(kWords, word("after"), "3"); },
      [&](Result<void> result) { answered = result.has_value(); });
  std::this_thread::sleep_for(wal::kSyncInterval);
  EXPECT_FALSE(answered);
  env.syncs_hang = false;
  store.reset();
  EXPECT_TRUE(answered);
}

// Log lines, counted by how they begin.
class Lines {
 public:
  std::function<void(std::string_view)> sink() {
    return [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(line);
    };
  }
  std::size_t count(std::string_view begin) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count_if(
        lines_, [&](const std::string& line) { return line.starts_with(begin); }));
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

milliseconds cpu_used() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return milliseconds(used.tv_sec * 1000 + used.tv_nsec / 1'000'000);
}

TEST(StoreFaults, PausesGrowAndAreBounded) {
  Backoff backoff(milliseconds(100), milliseconds(350));
  EXPECT_FALSE(backoff.failing());
  EXPECT_EQ(backoff.failed(), milliseconds(100));
  EXPECT_TRUE(backoff.failing());
  EXPECT_EQ(backoff.failed(), milliseconds(200));
  EXPECT_EQ(backoff.failed(), milliseconds(350));
  EXPECT_EQ(backoff.failed(), milliseconds(350));
  backoff.succeeded();
  EXPECT_FALSE(backoff.failing());
  EXPECT_EQ(backoff.failed(), milliseconds(100));
}

// A sync that fails ends the log. What wants to be flushed then is tried again at growing pauses,
// and told once.
TEST(StoreFaults, AFlushThatKeepsFailingIsQuiet) {
  wal::FaultyEnv env;
  Lines lines;
  TestStore store({.flush_idle = milliseconds(1), .log_line = lines.sink()}, test_schema(), env);
  ASSERT_TRUE(store.put(kWords, word("a"), "1").has_value());
  ASSERT_TRUE(store->flush().has_value());
  env.syncs_fail = true;
  static_cast<void>(store.put(kWords, word("b"), "2").has_value());
  while (lines.count("flush failed") == 0) std::this_thread::sleep_for(milliseconds(1));
  const std::uint64_t calls = env.path_calls;
  const auto cpu = cpu_used();
  std::this_thread::sleep_for(milliseconds(2'500));
  EXPECT_LE(env.path_calls - calls, 10u);
  EXPECT_LT(cpu_used() - cpu, milliseconds(100));
  EXPECT_EQ(lines.count("flush failed"), 1u);
  EXPECT_FALSE(store.put(kWords, word("c"), "3").has_value());
  EXPECT_FALSE(store->flush().has_value());  // Answers, instead of waiting for the next attempt.
}

// Somebody removes the data directory, and perhaps begins another environment there, while a
// process has it open: nothing spins, and rows of the other one are never shown.
TEST(StoreFaults, ADirectoryThatIsGoneIsNotSearchedForAllTheTime) {
  wal::FaultyEnv env;
  Lines lines;
  TestStore store({.flush_idle = milliseconds(5), .log_line = lines.sink()}, test_schema(), env);
  store->on_work("test.work", [](WriteTxn&, const std::string&) { return Result<void>(); });
  store->start_scheduler();
  ASSERT_TRUE(store->write("test.Later", [](WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY(const id, txn.later({"test.work", "", txn.now() + milliseconds(300)}));
    static_cast<void>(id);
    return txn.put(kWords, word("a"), "1");
  }));
  ASSERT_TRUE(store->flush().has_value());
  // All connections that the store keeps are in use, so that the next one has to look for the file.
  std::vector<std::unique_ptr<ReadView>> held;
  for (int i = 0; i < 20; ++i) held.push_back(store->view());
  std::filesystem::remove_all(store.directory());
  {
    auto other = Store::open(Env::posix(), {.directory = store.directory()}, test_schema());
    ASSERT_TRUE(other.has_value()) << other.error().message;
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE((*other)
                      ->write("test.Put",
                              [i](WriteTxn& txn) {
                                return txn.put(kWords, word(std::to_string(i)), "other");
                              })
                      .has_value());
    }
  }
  // One that a thread of the store has just given back may serve a view more.
  bool refused = false;
  for (int i = 0; i < 10 && !refused; ++i) {
    held.push_back(store->view());
    refused = !held.back()->get(kWords, word("1")).has_value();
  }
  EXPECT_TRUE(refused);
  std::filesystem::remove_all(store.directory());
  static_cast<void>(store.put(kWords, word("b"), "2").has_value());
  std::this_thread::sleep_for(milliseconds(500));  // The work is due.
  const std::uint64_t calls = env.path_calls;
  const auto cpu = cpu_used();
  std::this_thread::sleep_for(milliseconds(2'000));
  EXPECT_LE(env.path_calls - calls, 20u);
  EXPECT_LT(cpu_used() - cpu, milliseconds(100));
  for (const auto* begin : {"flush failed", "checkpoint failed", "work"})
    EXPECT_LE(lines.count(begin), 1u) << begin;
  held.clear();
}

std::map<std::string, std::string> contents(const std::string& directory) {
  std::map<std::string, std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.path().filename() == "lock") continue;  // The pid of who had it last.
    std::string bytes = "a folder";
    if (entry.is_regular_file()) {
      std::ifstream in(entry.path(), std::ios::binary);
      bytes.assign(std::istreambuf_iterator<char>(in), {});
    }
    found[entry.path().string()] = bytes;
  }
  return found;
}

// A release that is too old must leave a directory as the newer one needs it: whether the newer
// schema is told by the rows of a closed environment, or by the log alone after a kill.
TEST(StoreFaults, ANewerSchemaIsRefusedBeforeAnythingIsChanged) {
  for (const bool killed : {false, true}) {
    TestDirectory home;
    std::string left;
    {
      TestStore store({.flush_idle = std::chrono::hours(1)});
      ASSERT_TRUE(store.put(kWords, word("a"), "1").has_value());
      ASSERT_TRUE(store->flush().has_value());
      store.close();
      Schema newer = test_schema();
      newer.version += 1;
      auto opened = Store::open(Env::posix(), store.options(), newer);
      ASSERT_TRUE(opened.has_value()) << opened.error().message;
      if (killed) left = copy_of(store.directory(), home);
      opened->reset();
      if (!killed) left = copy_of(store.directory(), home);
    }
    std::ofstream(left + "/blobs/tmp/7") << "unfinished";
    for (const auto& entry : std::filesystem::directory_iterator(left + "/wal"))
      std::ofstream(entry.path(), std::ios::binary | std::ios::app) << "torn";
    // A table that only the older release would add.
    Schema older = test_schema();
    older.add({{TableId(1002), "test_more", {{"name", ColumnType::Text}}}});
    const auto before = contents(left);
    const auto refused = Store::open(Env::posix(), {.directory = left}, older);
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message.find("newer release"), std::string::npos);
    EXPECT_FALSE(doctor(Env::posix(), left, older, nullptr).has_value());
    EXPECT_TRUE(contents(left) == before);
    Schema newer = test_schema();
    newer.version += 1;
    const auto accepted = Store::open(Env::posix(), {.directory = left}, newer);
    ASSERT_TRUE(accepted.has_value()) << accepted.error().message;
    EXPECT_EQ(*(*(*accepted)->view()).get(kWords, word("a")), "1");
  }
}

}  // namespace
}  // namespace cloche::engine
