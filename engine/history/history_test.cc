#include "engine/history.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "engine/history/point.h"
#include "engine/store/test_store.h"

namespace cloche::engine {
namespace {

using Rows = std::map<std::string, std::string>;

class HistoryTest : public testing::Test {
 protected:
  History& history() { return history_of(*store_); }

  Lsn put(const std::string& name, const std::string& value) {
    EXPECT_TRUE(store_->write("test.Put " + name, [&](WriteTxn& txn) {
      return value.empty() ? txn.erase(kWords, word(name)) : txn.put(kWords, word(name), value);
    }));
    return store_->view()->lsn();
  }

  Lsn head() { return store_->view()->lsn(); }

  Rows rows() {
    Rows all;
    const auto view = store_->view();
    for (const auto cursor = view->scan(kWords, {}); cursor->valid(); cursor->next())
      all.emplace(cursor->key(), cursor->value());
    return all;
  }

  BlobRef blob(const std::string& text) {
    auto writer = store_->blobs().begin({});
    EXPECT_TRUE(writer->append(as_bytes(text)));
    auto pending = writer->finish();
    EXPECT_TRUE(pending);
    BlobRef ref{};
    EXPECT_TRUE(store_->write("test.Adopt", [&](WriteTxn& txn) -> Result<void> {
      CLOCHE_TRY(const adopted, txn.adopt(**pending));
      ref = adopted;
      return {};
    }));
    return ref;
  }

  void release(const BlobRef& ref) {
    EXPECT_TRUE(store_->write("test.Release", [&](WriteTxn& txn) { return txn.release(ref); }));
  }

  bool readable(const BlobRef& ref) {
    const auto view = store_->view();
    return store_->blobs().read(*view, ref, 0, ref.size).has_value();
  }

  std::string refused(const Result<Rewound>& rewound) {
    return rewound ? "" : rewound.error().code;
  }

  TestStore store_;
};

TEST_F(HistoryTest, RewindsToACheckpoint) {
  put("a", "1");
  put("b", "1");
  const auto made = history().checkpoint("clean");
  ASSERT_TRUE(made);
  const Rows before = rows();
  put("a", "2");
  put("b", "");
  put("c", "3");
  const auto found = history().find("clean");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, made->lsn);
  const auto rewound = history().rewind(*found);
  ASSERT_TRUE(rewound);
  EXPECT_EQ(rewound->rows, 3u);
  EXPECT_EQ(rows(), before);
  // Nothing to do the second time.
  const auto again = history().rewind(*found);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->rows, 0u);
}

// History only grows.
TEST_F(HistoryTest, ARewindCanBeRewound) {
  const Lsn first = put("a", "1");
  const Lsn second = put("a", "2");
  const Rows at_second = rows();
  ASSERT_TRUE(history().rewind(first));
  const Rows at_first = rows();
  put("x", "new");
  ASSERT_TRUE(history().rewind(second));
  EXPECT_EQ(rows(), at_second);
  ASSERT_TRUE(history().rewind(first));
  EXPECT_EQ(rows(), at_first);
  ASSERT_TRUE(history().rewind(Lsn(0)));
  EXPECT_TRUE(rows().empty());
}

