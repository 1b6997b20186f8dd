#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "engine/branch.h"
#include "engine/history.h"
#include "engine/store/test_store.h"
#include "wal/faulty_env.h"

namespace cloche::engine {
namespace {

using Rows = std::map<std::string, std::string>;

void put(Store& store, const std::string& name, const std::string& value) {
  const auto written = store.write("test.Put " + name, [&](WriteTxn& txn) {
    return value.empty() ? txn.erase(kWords, word(name)) : txn.put(kWords, word(name), value);
  });
  EXPECT_TRUE(written) << written.error().message;
}

Rows rows_of(Store& store) {
  Rows all;
  const auto view = store.view();
  for (const auto cursor = view->scan(kWords, {}); cursor->valid(); cursor->next())
    all.emplace(cursor->key(), cursor->value());
  return all;
}

// A blob, and a row that names it, so that its reference is somewhere.
BlobRef put_blob(Store& store, const std::string& text) {
  auto writer = store.blobs().begin({});
  EXPECT_TRUE(writer->append(as_bytes(text)));
  auto pending = writer->finish();
  EXPECT_TRUE(pending);
  BlobRef ref{};
  EXPECT_TRUE(store.write("test.Adopt", [&](WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY(const adopted, txn.adopt(**pending));
    ref = adopted;
    return {};
  }));
  return ref;
}

void release(Store& store, const BlobRef& ref) {
  EXPECT_TRUE(store.write("test.Release", [&](WriteTxn& txn) { return txn.release(ref); }));
}

std::string read_blob(Store& store, const BlobRef& ref) {
  const auto view = store.view();
  const auto got = store.blobs().read(*view, ref, 0, ref.size);
  if (!got) return "error: " + got.error().message;
  if (!got->file) return got->bytes;
  std::string bytes(ref.size, '\0');
  EXPECT_TRUE(got->file->read_at(got->file_offset, std::as_writable_bytes(std::span(bytes))));
  return bytes;
}

std::unique_ptr<Store> make(Store& parent, std::string_view name,
                            std::optional<Lsn> from = std::nullopt) {
  auto made = branches_of(parent).make(name, from, "a note");
  EXPECT_TRUE(made) << made.error().message;
  return made ? *std::move(made) : nullptr;
}

TEST(Branches, LiveOnTheirOwn) {
  TestStore store;
  put(*store, "a", "1");
  const auto branch = make(*store, "one");
  ASSERT_NE(branch, nullptr);
  EXPECT_EQ(rows_of(*branch), rows_of(*store));
  put(*branch, "a", "of the branch");
  put(*store, "b", "of the trunk");
  EXPECT_EQ(rows_of(*branch), (Rows{{word("a"), "of the branch"}}));
  EXPECT_EQ(rows_of(*store), (Rows{{word("a"), "1"}, {word("b"), "of the trunk"}}));
  const auto all = branches_of(*store).list();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 1u);
  EXPECT_EQ(all->front().name, "one");
  EXPECT_EQ(all->front().note, "a note");
}

TEST(Branches, BeginAtAnyPoint) {
  TestStore store;
  put(*store, "a", "1");
  const Rows then = rows_of(*store);
  const Lsn point = store->view()->lsn();
  put(*store, "a", "2");
  ASSERT_TRUE(store->flush());
  put(*store, "b", "3");
  const auto branch = make(*store, "past", point);
  ASSERT_NE(branch, nullptr);
  EXPECT_EQ(rows_of(*branch), then);
  EXPECT_EQ(branches_of(*store).list()->front().from, point);
}

TEST(Branches, AreThereAfterARestart) {
  TestStore store;
  put(*store, "a", "1");
  {
    const auto branch = make(*store, "one");
    put(*branch, "a", "2");
  }
  store.reopen();
  const auto branch = branches_of(*store).open("one");
  ASSERT_TRUE(branch) << branch.error().message;
  EXPECT_EQ(rows_of(**branch), (Rows{{word("a"), "2"}}));
  const auto none = branches_of(*store).open("two");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "NoSuchBranch");
}

TEST(Branches, HaveNoBranchesAndCheckpointsOfTheirParent) {
  TestStore store;
  put(*store, "a", "1");
  ASSERT_TRUE(history_of(*store).checkpoint("here"));
  const auto one = make(*store, "one");
  const auto two = make(*store, "two");
  EXPECT_TRUE(branches_of(*two).list()->empty());
  EXPECT_TRUE(history_of(*two).checkpoints()->empty());
  EXPECT_EQ(branches_of(*store).list()->size(), 2u);
  // Nor are their names taken there.
  EXPECT_NE(make(*two, "one"), nullptr);
}

