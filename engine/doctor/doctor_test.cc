#include <gtest/gtest.h>

#include <fstream>

#include "engine/sqlite/connection.h"
#include "engine/store/test_store.h"

namespace cloche::engine {
namespace {

// Words may hold a digest and a size: a reference.
Schema schema_with_references() {
  Schema schema = test_schema();
  schema.tables[0].blobs = [](std::string_view value, std::vector<BlobRef>& references) {
    BlobRef ref;
    if (value.size() != ref.digest.size()) return;
    std::copy_n(as_bytes(value).begin(), ref.digest.size(), ref.digest.begin());
    ref.size = 1;
    references.push_back(ref);
  };
  return schema;
}

class Doctor : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::size_t size : {1'000u, 100'000u}) {
      auto writer = store_->blobs().begin({});
      ASSERT_TRUE(writer->append(as_bytes(std::string(size, 'b'))));
      const auto pending = *writer->finish();
      const std::string digest(as_text(pending->digests().sha256));
      ASSERT_TRUE(store_->write("", [&](WriteTxn& txn) -> Result<void> {
        CLOCHE_TRY_VOID(txn.adopt(*pending));
        return txn.put(kWords, word("blob " + std::to_string(size)), digest);
      }));
    }
    for (int i = 0; i < 20; ++i)
      ASSERT_TRUE(store_.put(kWords, word("key"), "value " + std::to_string(i)));
    ASSERT_TRUE(store_->write("", [](WriteTxn& txn) -> Result<void> {
      CLOCHE_TRY_VOID(txn.later({"test", "", {}}));
      return {};
    }));
    store_.close();
  }

  // Changes state.db behind the engine's back.
  void execute(const std::string& sql) {
    const auto connection =
        *sqlite::Connection::open(store_.directory() + "/state.db", sqlite::Use::ReadWrite);
    ASSERT_TRUE(connection->execute(sql));
  }

  std::vector<std::string> damages() {
    const auto report = doctor(Env::posix(), store_.directory(), schema_with_references(), nullptr);
    EXPECT_TRUE(report.has_value()) << report.error().message;
    return report->damages;
  }

  void expect_damage(const std::string& part) {
    const auto found = damages();
    const bool told = std::any_of(found.begin(), found.end(), [&](const auto& text) {
      return text.find(part) != std::string::npos;
    });
    EXPECT_TRUE(told) << part << " is not told in " << testing::PrintToString(found);
  }

  std::string blob_file() {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(store_.directory() + "/blobs")) {
      if (entry.is_regular_file()) return entry.path();
    }
    return "";
  }

  TestStore store_{{}, schema_with_references()};
};

// Health first: a doctor that finds what is not there is not asked twice.
TEST_F(Doctor, FindsNothingInAHealthyDirectory) {
  const auto report = doctor(Env::posix(), store_.directory(), schema_with_references(), nullptr);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->damages, std::vector<std::string>());
  EXPECT_EQ(report->blobs, 2u);
  EXPECT_GE(report->rows, 5u);
  EXPECT_GE(report->log_records, 23u);
}

// One test for each kind of damage: what is planted is told, with its place.
TEST_F(Doctor, FindsAChangedByteInABlobFile) {
  const std::string path = blob_file();
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(70'000).put('x');
  expect_damage(path + ": its bytes have another digest");
}
TEST_F(Doctor, FindsAMissingBlobFile) {
  const std::string path = blob_file();
  std::filesystem::remove(path);
  expect_damage(path);
}
TEST_F(Doctor, FindsAShortBlobFile) {
  std::filesystem::resize_file(blob_file(), 10);
  expect_damage("it has 10 bytes instead of 100000");
}
TEST_F(Doctor, FindsAChangedInlineBlob) {
  execute(
      "UPDATE engine_blobs SET value = substr(value, 1, 500) || x'00' || substr(value, 502) WHERE "
      "length(value) > 100");
  expect_damage("its bytes have another digest");
}
TEST_F(Doctor, FindsARowThatHistoryDoesNotKnow) {
  execute("UPDATE test_words SET value = 'other' WHERE word = 'key'");
  expect_damage("the row is another one than the record left");
}
TEST_F(Doctor, FindsAWrongReferenceCount) {
  execute("DELETE FROM test_words WHERE word = 'blob 1000'");
  expect_damage("1 references are counted, 0 are there");
}
TEST_F(Doctor, FindsWorkWithoutItsDueTime) {
  execute("DELETE FROM engine_work_due");
  expect_damage("engine_work_due has no row for work");
}
TEST_F(Doctor, FindsAFlippedBitInTheLog) {
  const std::string path = store_.directory() + "/wal/00000000000000000001.wal";
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(200).put('\x55');
  file.close();
  expect_damage(path + " at offset 24: record 1");
}
TEST_F(Doctor, FindsBrokenPages) {
  std::fstream file(store_.directory() + "/state.db",
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4'096 * 3 + 3).write("\xFF\xFF\xFF\xFF\xFF\xFF", 6);
  file.close();
  expect_damage("state.db");
}

// A directory that is in use changes under the doctor's eyes.
TEST_F(Doctor, RefusesADirectoryInUse) {
  store_.open();
  EXPECT_FALSE(
      doctor(Env::posix(), store_.directory(), schema_with_references(), nullptr).has_value());
}

}  // namespace
}  // namespace cloche::engine
