#include <gtest/gtest.h>

#include <algorithm>
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
  ASSERT_TRUE(store->flush());
  for (int i = 0; i < 100; ++i) put(*store, "b" + std::to_string(i), std::string(1'000, 'x'));
  const auto branch = make(*store, "one");
  const std::string copy = store.directory() + "/branches/one/";
  std::uint64_t bytes = 0;
  std::vector<std::string> names{"state.db", "state.db-wal"};
  for (const auto& entry : std::filesystem::directory_iterator(copy + "origin"))
    names.push_back("origin/" + entry.path().filename().string());
  EXPECT_EQ(names.size(), 3u);
  for (const std::string& name : names) {
    ASSERT_TRUE(std::filesystem::exists(copy + name)) << name;
    const auto size = std::filesystem::file_size(copy + name);
    EXPECT_GE(env.synced_bytes(copy + name), size) << name;
    bytes += size;
  }
  EXPECT_GT(bytes, 200'000u);
}

// At `commit` a power cut may leave the copy without what makes it a branch.
TEST(Branches, AreRefusedWithoutTheirFirstRecord) {
  TestStore store;
  put(*store, "a", "1");
  ASSERT_TRUE(store->flush());
  make(*store, "one").reset();
  const std::string directory = store.directory() + "/branches/one";
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  for (const char* name : {"/state.db", "/state.db-wal"})
    std::filesystem::copy(store.directory() + name, directory + name);
  const auto opened = branches_of(*store).open("one");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, Error::Kind::Damaged);
  EXPECT_NE(opened.error().message.find("first record of one"), std::string::npos)
      << opened.error().message;
}

// From the memtables, an active and a frozen one, and SQLite's log, at each point; the same after a kill, and after
// the rows have come to state.db.
TEST(Branches, BeginWithWhatIsNotFlushed) {
  TestStore store({.flush_idle = std::chrono::hours(1), .log_line = {}});
  Rows rows;
  std::map<std::uint64_t, Rows> states;
  const auto write = [&](const std::string& name, const std::string& value) {
    put(*store, name, value);
    rows.erase(word(name));
    if (!value.empty()) rows[word(name)] = value;
    states[store->view()->lsn().value()] = rows;
  };
  write("a", "1");
  write("gone later", "1");
  ASSERT_TRUE(store->flush());
  write("b", "2");
  write("gone later", "");
  write("b", "3");
  write("b", "");
  write("a", "4");
  std::map<std::string, Rows> wanted;
  for (const auto& [lsn, state] : states) {
    const std::string name = "at" + std::to_string(lsn);
    auto branch = make(*store, name, Lsn(lsn));
    EXPECT_EQ(rows_of(*branch), state) << lsn;
    put(*branch, "own", name);
    wanted[name] = state;
    wanted[name][word("own")] = name;
    EXPECT_EQ(rows_of(*branch), wanted[name]);
    EXPECT_GT(branch->view()->lsn(), store->stats().flushed);
    branch->abandon();  // As a kill leaves it, but for state.db: which is put back.
    std::filesystem::copy(store.directory() + "/branches/" + name, store.directory() + "/../left",
                          std::filesystem::copy_options::recursive);
    branch.reset();
    std::filesystem::remove_all(store.directory() + "/branches/" + name);
    std::filesystem::rename(store.directory() + "/../left",
                            store.directory() + "/branches/" + name);
  }
  for (int reopened = 0; reopened < 3; ++reopened) {
    for (const auto& [name, state] : wanted) {
      const auto branch = branches_of(*store).open(name);
      ASSERT_TRUE(branch) << branch.error().message;
      EXPECT_EQ(rows_of(**branch), state) << name;
    }
  }
}

TEST(Branches, ForgetWhatTheirStateHolds) {
  TestStore store({.flush_idle = std::chrono::milliseconds(1), .log_line = {}});
  put(*store, "a", "1");
  {
    const auto branch = make(*store, "one");
    for (int i = 0; i < 2000 && std::filesystem::exists(branch->directory() + "/origin"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_FALSE(std::filesystem::exists(branch->directory() + "/origin"));
  }
  const auto branch = branches_of(*store).open("one");
  ASSERT_TRUE(branch) << branch.error().message;
  EXPECT_EQ(rows_of(**branch), (Rows{{word("a"), "1"}}));
}

TEST(Branches, RefuseThePointsThatHistoryDoesNotHave) {
  TestStore store;
  put(*store, "a", "1");
  const auto refused = branches_of(*store).make("one", Lsn(1'000), "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "PointInTheFuture");
}

// A branch that lost its beginning is another state: it is not opened.
TEST(Branches, WithoutTheirFirstRecordAreDamaged) {
  TestStore store({.flush_idle = std::chrono::hours(1), .log_line = {}});
  put(*store, "a", "1");
  for (const bool flushed : {false, true}) {
    if (flushed) {
      ASSERT_TRUE(store->flush());
    }
    for (const std::string lost : {"wal", "origin", "both"}) {
      const std::string name = lost + (flushed ? "1" : "2");
      auto branch = make(*store, name);
      const std::string at = store.directory() + "/branches/" + name;
      std::filesystem::copy(at, at + "-", std::filesystem::copy_options::recursive);
      branch.reset();
      std::filesystem::remove_all(at);
      std::filesystem::rename(at + "-", at);
      if (lost != "origin") std::filesystem::remove_all(at + "/wal");
      const bool had_origin = std::filesystem::remove_all(at + "/origin") > 0 || lost == "wal";
      const auto opened = branches_of(*store).open(name);
      if (lost == "origin" && !had_origin) {
        EXPECT_TRUE(opened);
        continue;
      }
      ASSERT_FALSE(opened) << name;
      EXPECT_EQ(opened.error().kind, Error::Kind::Damaged) << opened.error().message;
    }
  }
}

// While rows are written, flushed and folded into the database, every branch is one state, and the right one.
TEST(Branches, AreOneStateAmidFlushesAndCheckpoints) {
  TestStore store(
      {.memtable_bytes = 64 << 10, .flush_idle = std::chrono::milliseconds(1), .log_line = {}});
  constexpr int kRows = 40;
  std::map<std::uint64_t, int> values;
  std::mutex mutex;
  std::atomic<bool> stop = false;
  const auto writing = [&] {
    for (int value = 1; !stop; ++value) {
      std::uint64_t lsn = 0;
      const auto written = store->write("test.All", [&](WriteTxn& txn) -> Result<void> {
        lsn = txn.lsn().value() + 1;
        for (int i = 0; i < kRows; ++i) {
          CLOCHE_TRY_VOID(txn.put(kWords, word(std::to_string(i) + std::string(i * 10, 'k')),
                                  std::to_string(value) + " " + std::string(value % 700, 'v')));
        }
        return {};
      });
      ASSERT_TRUE(written);
      const std::lock_guard lock(mutex);
      values[lsn] = value;
    }
  };
  std::vector<std::jthread> threads;
  struct Stop {
    std::atomic<bool>& flag;
    ~Stop() { flag = true; }
  } const stop_at_the_end{stop};
  threads.emplace_back(writing);
  threads.emplace_back([&] {
    for (int i = 0; !stop; ++i) {
      EXPECT_TRUE(store->flush());
      if (i % 8 == 0) {
        EXPECT_TRUE(history_of(*store).compact(std::nullopt));
      }
    }
  });
  while (store->view()->lsn() < Lsn(5)) std::this_thread::yield();
  std::mt19937 random(1);
  for (int made = 0; made < 60; ++made) {
    std::optional<Lsn> from;
    {
      const std::lock_guard lock(mutex);
      if (made % 3 != 0 && values.size() > 50)
        from = Lsn(std::prev(values.end(), 1 + static_cast<long>(random() % 50))->first);
    }
    auto branch = make(*store, "b" + std::to_string(made), from);
    ASSERT_NE(branch, nullptr);
    const auto all = rows_of(*branch);
    std::string value;
    for (const auto& [key, bytes] : all) {
      if (value.empty()) value = bytes;
      ASSERT_EQ(bytes, value) << made;
    }
    ASSERT_EQ(all.size(), kRows);
    const auto known = branches_of(*store).list();
    const auto told = std::ranges::find(*known, "b" + std::to_string(made), &Branch::name);
    if (from) {
      ASSERT_EQ(told->from, *from);
    }
    {
      const std::lock_guard lock(mutex);
      const auto then = values.upper_bound(told->from.value());
      // The write of the newest may not have been noted yet.
      if (then != values.end() && then != values.begin()) {
        EXPECT_EQ(std::stoi(value), std::prev(then)->second) << made;
      }
    }
    branch->abandon();
    branch.reset();
    ASSERT_TRUE(branches_of(*store).remove("b" + std::to_string(made)));
  }
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