TEST(Branches, RefuseNamesThatAreTaken) {
  TestStore store;
  const auto one = make(*store, "one");
  const auto again = branches_of(*store).make("one", std::nullopt, "");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, "BranchExists");
  for (const char* name : {"", "../x", "1", "a/b", "-"}) {
    const auto refused = branches_of(*store).make(name, std::nullopt, "");
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, "InvalidBranchName");
  }
}

// One of them gets the name, and the others leave what it made alone.
TEST(Branches, ManyWhoWantOneNameGetOneBranch) {
  TestStore store;
  put(*store, "a", "1");
  std::atomic<int> refused = 0;
  std::mutex mutex;
  std::vector<std::unique_ptr<Store>> made;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        auto branch = branches_of(*store).make("one", std::nullopt, "");
        if (!branch) {
          EXPECT_EQ(branch.error().code, "BranchExists");
          ++refused;
          return;
        }
        const std::lock_guard lock(mutex);
        made.push_back(*std::move(branch));
      });
    }
  }
  EXPECT_EQ(refused, 7);
  ASSERT_EQ(made.size(), 1u);
  put(*made[0], "b", "2");
  made.clear();
  const auto again = branches_of(*store).open("one");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(rows_of(**again), (Rows{{word("a"), "1"}, {word("b"), "2"}}));
}

