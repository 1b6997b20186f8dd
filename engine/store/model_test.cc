#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "engine/store/record.h"
#include "engine/store/row.h"
#include "engine/store/test_store.h"

namespace cloche::engine {
namespace {

using Model = std::map<std::pair<TableId, std::string>, std::string>;

// One random run: what the store must answer is known from the map beside it.
class RandomRun {
 public:
  RandomRun(std::uint32_t seed, StoreOptions options) : random_(seed), store_(std::move(options)) {}

  void steps(int count) {
    for (int step = 0; step < count && !testing::Test::HasFailure(); ++step) one_step();
    check_all();
  }

  TestStore& store() { return store_; }
  const Model& model() const { return model_; }

 private:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

  void one_step() {
    switch (below(40)) {
      case 0:
        EXPECT_TRUE(store_->flush().has_value());
        return;
      case 1:
        if (below(4) == 0) store_.reopen();
        return check_all();
      case 2:
        if (below(4) == 0) store_.kill();
        return check_all();
      case 3:
      case 4:
      case 5:
        return write(true);
      default:
        if (below(3) == 0) return check_scan();
        if (below(2) == 0) return check_get();
        return write(false);
    }
  }

  TableId table() { return below(2) == 0 ? kWords : kNumbers; }

  // Few different ones, so that they meet; with the bytes that have a meaning in keys.
  std::string bytes() {
    static constexpr char kBytes[] = {'\x00', '\x01', 'a', 'b', '\x7F', '\xFE', '\xFF'};
    std::string text;
    for (std::uint32_t left = below(4); left > 0; --left)
      text.push_back(kBytes[below(sizeof kBytes)]);
    return text;
  }

  std::string key(TableId table) {
    if (table == kWords) return word(bytes());
    return KeyWriter().integer(static_cast<int>(below(5)) - 2).blob(bytes()).take();
  }

  // Keys, parts of them, and ends of ranges.
  std::string bound(TableId table) {
    if (table == kWords) {
      switch (below(4)) {
        case 0:
          return KeyWriter().text_prefix(bytes()).take();
        case 1:
          return KeyWriter().text_prefix(bytes()).after().take();
        case 2:
          return KeyWriter().text(bytes()).after().take();
        default:
          return key(table);
      }
    }
    const int number = static_cast<int>(below(5)) - 2;
    switch (below(6)) {
      case 0:
        return KeyWriter().integer(number).take();
      case 1:
        return KeyWriter().integer(number).after().take();
      case 2:
        return KeyWriter().integer(number).blob_prefix(bytes()).take();
      case 3:
        return KeyWriter().integer(number).blob_prefix(bytes()).after().take();
      case 4:
        return KeyWriter().after().take();
      default:
        return key(table);
    }
  }

