#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "engine/blob/blob_store.h"
#include "engine/store/test_store.h"
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

}  // namespace
}  // namespace cloche::engine
