// What changed between two points, in resources of a small service of shelves and books.
#include <gtest/gtest.h>

#include "engine/describe.h"
#include "engine/history.h"
#include "engine/store/test_store.h"

namespace cloche::engine {
namespace {

constexpr TableId kShelves = 1100;  // (name) -> number
constexpr TableId kBooks = 1101;    // (shelf, title) -> "EDITION text"
constexpr TableId kOld = 1102;      // The same, of older editions.

std::optional<Resource> book(std::string_view key, std::string_view value, const Owners& owners) {
  KeyReader columns(key);
  const Owner* const owner = owners.find(columns.integer());
  if (owner == nullptr) return std::nullopt;
  Resource resource{.owner = *owner, .kind = "book", .name = columns.text()};
  resource.version = value.substr(0, value.find(' '));
  resource.bytes = value.size();
  return resource;
}

constexpr TableDescription kShelf{
    .names =
        [](std::string_view key, std::string_view value,
           std::vector<std::pair<std::int64_t, Owner>>& into) {
          into.emplace_back(
              std::stoll(std::string(value)),
              Owner{.kind = "shelf", .account = "", .region = "", .name = KeyReader(key).text()});
        },
    .resource = [](std::string_view key, std::string_view,
                   const Owners&) -> std::optional<Resource> {
      return Resource{
          .owner = {.kind = "shelf", .account = "", .region = "", .name = KeyReader(key).text()},
          .kind = "shelf"};
    }};
constexpr TableDescription kBook{
    .resource = book,
    .json = [](std::string_view, std::string_view value, std::string& into) { into += value; }};

Schema schema() {
  Schema schema = test_schema();
  const Column shelf{"shelf", ColumnType::Integer}, title{"title", ColumnType::Text};
  schema.add({{kShelves, "lib_shelves", {{"name", ColumnType::Text}}},
              {kBooks, "lib_books", {shelf, title}},
              {kOld, "lib_old", {shelf, title, {"edition", ColumnType::Integer}}}});
  schema.tables[schema.tables.size() - 3].description = &kShelf;
  schema.tables[schema.tables.size() - 2].description = &kBook;
  schema.tables.back().description = &kBook;
  return schema;
}

class DiffTest : public testing::Test {
 protected:
  DiffTest() : store_({}, schema()) {}
  History& history() { return history_of(*store_); }

  Lsn put(TableId table, const std::string& key, const std::string& value) {
    EXPECT_TRUE(store_->write("lib.Put", [&](WriteTxn& txn) {
      return value.empty() ? txn.erase(table, key) : txn.put(table, key, value);
    }));
    return head();
  }
  Lsn head() { return store_->view()->lsn(); }
  static std::string shelf(std::string_view name) { return KeyWriter().text(name).take(); }
  static std::string title(std::int64_t number, std::string_view title) {
    return KeyWriter().integer(number).text(title).take();
  }

  static std::string line(const Change& change) {
    const Resource& resource = change.resource;
    return (change.bytes_before ? change.bytes_after ? "~ " : "- " : "+ ") + resource.owner.name +
           "/" + resource.name + (resource.version.empty() ? "" : "@" + resource.version) +
           (change.before.empty() && change.after.empty()
                ? ""
                : " " + change.before + ">" + change.after);
  }
  std::vector<std::string> diff(Lsn from, Lsn to, const std::string& service = "",
                                const std::string& part = "") {
    std::vector<std::string> lines;
    const auto done = history().diff({.from = from, .to = to, .service = service, .resource = part},
                                     [&](const Change& change) {
                                       lines.push_back(line(change));
                                       return true;
                                     });
    EXPECT_TRUE(done) << done.error().message;
    return lines;
  }