  std::string value() {
    std::string text = std::to_string(random_());
    if (below(4) == 0) text.clear();
    if (below(8) == 0) text.push_back('\0');
    if (below(20) == 0) text.resize(10'000, 'x');
    return text;
  }

  // A closure with several changes, which it sees itself; if it fails, nobody ever sees them.
  void write(bool fails) {
    Model changed = model_;
    const auto outcome = store_->write("test.Write", [&](WriteTxn& txn) -> Result<void> {
      for (std::uint32_t left = 1 + below(5); left > 0; --left) {
        const TableId in = table();
        const std::string at = key(in);
        if (below(3) == 0) {
          CLOCHE_TRY_VOID(txn.erase(in, at));
          changed.erase({in, at});
        } else {
          const std::string to = value();
          CLOCHE_TRY_VOID(txn.put(in, at, to));
          changed[{in, at}] = to;
        }
        check_get(txn, changed);
        if (below(3) == 0) check_scan(txn, changed);
      }
      if (fails) return unavailable("refused on purpose");
      return {};
    });
    EXPECT_EQ(outcome.has_value(), !fails);
    if (!fails) model_ = std::move(changed);
  }

  void check_get() { check_get(*store_->view(), model_); }
  void check_get(const ReadView& view, const Model& model) {
    const TableId in = table();
    const std::string at = key(in);
    const auto found = view.get(in, at);
    ASSERT_TRUE(found.has_value()) << found.error().message;
    const auto expected = model.find({in, at});
    ASSERT_EQ(found->has_value(), expected != model.end());
    if (*found) {
      EXPECT_EQ(**found, expected->second);
    }
  }

  using Rows = std::vector<std::pair<std::string, std::string>>;
  static Rows expected_rows(const Model& model, TableId in, const KeyRange& range,
                            Direction direction) {
    Rows rows;
    for (const auto& [at, value] : model) {
      const std::string& key = at.second;
      if (at.first == in && key >= range.from && (range.to.empty() || key < range.to))
        rows.emplace_back(key, value);
    }
    if (direction == Direction::Backward) std::reverse(rows.begin(), rows.end());
    return rows;
  }

  void check_scan() { check_scan(*store_->view(), model_); }
  void check_scan(const ReadView& view, const Model& model) {
    const TableId in = table();
    KeyRange range{below(4) == 0 ? "" : bound(in), below(4) == 0 ? "" : bound(in)};
    const Direction direction = below(2) == 0 ? Direction::Forward : Direction::Backward;
    const Rows rows = expected_rows(model, in, range, direction);
    const auto cursor = view.scan(in, range, direction);
    std::size_t at = 0;
    for (; cursor->valid(); cursor->next(), ++at) {
      ASSERT_LT(at, rows.size());
      ASSERT_EQ(cursor->key(), rows[at].first);
      ASSERT_EQ(cursor->value(), rows[at].second);
      if (below(8) == 0) return check_seek(*cursor, rows, bound(in), direction);
    }
    ASSERT_TRUE(cursor->status().has_value());
    ASSERT_EQ(at, rows.size());
    check_seek(*cursor, rows, bound(in), direction);
  }

  void check_seek(Cursor& cursor, const Rows& rows, const std::string& target,
                  Direction direction) {
    cursor.seek(target);
    auto expected = rows.begin();
    while (expected != rows.end() && (direction == Direction::Forward ? expected->first < target
                                                                      : expected->first > target)) {
      ++expected;
    }
    ASSERT_EQ(cursor.valid(), expected != rows.end());
    if (cursor.valid()) {
      ASSERT_EQ(cursor.key(), expected->first);
    }
  }

  void check_all() {
    const auto view = store_->view();
    for (const TableId in : {kWords, kNumbers}) {
      const Rows rows = expected_rows(model_, in, {}, Direction::Forward);
      Rows found;
      const auto cursor = view->scan(in, {});
      for (; cursor->valid(); cursor->next()) found.emplace_back(cursor->key(), cursor->value());
      ASSERT_EQ(found, rows);
    }
  }

  std::mt19937 random_;
  TestStore store_;
  Model model_;
};

std::uint32_t seed_of_run() {
  const char* given = std::getenv("CLOCHE_TEST_SEED");
  return given ? static_cast<std::uint32_t>(std::atoi(given)) : std::random_device()();
}

// The whole of the engine against a map, at every step: layers that hide each other wrongly, bounds
// that SQLite and memory understand differently, failed closures that leave something behind,
// flushes, reopening and kills show here first.
TEST(Model, RandomWorkAgreesWithAMap) {
  const std::uint32_t seed = seed_of_run();
  SCOPED_TRACE("CLOCHE_TEST_SEED=" + std::to_string(seed));
  for (std::uint32_t run = 0; run < 4; ++run) {
    RandomRun(seed + run, {.flush_idle = std::chrono::hours(1)}).steps(1'500);
  }
}

// The same with a memtable that is always full, so that freezing and flushing go on beside the work
// (no kills then: the files are not still).
TEST(Model, RandomWorkWithoutALogAgreesWithAMap) {
  const std::uint32_t seed = seed_of_run();
  SCOPED_TRACE("CLOCHE_TEST_SEED=" + std::to_string(seed));
  // Memory durability: what is reopened is empty, so the run is checked until its end only.
  StoreOptions options{.durability = wal::Durability::Memory, .memtable_bytes = 1};
  TestStore store(options);
  Model model;
  std::mt19937 random(seed);
  for (int step = 0; step < 3'000; ++step) {
    const std::string key = word(std::to_string(random() % 50));
    const std::string value = std::to_string(step);
    ASSERT_TRUE(store.put(kWords, key, value));
    model[{kWords, key}] = value;
    const std::string other = word(std::to_string(random() % 50));
    const auto expected = model.find({kWords, other});
    ASSERT_EQ(store.get(kWords, other),
              expected == model.end() ? std::nullopt : std::optional(expected->second));
  }
  EXPECT_GT(store->stats().flushes, 0u);
}

// A rewind is the undo sides of the records, newest first. If they lead back from any state to the
// empty one, then each of them holds what it has to, whatever the rows went through.
TEST(Model, TheUndoSideOfTheWholeLogLeadsBackToNothing) {
  const std::uint32_t seed = seed_of_run();
  SCOPED_TRACE("CLOCHE_TEST_SEED=" + std::to_string(seed));
  RandomRun run(seed, {.flush_idle = std::chrono::hours(1)});
  run.steps(800);
  std::map<std::string, std::string> rows;
  for (const auto& [at, value] : run.model()) {
    std::string row;
    set_row(row, at.first, at.second);
    rows[row] = value;
  }
  const auto undo = [&](Lsn, std::span<const std::byte> bytes) -> Result<void> {
    CLOCHE_TRY(const record, read_record(bytes));
    for (const RowChange& change : record.changes) {
      if (table_of(change.row) < kWords) continue;  // The engine's own.
      const auto found = rows.find(std::string(change.row));
      EXPECT_EQ(found != rows.end(), change.after.has_value());
      if (change.after) {
        EXPECT_EQ(found->second, *change.after);
      }
      if (change.before) {
        rows[std::string(change.row)] = *change.before;
      } else {
        rows.erase(std::string(change.row));
      }
    }
    return {};
  };
  ASSERT_TRUE(run.store()->log()->replay_back(run.store()->stats().last, Lsn(0), undo));
  EXPECT_TRUE(rows.empty());
}

}  // namespace
}  // namespace cloche::engine
