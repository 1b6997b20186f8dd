#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "engine/store/test_store.h"

namespace cloche::engine {
namespace {

StoreOptions options_in(const std::string& directory) {
  return {.directory = directory,
          .memtable_bytes = 200 << 10,  // Flushes, checkpoints and retention go on all the time.
          .flush_idle = std::chrono::milliseconds(5),
          .log_retain_bytes = 1};
}

// Writes until it is killed: each group changes a counter and a row that says the same. Tells what
// was acknowledged.
[[noreturn]] void write_for_ever(const std::string& directory, int tell) {
  auto store = Store::open(Env::posix(), options_in(directory), test_schema());
  if (!store) ::_exit(1);
  std::uint64_t count = 0;
  {
    const auto view = (*store)->view();
    const auto before = view->get(kWords, word("count"));
    if (before && *before) count = std::stoull(std::string(**before));
  }
  for (;;) {
    ++count;
    const auto wrote = (*store)->write("test.Count", [&](WriteTxn& txn) -> Result<void> {
      const std::string text = std::to_string(count);
      CLOCHE_TRY_VOID(txn.put(kWords, word("count"), text));
      return txn.put(kNumbers,
                     KeyWriter().integer(static_cast<std::int64_t>(count % 5'000)).blob("").take(),
                     text + std::string(300, 'x'));
    });
    if (!wrote || ::write(tell, &count, sizeof count) != sizeof count) ::_exit(1);
  }
}

// The promise that the whole shape is made for: kill -9 at any moment loses nothing that was
// acknowledged, and never shows half of a group. A real process is killed, in the middle of
// flushes, checkpoints and removals of segments.
TEST(Kill, LosesNothingThatWasAcknowledged) {
  TestDirectory dir;
  std::mt19937 random(std::random_device{}());
  std::uint64_t acknowledged = 0;
  for (int round = 0; round < 8; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_for_ever(dir.path(), ends[1]);
    ::close(ends[1]);
    ::usleep(static_cast<useconds_t>(30'000 + random() % 120'000));
    // What is told until now is all that counts; the pipe holds some thousands, so the child is
    // never held up by us for long.
    ::kill(child, SIGKILL);
    std::uint64_t told = 0;
    while (::read(ends[0], &told, sizeof told) == sizeof told) acknowledged = told;
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);

    const auto store = Store::open(Env::posix(), options_in(dir.path()), test_schema());
    ASSERT_TRUE(store.has_value()) << store.error().message;
    const auto view = (*store)->view();
    const auto found = view->get(kWords, word("count"));
    ASSERT_TRUE(found.has_value());
    const std::uint64_t count = *found ? std::stoull(std::string(**found)) : 0;
    ASSERT_GE(count, acknowledged);
    ASSERT_LE(count, acknowledged + 1);
    for (std::uint64_t at = count < 5'000 ? 1 : count - 4'999; at <= count; ++at) {
      const auto row = view->get(
          kNumbers, KeyWriter().integer(static_cast<std::int64_t>(at % 5'000)).blob("").take());
      ASSERT_TRUE(row.has_value() && row->has_value()) << at;
      ASSERT_TRUE((*row)->starts_with(std::to_string(at) + "x")) << at;
    }
  }
  EXPECT_GT(acknowledged, 1'000u);
  const auto report = doctor(Env::posix(), dir.path(), test_schema(), nullptr);
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_EQ(report->damages, std::vector<std::string>());
}

}  // namespace
}  // namespace cloche::engine
