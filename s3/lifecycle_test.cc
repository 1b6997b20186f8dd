#include "s3/lifecycle.h"

#include "base/json.h"
#include "base/time_text.h"
#include "s3/settings.h"
#include "s3/test_store.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

Instant at(std::string_view time) { return *parse_iso8601(time); }

// "Understanding ... how long an object": created 1/15/2014 10:30 UTC, 3 days: 1/19/2014 00:00.
TEST(Lifecycle, DaysEndAtMidnight) {
  EXPECT_EQ(due_after(at("2014-01-15T10:30:00Z"), 3), at("2014-01-19T00:00:00Z"));
  EXPECT_EQ(due_after(at("2014-01-15T00:00:00Z"), 1), at("2014-01-16T00:00:00Z"));
}

bool takes(std::string_view rule, std::string_view key, std::uint64_t size, Pairs tags) {
  Arena arena;
  const auto parsed = parse_json(rule, arena);
  EXPECT_TRUE(parsed) << rule;
  return rule_takes(*parsed, {.key = key, .size = size, .tags = tags});
}

TEST(Lifecycle, FiltersTakeAllTheirConditions) {
  EXPECT_TRUE(takes(R"({"Filter": {}})", "k", 0, {}));
  EXPECT_TRUE(takes(R"({"Prefix": "a/"})", "a/k", 0, {}));
  EXPECT_FALSE(takes(R"({"Prefix": "a/"})", "b/k", 0, {}));
  EXPECT_FALSE(takes(R"({"Filter": {"ObjectSizeGreaterThan": 20}})", "k", 20, {}));
  EXPECT_TRUE(takes(R"({"Filter": {"ObjectSizeGreaterThan": 20}})", "k", 21, {}));
  EXPECT_FALSE(takes(R"({"Filter": {"ObjectSizeLessThan": 20}})", "k", 20, {}));
  constexpr std::string_view all =
      R"({"Filter": {"And": {"Prefix": "a", "Tags": [{"Key": "x", "Value": "1"},
                                                      {"Key": "y", "Value": "2"}]}}})";
  EXPECT_TRUE(takes(all, "a", 0, {{"y", "2"}, {"z", "3"}, {"x", "1"}}));
  EXPECT_FALSE(takes(all, "a", 0, {{"x", "1"}, {"y", "1"}}));
  EXPECT_FALSE(takes(all, "b", 0, {{"x", "1"}, {"y", "2"}}));
}