// What a branch begins with is in no log of its own: a power cut must not take it.
TEST(Branches, WhatTheyBeginWithIsSynced) {
  wal::FaultyEnv env;
  TestStore store({.durability = wal::Durability::Fsync}, test_schema(), env);
  for (int i = 0; i < 100; ++i) put(*store, std::to_string(i), std::string(1'000, 'x'));
  const auto branch = make(*store, "one");
  const std::string copy = store.directory() + "/branches/one/state.db";
  const auto bytes = std::filesystem::file_size(copy);
  const auto log_bytes = std::filesystem::file_size(copy + "-wal");
  EXPECT_GT(bytes + log_bytes, 100'000u);
  put(*branch, "a", "1");
  EXPECT_GE(env.synced_bytes(copy), bytes);
  EXPECT_GE(env.synced_bytes(copy + "-wal"), log_bytes);
}

TEST(Branches, KeepBlobsThatTheirParentGivesUp) {
  TestStore store({.inline_blob_bytes = 8, .log_line = {}});
  const std::string text = "more than eight bytes";
  const BlobRef blob = put_blob(*store, text);
  auto branch = make(*store, "one");
  release(*store, blob);
  // As if the log were gone: what holds the file now is the branch alone.
  for (int i = 0; i < 3; ++i) {
    put(*store, "x", std::to_string(i));
    ASSERT_TRUE(store->flush());
    ASSERT_TRUE(store->blobs().collect_garbage());
  }
  EXPECT_EQ(read_blob(*branch, blob), text);
  // One that both have ingested, and one of the branch's own.
  const BlobRef own = put_blob(*branch, "the branch's own");
  EXPECT_EQ(put_blob(*branch, text), blob);
  release(*branch, blob);
  EXPECT_EQ(read_blob(*branch, blob), text);
  branch.reset();
  store.reopen();
  branch = *branches_of(*store).open("one");
  EXPECT_EQ(read_blob(*branch, blob), text);
  EXPECT_EQ(read_blob(*branch, own), "the branch's own");
  branch.reset();
  std::vector<std::string> damages;
  const auto report = doctor(Env::posix(), store.directory() + "/branches/one", test_schema(), {});
  ASSERT_TRUE(report) << report.error().message;
  for (const std::string& damage : report->damages)  // No table of the test counts references.
    EXPECT_NE(damage.find("references are counted"), std::string::npos) << damage;
}

TEST(Branches, RemovedOnesFreeTheirSpace) {
  TestStore store;
  auto branch = make(*store, "one");
  put(*branch, "a", "1");
  const auto below = make(*branch, "below");
  branch->abandon();
  ASSERT_FALSE(branches_of(*store).remove("one")) << "it has a branch";
  below->abandon();
  ASSERT_TRUE(branches_of(*branch).remove("below"));
  branch.reset();
  ASSERT_TRUE(branches_of(*store).remove("one"));
  EXPECT_FALSE(std::filesystem::exists(store.directory() + "/branches/one"));
  EXPECT_TRUE(branches_of(*store).list()->empty());
  EXPECT_NE(make(*store, "one"), nullptr);
}

TEST(Branches, LeftoversOfUnfinishedOnesGo) {
  TestStore store;
  const std::string left = store.directory() + "/branches/half";
  std::filesystem::create_directories(left);
  std::filesystem::copy(store.directory() + "/state.db", left + "/state.db");
  store.reopen();
  EXPECT_FALSE(std::filesystem::exists(left));
}

TEST(Branches, WithoutAHistoryToo) {
  TestStore store({.durability = wal::Durability::Memory, .inline_blob_bytes = 8, .log_line = {}});
  put(*store, "a", "1");
  const BlobRef blob = put_blob(*store, "more than eight bytes");
  const auto branch = make(*store, "one");
  const auto below = make(*branch, "below");
  put(*branch, "a", "2");
  EXPECT_EQ(rows_of(*store), (Rows{{word("a"), "1"}}));
  EXPECT_EQ(rows_of(*below), (Rows{{word("a"), "1"}}));
  EXPECT_EQ(read_blob(*below, blob), "more than eight bytes");
  EXPECT_FALSE(branches_of(*store).make("past", Lsn(1), ""));
}

TEST(Branches, ARewindLeavesThemAlone) {
  TestStore store;
  put(*store, "a", "1");
  const Lsn point = store->view()->lsn();
  const auto branch = make(*store, "one");
  ASSERT_TRUE(history_of(*store).rewind(point));
  EXPECT_EQ(branches_of(*store).list()->size(), 1u);
}

// Whatever the trunk and the branches do, rewinds and kills among it, each is what was done to it.
TEST(Branches, RandomTreesKeepApart) {
  const char* given = std::getenv("CLOCHE_TEST_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                                         : std::random_device{}();
  SCOPED_TRACE("CLOCHE_TEST_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  const auto chance = [&](unsigned of) { return random() % of == 0; };

  TestStore store;
  struct Known {
    std::unique_ptr<Store> store;
    Rows rows;
  };
  std::map<std::string, Known> branches;
  std::map<std::uint64_t, Rows> states{{store->view()->lsn().value(), {}}};
  Rows rows;
  int made = 0;
  for (int step = 0; step < 600; ++step) {
    Known* in = nullptr;
    if (!branches.empty() && chance(2))
      in = &std::next(branches.begin(), static_cast<long>(random() % branches.size()))->second;
    Store& at = in ? *in->store : *store;
    Rows& known = in ? in->rows : rows;
    const std::string key = "k" + std::to_string(random() % 30);
    const std::string value = chance(4) ? "" : "v" + std::to_string(step);
    put(at, key, value);
    if (value.empty()) {
      known.erase(word(key));
    } else {
      known[word(key)] = value;
    }
    if (!in) states[at.view()->lsn().value()] = rows;
    if (chance(20)) {
      ASSERT_TRUE(at.flush());
    }
    if (chance(25) && branches.size() < 5) {
      const std::string name = "b" + std::to_string(made++);
      const auto from = std::next(states.begin(), static_cast<long>(random() % states.size()));
      auto branch = make(*store, name, Lsn(from->first));
      ASSERT_NE(branch, nullptr);
      branches[name] = {std::move(branch), from->second};
      states[store->view()->lsn().value()] = rows;
    }
    if (!branches.empty() && chance(60)) {
      branches.begin()->second.store->abandon();
      branches.begin()->second.store.reset();
      ASSERT_TRUE(branches_of(*store).remove(branches.begin()->first));
      branches.erase(branches.begin());
      states[store->view()->lsn().value()] = rows;
    }
    if (chance(40)) {
      const auto to = std::next(states.begin(), static_cast<long>(random() % states.size()));
      ASSERT_TRUE(history_of(*store).rewind(Lsn(to->first)));
      rows = to->second;
      states[store->view()->lsn().value()] = rows;
    }
    if (chance(60)) {
      for (auto& [name, branch] : branches) branch.store.reset();
      if (chance(2)) {
        store.kill();
      } else {
        store.reopen();
      }
      for (auto& [name, branch] : branches) {
        auto opened = branches_of(*store).open(name);
        ASSERT_TRUE(opened) << opened.error().message;
        branch.store = *std::move(opened);
      }
    }
    ASSERT_EQ(rows_of(*store), rows) << step;
    for (const auto& [name, branch] : branches)
      ASSERT_EQ(rows_of(*branch.store), branch.rows) << step << " " << name;
  }
}

}  // namespace
}  // namespace cloche::engine