TEST_F(HistoryTest, BlobsComeBackAndGo) {
  const std::string small = "small", large(100'000, 'x'), later(100'000, 'y');
  const BlobRef a = blob(small), b = blob(large);
  const Lsn point = store_->view()->lsn();
  release(a);
  release(b);
  const BlobRef c = blob(later);
  EXPECT_FALSE(readable(a));
  const Lsn without = store_->view()->lsn();
  ASSERT_TRUE(history().rewind(point));
  EXPECT_TRUE(readable(a));
  EXPECT_TRUE(readable(b));
  // Garbage now, which the retained log still names.
  ASSERT_TRUE(store_->blobs().collect_garbage());
  EXPECT_TRUE(readable(b));
  ASSERT_TRUE(history().rewind(without));
  EXPECT_TRUE(readable(c));
  EXPECT_FALSE(readable(a));
  store_.close();
  const auto report = doctor(Env::posix(), store_.directory(), test_schema(), {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->damages, std::vector<std::string>());
  store_.open();
}

TEST_F(HistoryTest, QueuedWorkComesBack) {
  int runs = 0;
  store_->on_work("test", [&](WriteTxn&, const std::string&) -> Result<void> {
    ++runs;
    return {};
  });
  store_->start_scheduler();
  ASSERT_TRUE(store_->write("test.Later", [](WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY(
        const id,
        txn.later({.kind = "test", .payload = "", .due = txn.now() + std::chrono::hours(1)}));
    static_cast<void>(id);
    return {};
  }));
  const Lsn queued = store_->view()->lsn();
  store_->clock().move(std::chrono::hours(2));
  store_->drain_work();
  EXPECT_EQ(runs, 1);
  // Its time has come already.
  ASSERT_TRUE(history().rewind(queued));
  store_->drain_work();
  EXPECT_EQ(runs, 2);
}

TEST_F(HistoryTest, PointsAreFound) {
  store_->clock().freeze(kSeededStart);
  const Lsn first = put("a", "1");
  store_->clock().move(std::chrono::minutes(10));
  const Lsn second = put("a", "2");
  store_->clock().move(std::chrono::minutes(10));
  EXPECT_EQ(*history().find("2026-01-01T00:05:00Z"), first);
  EXPECT_EQ(*history().find("15m"), first);
  EXPECT_EQ(*history().find("600s"), second);
  EXPECT_EQ(*history().find(std::to_string(second.value())), second);
  EXPECT_EQ(*history().find("2020-01-01T00:00:00Z"), Lsn(0));
  EXPECT_EQ(history().find("nothing").error().code, "NoSuchCheckpoint");
  EXPECT_EQ(history().find("5 minutes").error().code, "InvalidPoint");
  EXPECT_EQ(history().find("").error().code, "InvalidPoint");
  EXPECT_EQ(refused(history().rewind(Lsn(1'000'000))), "PointInTheFuture");
  EXPECT_EQ(history().checkpoint("5m").error().code, "InvalidCheckpointName");
}

TEST_F(HistoryTest, CheckpointsAreListedMovedAndRemoved) {
  put("a", "1");
  ASSERT_TRUE(history().checkpoint("one"));
  put("a", "2");
  ASSERT_TRUE(history().checkpoint("two"));
  store_.reopen();
  const auto all = history().checkpoints();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].name, "one");
  EXPECT_LT((*all)[0].lsn, (*all)[1].lsn);
  ASSERT_TRUE(history().rewind((*all)[0].lsn));
  EXPECT_EQ(history().checkpoints()->size(), 2u) << "checkpoints are not rewound";
  ASSERT_TRUE(history().remove_checkpoint("one"));
  EXPECT_EQ(history().remove_checkpoint("one").error().code, "NoSuchCheckpoint");
  EXPECT_EQ(history().checkpoints()->size(), 1u);
}

TEST_F(HistoryTest, TheTimelineTellsWhatWasAsked) {
  put("a", "1");
  put("b", "2");
  std::vector<std::string> told;
  ASSERT_TRUE(history().read(Lsn(0), [&](const Event& event, const History::Tell&) {
    for (const std::string& request : event.requests) told.push_back(request);
    EXPECT_EQ(event.rows, 1u);
    return told.size() < 2;
  }));
  EXPECT_EQ(told, (std::vector<std::string>{"test.Put b", "test.Put a"}));
}

// A checkpoint holds on to the log; without one it is shortened.
TEST(History, ACheckpointKeepsWhatItNeeds) {
  TestStore store({.memtable_bytes = 1 << 20,
                   .flush_idle = std::chrono::milliseconds(5),
                   .log_retain_bytes = 1});
  const auto fill = [&](int round) {
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(store.put(kWords, word(std::to_string(i)),
                            std::string(1 << 20, static_cast<char>('a' + round))));
    }
    EXPECT_TRUE(store->flush());
  };
  EXPECT_TRUE(store.put(kWords, word("kept"), "yes"));
  const auto made = history_of(*store).checkpoint("start");
  ASSERT_TRUE(made);
  fill(0);
  store.reopen();
  fill(1);
  store.reopen();
  EXPECT_LE(store->log()->oldest(), made->lsn);
  ASSERT_TRUE(history_of(*store).rewind(made->lsn));
  EXPECT_EQ(store.get(kWords, word("0")), std::nullopt);
  EXPECT_EQ(store.get(kWords, word("kept")), "yes");
  ASSERT_TRUE(history_of(*store).remove_checkpoint("start"));
  fill(2);
  store.reopen();
  fill(3);
  EXPECT_GT(store->log()->oldest(), made->lsn);
  const auto too_far = history_of(*store).rewind(made->lsn);
  ASSERT_FALSE(too_far);
  EXPECT_EQ(too_far.error().code, "PointBeforeHistory");
}

