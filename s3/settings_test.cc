#include "s3/settings.h"

#include "s3/test_store.h"

namespace cloche::s3 {
namespace {

class Settings : public StoreTest {
 protected:
  std::string found(const BucketRecord& bucket, Setting kind, std::string_view id = {}) {
    const auto view = store().view();
    const auto json = find_setting(*view, bucket, kind, id);
    EXPECT_TRUE(json);
    return *json ? std::string(**json) : "none";
  }
};

// Requests trust the bit in the bucket's row and read no other: a bit that is missing hides a
// setting, one too many costs a read for ever.
TEST_F(Settings, TheBucketsRowSaysWhatThereIs) {
  BucketRecord bucket = make_bucket("a", 1);
  write([&](engine::WriteTxn& txn) { return put_setting(txn, bucket, Setting::Cors, "{}"); });
  EXPECT_TRUE(read_bucket("a").has(Setting::Cors));
  EXPECT_FALSE(read_bucket("a").has(Setting::Website));
  EXPECT_EQ(found(read_bucket("a"), Setting::Cors), "{}");
  write([&](engine::WriteTxn& txn) { return erase_setting(txn, bucket, Setting::Cors); });
  EXPECT_EQ(read_bucket("a").settings, 0u);
  EXPECT_EQ(found(read_bucket("a"), Setting::Cors), "none");
}

// Of the kinds with ids the bit falls with the last one.
TEST_F(Settings, SeveralOfAKindAreListedInOrder) {
  BucketRecord bucket = make_bucket("a", 1);
  const BucketRecord other = make_bucket("b", 2);
  write([&](engine::WriteTxn& txn) -> Result<void> {
    for (const std::string_view id : {"z", "a", "m"})
      CLOCHE_TRY_VOID(
          put_setting(txn, bucket, Setting::Metrics, "\"" + std::string(id) + "\"", id));
    return put_setting(txn, bucket, Setting::Inventory, "{}", "b");
  });
  const auto view = store().view();
  const auto first = list_settings(*view, bucket, Setting::Metrics, "", 2);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->size(), 2u);
  EXPECT_EQ((*first)[0].id, "a");
  EXPECT_EQ((*first)[1].json, "\"m\"");
  const auto rest = list_settings(*view, bucket, Setting::Metrics, "m", 2);
  ASSERT_TRUE(rest);
  ASSERT_EQ(rest->size(), 1u);
  EXPECT_EQ((*rest)[0].id, "z");
  EXPECT_TRUE(list_settings(*view, other, Setting::Metrics, "", 2)->empty());

  for (const std::string_view id : {"z", "a", "m"}) {
    EXPECT_TRUE(read_bucket("a").has(Setting::Metrics));
    write([&](engine::WriteTxn& txn) { return erase_setting(txn, bucket, Setting::Metrics, id); });
  }
  EXPECT_FALSE(read_bucket("a").has(Setting::Metrics));
  EXPECT_TRUE(read_bucket("a").has(Setting::Inventory));
}

// Ids of buckets are never used again, but rows that nobody can reach would stay for ever.
TEST_F(Settings, GoWithTheirBucket) {
  BucketRecord bucket = make_bucket("a", 1);
  BucketRecord other = make_bucket("b", 2);
  write([&](engine::WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY_VOID(put_setting(txn, bucket, Setting::Cors, "1"));
    CLOCHE_TRY_VOID(put_setting(txn, bucket, Setting::Policy, "2"));
    CLOCHE_TRY_VOID(put_setting(txn, other, Setting::Cors, "3"));
    return erase_settings(txn, bucket);
  });
  EXPECT_EQ(found(bucket, Setting::Cors), "none");
  EXPECT_EQ(found(bucket, Setting::Policy), "none");
  EXPECT_EQ(found(other, Setting::Cors), "3");
}

// Each kind is a bit and a name of its own; two kinds under one name would overwrite each other.
TEST_F(Settings, HaveNamesOfTheirOwn) {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Setting::ObjectLock); ++i) {
    const auto name = name_of(static_cast<Setting>(i));
    EXPECT_FALSE(name.empty()) << i;
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 0) << name;
    names.push_back(name);
  }
}

}  // namespace
}  // namespace cloche::s3