TEST(Lifecycle, ObjectsGoToColderClassesOnly) {
  Arena arena;
  const auto rules = parse_json(
      R"({"Rules": [{"Status": "Enabled", "Filter": {}, "Transitions": [
            {"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 60, "StorageClass": "GLACIER"}]}]})",
      arena);
  ASSERT_TRUE(rules);
  const Pairs none;
  const Instant made = at("2026-01-01T12:00:00Z");
  const auto class_at = [&](std::string_view time, std::string_view own, std::uint64_t size) {
    return transition_of(*rules, {.key = "k", .size = size, .tags = none}, own, made, at(time));
  };
  EXPECT_EQ(class_at("2026-01-31T23:59:59Z", "", 1 << 20), "");
  EXPECT_EQ(class_at("2026-02-01T00:00:00Z", "", 1 << 20), "STANDARD_IA");
  EXPECT_EQ(class_at("2026-02-01T00:00:00Z", "", 1000), "");  // Under 128 KiB.
  EXPECT_EQ(class_at("2026-02-01T00:00:00Z", "GLACIER", 1 << 20), "");
  EXPECT_EQ(class_at("2026-04-01T00:00:00Z", "STANDARD_IA", 1 << 20), "GLACIER");
}

// A bucket on a clock that is moved.
class LifecycleWork : public StoreTest {
 protected:
  LifecycleWork() : StoreTest({.seed = 1}), bucket_(make_bucket("b", 1)) {
    store().on_work(std::string(kLifecycleWork), lifecycle_step);
    store().start_scheduler();
  }

  void set_versioning(Versioning versioning) {
    bucket_.versioning = versioning;
    write(
        [&](engine::WriteTxn& txn) { return txn.put(kBuckets, bucket_key("b"), encode(bucket_)); });
  }
  void rules(std::string_view json) {
    write([&](engine::WriteTxn& txn) -> Result<void> {
      const std::string stamp = txn.ids().hex(8);
      CLOCHE_TRY_VOID(
          put_setting(txn, bucket_, Setting::Lifecycle,
                      "{\"Stamp\":\"" + stamp + "\",\"Rules\":" + std::string(json) + "}"));
      return start_lifecycle(txn, bucket_, stamp);
    });
    store().drain_work();
  }
  void put(std::string_view key, std::uint64_t size = 1) {
    write([&](engine::WriteTxn& txn) -> Result<void> {
      ObjectRecord object;
      object.size = size;
      CLOCHE_TRY_VOID(store_newest(txn, bucket_, key, object));
      return {};
    });
  }
  void remove(std::string_view key) {
    write([&](engine::WriteTxn& txn) -> Result<void> {
      CLOCHE_TRY_VOID(delete_newest(txn, bucket_, key));
      return {};
    });
  }
  void days(int n) {
    store().clock().move(std::chrono::days(n));
    store().drain_work();
  }
  // "a b(2) c(m)": keys, versions beside the newest, a marker as the newest.
  std::string what_is_there() {
    const auto view = store().view();
    std::map<std::string, std::pair<int, bool>> keys;
    for (auto cursor = view->scan(kObjects, rows_of_bucket(1)); cursor->valid(); cursor->next())
      keys[key_of_row(cursor->key())].second = true;
    for (auto cursor = view->scan(kVersions, rows_of_bucket(1)); cursor->valid(); cursor->next())
      ++keys[key_of_row(cursor->key())].first;
    std::string out;
    for (const auto& [key, counts] : keys) {
      out += (out.empty() ? "" : " ") + key;
      if (counts.first > 0 || !counts.second)
        out += "(" + std::to_string(counts.first) + (counts.second ? "" : "m") + ")";
    }
    return out;
  }

  BucketRecord bucket_;
};

TEST_F(LifecycleWork, ObjectsExpire) {
  put("log/1");
  put("keep");
  rules(R"([{"Status": "Enabled", "Filter": {"Prefix": "log/"}, "Expiration": {"Days": 2}}])");
  EXPECT_EQ(what_is_there(), "keep log/1");
  days(1);
  put("log/2");
  EXPECT_EQ(what_is_there(), "keep log/1 log/2");
  days(1);
  EXPECT_EQ(what_is_there(), "keep log/2");
  days(1);
  EXPECT_EQ(what_is_there(), "keep");
}

// More keys than a step takes, and none may be passed over.
TEST_F(LifecycleWork, ManyObjectsGoInSteps) {
  write([&](engine::WriteTxn& txn) -> Result<void> {
    for (int i = 0; i < 1050; ++i)
      CLOCHE_TRY_VOID(store_newest(txn, bucket_, "k" + std::to_string(i), {}));
    return {};
  });
  rules(R"([{"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}])");
  days(2);
  EXPECT_EQ(what_is_there(), "");
}

TEST_F(LifecycleWork, ADisabledRuleDoesNothing) {
  put("a");
  rules(R"([{"Status": "Disabled", "Filter": {}, "Expiration": {"Days": 1}}])");
  days(5);
  EXPECT_EQ(what_is_there(), "a");
}

// The current version becomes a marker, then what is noncurrent goes, then the marker itself.
TEST_F(LifecycleWork, VersionsGoInTheirOrder) {
  set_versioning(Versioning::Enabled);
  put("a");
  put("a");
  rules(R"([{"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1},
             "NoncurrentVersionExpiration": {"NoncurrentDays": 3}}])");
  EXPECT_EQ(what_is_there(), "a(1)");
  days(1);
  EXPECT_EQ(what_is_there(), "a(3m)");
  days(2);
  EXPECT_EQ(what_is_there(), "a(2m)");
  days(1);
  EXPECT_EQ(what_is_there(), "");
}

TEST_F(LifecycleWork, SomeNoncurrentVersionsAreKept) {
  set_versioning(Versioning::Enabled);
  for (int i = 0; i < 6; ++i) put("a");
  rules(R"([{"Status": "Enabled", "Filter": {},
             "NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2}}])");
  days(2);
  EXPECT_EQ(what_is_there(), "a(2)");
}

TEST_F(LifecycleWork, OnlyLonelyMarkersExpire) {
  set_versioning(Versioning::Enabled);
  remove("lonely");
  put("kept");
  remove("kept");
  rules(
      R"([{"Status": "Enabled", "Filter": {}, "Expiration": {"ExpiredObjectDeleteMarker": true}}])");
  EXPECT_EQ(what_is_there(), "kept(2m)");
}

}  // namespace
}  // namespace cloche::s3
