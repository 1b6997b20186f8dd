// A store in a directory of its own for tests: reopened, or found as a killed process leaves it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "engine/engine.h"

namespace cloche::engine {

inline constexpr TableId kWords = 1000;    // (text)
inline constexpr TableId kNumbers = 1001;  // (integer, blob)

inline Schema test_schema() {
  Schema schema;
  schema.add(
      {{kWords, "test_words", {{"word", ColumnType::Text}}},
       {kNumbers, "test_numbers", {{"number", ColumnType::Integer}, {"rest", ColumnType::Blob}}}});
  return schema;
}

inline std::string word(std::string_view text) { return KeyWriter().text(text).take(); }

// Removed at the end.
class TestDirectory {
 public:
  TestDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cloche-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~TestDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class TestStore {
 public:
  explicit TestStore(StoreOptions options = {}, Schema schema = test_schema(),
                     Env& env = Env::posix())
      : env_(env), options_(std::move(options)), schema_(std::move(schema)) {
    options_.directory = home_.path() + "/0";
    open();
  }

  Store& operator*() { return *store_; }
  Store* operator->() { return store_.get(); }
  StoreOptions& options() { return options_; }
  const std::string& directory() const { return options_.directory; }

  void close() { store_.reset(); }
  void open() {
    auto store = Store::open(env_, options_, schema_);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    store_ = *std::move(store);
  }
  void reopen() {
    close();
    open();
  }

  // What a process that is killed now leaves: the files as they are. Only while no flush goes on.
  void kill() {
    const std::string left = home_.path() + "/" + std::to_string(++generation_);
    std::filesystem::copy(options_.directory, left, std::filesystem::copy_options::recursive);
    close();
    options_.directory = left;
    open();
  }

  Result<void> put(TableId table, std::string key, std::string value) {
    return store_->write("test.Put", [&](WriteTxn& txn) { return txn.put(table, key, value); });
  }
  std::optional<std::string> get(TableId table, const std::string& key) {
    const auto view = store_->view();
    const auto value = view->get(table, key);
    EXPECT_TRUE(value.has_value()) << value.error().message;
    if (!value || !*value) return std::nullopt;
    return std::string(**value);
  }

 private:
  TestDirectory home_;
  Env& env_;
  StoreOptions options_;
  Schema schema_;
  int generation_ = 0;
  std::unique_ptr<Store> store_;
};

}  // namespace cloche::engine