  TestStore store_;
};

using Lines = std::vector<std::string>;

TEST_F(DiffTest, TellsWhatIsDifferentInBothDirections) {
  put(kShelves, shelf("a"), "1");
  put(kBooks, title(1, "kept"), "1 x");
  put(kBooks, title(1, "changed"), "1 x");
  const Lsn a = put(kBooks, title(1, "gone"), "1 x");
  put(kBooks, title(1, "changed"), "1 yy");
  put(kBooks, title(1, "gone"), "");
  put(kBooks, title(1, "came and went"), "1 z");
  put(kBooks, title(1, "came and went"), "");
  put(kBooks, title(1, "kept"), "1 other");
  put(kBooks, title(1, "kept"), "1 x");
  put(kWords, word("not told"), "x");
  const Lsn b = put(kBooks, title(1, "new"), "1 n");
  EXPECT_EQ(diff(a, b), (Lines{"~ a/changed@1 1 x>1 yy", "- a/gone@1 1 x>", "+ a/new@1 >1 n"}));
  EXPECT_EQ(diff(b, a), (Lines{"~ a/changed@1 1 yy>1 x", "+ a/gone@1 >1 x", "- a/new@1 1 n>"}));
  EXPECT_EQ(diff(a, a), Lines());
  EXPECT_EQ(diff(a, b, "lib", "a/ne"), (Lines{"+ a/new@1 >1 n"}));
  EXPECT_EQ(diff(a, b, "test"), Lines());
  // Neither point is the present.
  put(kBooks, title(1, "new"), "");
  put(kShelves, shelf("a"), "");
  EXPECT_EQ(diff(a, b).size(), 3u);
}

// What moved from row to row is the same resource.
TEST_F(DiffTest, AnOlderVersionStays) {
  put(kShelves, shelf("a"), "1");
  const Lsn a = put(kBooks, title(1, "b"), "1 x");
  ASSERT_TRUE(store_->write("lib.Put", [&](WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY_VOID(txn.put(kBooks, title(1, "b"), "2 y"));
    return txn.put(kOld, KeyWriter().integer(1).text("b").integer(1).take(), "1 x");
  }));
  EXPECT_EQ(diff(a, head()), (Lines{"+ a/b@2 >2 y"}));
}

// A rewind gives numbers out again: each point has its own owners.
TEST_F(DiffTest, NumbersMeanWhatTheyMeantThen) {
  const Lsn empty = put(kWords, word("x"), "x");
  put(kShelves, shelf("first"), "1");
  const Lsn first = put(kBooks, title(1, "b"), "1 x");
  ASSERT_TRUE(history().rewind(empty));
  put(kShelves, shelf("second"), "1");
  const Lsn second = put(kBooks, title(1, "b"), "1 x");
  EXPECT_EQ(diff(first, second),
            (Lines{"- first/", "- first/b@1 1 x>", "+ second/", "+ second/b@1 >1 x"}));
  EXPECT_EQ(diff(empty, first), (Lines{"+ first/", "+ first/b@1 >1 x"}));
}

TEST_F(DiffTest, TheTimelineNamesResources) {
  put(kShelves, shelf("a"), "1");
  put(kBooks, title(1, "b"), "1 x");
  ASSERT_TRUE(store_->write("lib.Clear", [&](WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY_VOID(txn.erase(kBooks, title(1, "b")));
    return txn.erase(kShelves, shelf("a"));
  }));
  std::vector<Lines> told;
  const auto visit = [&](const Event&, const History::Tell& tell) {
    told.emplace_back();
    tell([&](const Change& change) {
      told.back().push_back(line(change));
      return true;
    });
    return told.size() < 3;
  };
  ASSERT_TRUE(history().read(Lsn(0), visit));
  EXPECT_EQ(told, (std::vector<Lines>{{"- a/", "- a/b@1"}, {"+ a/b@1"}, {"+ a/"}}));
  // From the middle, where the shelf is gone by now.
  told.assign(1, {});
  ASSERT_TRUE(history().read(Lsn(head().value() - 1), visit));
  EXPECT_EQ(told[1], (Lines{"+ a/b@1"}));
}

TEST_F(DiffTest, PointsThatAreNotThereAreRefused) {
  const Lsn a = put(kShelves, shelf("a"), "1");
  const auto show = [](const Change&) { return true; };
  const auto refused =
      history().diff({.from = a, .to = Lsn(1000), .service = "", .resource = ""}, show);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "PointInTheFuture");
}

}  // namespace
}  // namespace cloche::engine
