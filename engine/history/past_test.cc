#include "engine/history/past.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/store/test_store.h"

namespace cloche::engine {
namespace {

class PastTest : public testing::Test {
 protected:
  PastTest() {
    StoreOptions options;
    options.directory = directory_.path();
    auto opened = Store::open(Env::posix(), options, test_schema());
    EXPECT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
    store_->clock().freeze(kSeededStart + std::chrono::hours(24 * 400));
  }

  void put(const std::string& name, const std::string& value) {
    store_->clock().move(std::chrono::seconds(1));
    const auto done = store_->write("", [&](WriteTxn& txn) {
      return value.empty() ? txn.erase(kWords, word(name)) : txn.put(kWords, word(name), value);
    });
    ASSERT_TRUE(done);
  }

  // All rows as they were at a time: those of now, with what has changed put back.
  std::map<std::string, std::string> at(Instant time) {
    const auto view = store_->view();
    std::map<std::string, std::string> rows;
    for (const auto cursor = view->scan(kWords, {}); cursor->valid(); cursor->next())
      rows.emplace(cursor->key(), cursor->value());
    const auto past = store_->changed_since(kWords, {}, time, view->lsn());
    EXPECT_TRUE(past);
    EXPECT_TRUE(*past) << "the log reaches back to the beginning";
    if (!past || !*past) return rows;
    for (const auto& [row, before] : **past) {
      rows.erase(row);
      if (before) rows.emplace(row, *before);
    }
    return rows;
  }

  TestDirectory directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(PastTest, EveryStateOfARandomHistoryIsFoundAgain) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::map<std::string, std::string> now;
  std::vector<std::pair<Instant, std::map<std::string, std::string>>> states;
  for (int i = 0; i < 200; ++i) {
    const std::string name = "k" + std::to_string(random() % 12);
    const std::string value = random() % 4 == 0 ? "" : std::to_string(random());
    put(name, value);
    now.erase(word(name));
    if (!value.empty()) now.emplace(word(name), value);
    states.emplace_back(store_->clock().now(), now);
    if (i % 50 == 20) {
      ASSERT_TRUE(store_->flush());
    }
  }
  for (const auto& [time, state] : states) EXPECT_EQ(at(time), state);
  EXPECT_TRUE(at(states.front().first - std::chrono::seconds(1)).empty());
}

TEST_F(PastTest, OnlyTheRangeIsRead) {
  put("a", "1");
  const Instant before = store_->clock().now();
  put("a", "2");
  put("b", "2");
  const auto view = store_->view();
  const auto past =
      store_->changed_since(kWords, KeyRange::of(KeyWriter().text("b")), before, view->lsn());
  ASSERT_TRUE(past && *past);
  ASSERT_EQ((*past)->size(), 1u);
  EXPECT_EQ((*past)->begin()->first, word("b"));
  EXPECT_FALSE((*past)->begin()->second) << "it was not there";
}

// What one stretch of a history did: neither what was before nor what came after is in it.
TEST_F(PastTest, ChangesBetweenTwoTimes) {
  put("kept", "1");
  put("changed", "1");
  put("gone", "1");
  const Instant after = store_->clock().now();
  put("changed", "2");
  put("changed", "3");
  const Instant last = store_->clock().now();
  put("gone", "");
  put("new", "1");
  put("passing", "1");
  put("passing", "");
  const Instant until = store_->clock().now();
  put("changed", "4");
  put("kept", "2");
  const auto rows = history_of(*store_).changed_between(kWords, {}, after, until);
  ASSERT_TRUE(rows && *rows);
  const auto is = [&](const std::string& name, std::optional<std::string> before,
                      std::optional<std::string> now) {
    const auto found = (*rows)->find(word(name));
    ASSERT_NE(found, (*rows)->end()) << name;
    EXPECT_EQ(found->second.before, before) << name;
    EXPECT_EQ(found->second.after, now) << name;
  };
  EXPECT_EQ((*rows)->size(), 4u);
  is("changed", "1", "3");
  is("gone", "1", std::nullopt);
  is("new", std::nullopt, "1");
  is("passing", std::nullopt, std::nullopt);
  EXPECT_EQ((*rows)->at(word("changed")).last, last);
}

}  // namespace
}  // namespace cloche::engine