// Also what an earlier process wrote, and not what is younger.
TEST(History, OldRecordsGo) {
  TestStore store({.seed = 1,
                   .memtable_bytes = 1 << 20,
                   .flush_idle = std::chrono::milliseconds(5),
                   .log_retain_age = std::chrono::hours(24)});
  const auto fill = [&](const std::string& value, int rows = 1) {
    for (int i = 0; i < rows; ++i) {
      EXPECT_TRUE(store.put(kWords, word(std::to_string(i)), value + std::string(1 << 20, 'x')));
    }
    EXPECT_TRUE(store->flush());
  };
  fill("first", 70);  // More than a file of the log.
  store->clock().move(std::chrono::hours(23));
  fill("second");
  const Lsn second = store->view()->lsn();
  store.reopen();
  EXPECT_EQ(store->log()->oldest(), Lsn(1));
  store->clock().move(std::chrono::hours(2));
  fill("third");
  // Soon, when the flush thread has nothing else to do.
  for (int i = 0; i < 1'000 && store->log()->oldest() == Lsn(1); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_GT(store->log()->oldest(), Lsn(1));
  ASSERT_TRUE(history_of(*store).rewind(second));
  EXPECT_EQ(store.get(kWords, word("0"))->substr(0, 6), "second");
}

TEST(History, IsNotThereWithoutALog) {
  TestStore store({.durability = wal::Durability::Memory});
  EXPECT_FALSE(history_of(*store).checkpoint("x"));
  EXPECT_FALSE(history_of(*store).rewind(Lsn(0)));
}

// Any point, any number of times, with restarts and kills between: the state is what it was when
// the point was the head.
TEST(History, RandomRewindsAgreeWithWhatWasThere) {
  std::uint64_t seed = std::random_device{}();
  if (const char* given = std::getenv("CLOCHE_TEST_SEED")) seed = std::strtoull(given, nullptr, 10);
  SCOPED_TRACE("CLOCHE_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  TestStore store({.memtable_bytes = 20 << 10, .flush_idle = std::chrono::milliseconds(3)});
  const auto state = [&] {
    Rows all;
    const auto view = store->view();
    for (const TableId table : {kWords, kNumbers}) {
      for (const auto cursor = view->scan(table, {}); cursor->valid(); cursor->next())
        all.emplace(std::to_string(table) + std::string(cursor->key()), cursor->value());
    }
    return all;
  };
  std::vector<std::pair<Lsn, Rows>> points;
  for (int step = 0; step < 400; ++step) {
    if (random() % 8 == 0 && !points.empty()) {
      const auto& [lsn, rows] = points[random() % points.size()];
      ASSERT_TRUE(history_of(*store).rewind(lsn));
      ASSERT_EQ(state(), rows) << "step " << step << ", back to " << lsn.value();
    } else {
      ASSERT_TRUE(store->write("test.Random", [&](WriteTxn& txn) -> Result<void> {
        for (std::uint64_t i = random() % 20; i > 0; --i) {
          const std::string key = word(std::to_string(random() % 50));
          const auto number = static_cast<std::int64_t>(random() % 50);
          if (random() % 3 == 0) {
            CLOCHE_TRY_VOID(txn.erase(kWords, key));
          } else {
            CLOCHE_TRY_VOID(txn.put(kWords, key, std::string(random() % 200, 'v')));
          }
          CLOCHE_TRY_VOID(txn.put(kNumbers, KeyWriter().integer(number).blob("").take(),
                                  std::to_string(random())));
        }
        return {};
      }));
    }
    if (random() % 4 == 0) points.emplace_back(store->view()->lsn(), state());
    if (random() % 60 == 0) store.reopen();
    if (random() % 60 == 0) {
      ASSERT_TRUE(store->flush());
      store.kill();
    }
  }
}

TEST_F(HistoryTest, AResetEmptiesAndCanBeRewound) {
  put("a", "1");
  put("b", "2");
  const Rows then = rows();
  ASSERT_TRUE(store_->write("test.Work", [](WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY(const id, txn.later({.kind = "test.never", .payload = "", .due = Instant::max()}));
    static_cast<void>(id);
    return {};
  }));
  const auto other = history().reset("tes");
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(other->rows, 0u);
  EXPECT_EQ(rows(), then);
  const auto emptied = history().reset("test");
  ASSERT_TRUE(emptied) << emptied.error().message;
  EXPECT_EQ(emptied->rows, 3u);
  EXPECT_TRUE(rows().empty());
  ASSERT_TRUE(history().rewind(emptied->from));
  EXPECT_EQ(rows(), then);
  EXPECT_EQ(history().reset("")->rows, 3u);
}

TEST_F(HistoryTest, CompactingKeepsWhatIsNeeded) {
  for (int i = 0; i < 200; ++i) put("k" + std::to_string(i), std::string(100'000, 'x'));
  put("last", "1");
  ASSERT_TRUE(history().checkpoint("here"));
  const Rows then = rows();
  ASSERT_TRUE(store_->flush());
  ASSERT_TRUE(history().reset("test"));
  const auto held = history().compact(head());
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_LT(held->state_after, held->state_before / 10);
  ASSERT_TRUE(history().rewind(*history().find("here")));
  EXPECT_EQ(rows(), then);
  ASSERT_TRUE(history().remove_checkpoint("here"));
  const auto freed = history().compact(head());
  ASSERT_TRUE(freed) << freed.error().message;
  EXPECT_LT(freed->log_after, freed->log_before);
  EXPECT_EQ(rows(), then);
  store_.reopen();
  EXPECT_EQ(rows(), then);
}

}  // namespace
}  // namespace cloche::engine
