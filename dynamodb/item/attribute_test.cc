#include "dynamodb/item/attribute.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/json.h"
#include "dynamodb/item/key_bytes.h"
#include "dynamodb/item/storage_bytes.h"
#include "dynamodb/item/stored_item.h"

namespace cloche::dynamodb {
namespace {

class AttributeTest : public testing::Test {
 protected:
  Value parsed(std::string_view json) {
    auto value = parse_json(arena_.copy(json), arena_);
    EXPECT_TRUE(value) << json;
    return *value;
  }
  // The canonical JSON of an attribute, or the refusal.
  std::string checked(std::string_view json) {
    const auto result = check_attribute(parsed(json), arena_);
    if (!result) return result.error().code + ": " + result.error().message;
    std::string out;
    append_json(out, (*result).value);
    return out;
  }
  std::size_t size(std::string_view json) {
    const CheckedValue result = *check_item(parsed(json), arena_);
    EXPECT_EQ(result.bytes, item_bytes(result.value)) << "a check and a later count must agree";
    return result.bytes;
  }

  Arena arena_;
};

// What is stored has one form, so that equality is equality of text and GetItem can send it as it
// is.
TEST_F(AttributeTest, ComesOutCanonical) {
  EXPECT_EQ(checked(R"({"N":"1.50"})"), R"({"N":"1.5"})");
  EXPECT_EQ(checked(R"({"S":"a","N":null})"), R"({"S":"a"})");
  EXPECT_EQ(checked(R"({"L":[{"N":"01"},{"M":{"a":{"NS":["1e1","2"]}}}]})"),
            R"({"L":[{"N":"1"},{"M":{"a":{"NS":["10","2"]}}}]})");
  EXPECT_EQ(checked(R"({"S":""})"), R"({"S":""})");
}

// The texts are the service's (dynalite's test-suite was run against it).
TEST_F(AttributeTest, IsRefusedInTheServicesWords) {
  EXPECT_EQ(checked("{}"),
            "ValidationException: Supplied AttributeValue is empty, must contain exactly one of "
            "the supported datatypes");
  EXPECT_EQ(checked(R"({"a":""})"),
            "ValidationException: Supplied AttributeValue is empty, must contain exactly one of "
            "the supported datatypes");
  EXPECT_EQ(checked(R"({"S":"a","N":"1"})"),
            "ValidationException: Supplied AttributeValue has more than one datatypes set, must "
            "contain exactly one of the supported "
            "datatypes");
  EXPECT_EQ(checked(R"({"NULL":false})"),
            "ValidationException: One or more parameter values were invalid: Null attribute value "
            "types must have the value of true");
  EXPECT_EQ(checked(R"({"SS":[]})"),
            "ValidationException: One or more parameter values were invalid: An string set  may "
            "not be empty");
  EXPECT_EQ(checked(R"({"SS":["a","a"]})"),
            "ValidationException: One or more parameter values were invalid: Input collection [a, "
            "a] contains duplicates.");
  EXPECT_EQ(checked(R"({"NS":["1","1.0"]})"),
            "ValidationException: Input collection contains duplicates");
  EXPECT_EQ(checked(R"({"BS":["Yg==","Yg=="]})"),
            "ValidationException: One or more parameter values were invalid: Input collection "
            "[Yg==, Yg==]of type BS contains duplicates.");
  EXPECT_EQ(checked(R"({"N":123})"),
            "SerializationException: NUMBER_VALUE cannot be converted to String");
  EXPECT_EQ(checked(R"({"B":"abc"})"),
            "SerializationException: Base64 encoded length is expected a multiple of 4 bytes but "
            "found: 3");
  EXPECT_EQ(checked(R"({"S":["a"]})"),
            "SerializationException: Unrecognized collection type class java.lang.String");
}

// 32 levels are the documented limit, the scalar at the end included (recorded 2026-06); it also
// bounds every recursion over items.
TEST_F(AttributeTest, NestsThirtyTwoDeepAndNoDeeper) {
  const auto nested = [](int depth) {
    std::string text = R"({"S":"a"})";
    for (int i = 0; i < depth; ++i) text = R"({"L":[)" + text + "]}";
    return text;
  };
  EXPECT_TRUE(checked(nested(31)).starts_with("{"));
  EXPECT_TRUE(
      checked(nested(32))
          .starts_with("ValidationException: Nesting Levels have exceeded supported limits"));
}

// The documented sizes: names and strings in UTF-8 bytes, 1 for a truth, 3 for a container and 1
// for each element.
TEST_F(AttributeTest, SizesAreTheServices) {
  EXPECT_EQ(size(R"({"id":{"S":"a"}})"), 3u);
  EXPECT_EQ(size(R"({"é":{"S":"é"}})"), 4u);
  EXPECT_EQ(size(R"({"a":{"BOOL":true},"b":{"NULL":true}})"), 4u);
  EXPECT_EQ(size(R"({"a":{"B":"AAEC"}})"), 4u);
  EXPECT_EQ(size(R"({"a":{"N":"123.0"}})"), 4u);
  EXPECT_EQ(size(R"({"a":{"SS":["ab","c"]},"b":{"NS":["1","23"]},"c":{"BS":["AA=="]}})"),
            3u + 3 + 4 + 1);
  EXPECT_EQ(size(R"({"a":{"L":[{"S":"xy"}]}})"), 1u + 3 + 1 + 2);
  EXPECT_EQ(size(R"({"a":{"M":{"b":{"S":"xy"}}}})"), 1u + 3 + 1 + 1 + 2);
}

// Sort keys of every type: the order of the bytes is the order that the service promises.
TEST_F(AttributeTest, KeyBytesAreOrdered) {
  const auto key = [this](std::string_view json) { return key_bytes(parsed(json)); };
  EXPECT_LT(key(R"({"S":"a"})"), key(R"({"S":"a\u0000"})"));
  EXPECT_LT(key(R"({"S":"Z"})"), key(R"({"S":"a"})"));
  EXPECT_LT(key(R"({"S":"z"})"), key(R"({"S":"é"})"));
  EXPECT_LT(key(R"({"N":"-10"})"), key(R"({"N":"-9"})"));
  EXPECT_LT(key(R"({"N":"9"})"), key(R"({"N":"10"})"));
  EXPECT_LT(key(R"({"B":"fw=="})"), key(R"({"B":"gA=="})"));
}

// The form on disk, which docs and the sqlite3 shell rely on; and a hash that may never change,
// since every row is placed by it.
TEST_F(AttributeTest, TheStoredFormIsFixed) {
  const CheckedValue item = *check_item(parsed(R"({"id":{"S":"a"},"n":{"N":"12"}})"), arena_);
  const std::string row = encode_item(item.value, item.bytes);
  EXPECT_EQ(row, R"(6 {"id":{"S":"a"},"n":{"N":"12"}})");
  EXPECT_EQ(StoredItem(row).bytes(), 6u);
  EXPECT_EQ(StoredItem(row).json(), R"({"id":{"S":"a"},"n":{"N":"12"}})");
  const HashedPart a{Type::S, "a"};
  EXPECT_EQ(partition_hash(PartitionOrder::Mixed, {&a, 1}), 189'900'332'573'052'507);
}

// The order in which the service was seen to scan (architect/dynalite, test/scan.js).
TEST_F(AttributeTest, PartitionsLieInTheOrderOfTheService) {
  const auto in_order = [&](std::string_view type, const std::vector<std::string>& values) {
    std::vector<std::int64_t> hashes;
    for (const std::string& value : values) {
      const Value attribute = parsed("{\"" + std::string(type) + "\":\"" + value + "\"}");
      const std::string bytes = key_bytes(attribute);
      const HashedPart part{type_of(attribute), bytes};
      hashes.push_back(partition_hash(PartitionOrder::Service, {&part, 1}));
    }
    return std::ranges::is_sorted(hashes);
  };
  EXPECT_TRUE(in_order(
      "S", {"2", "8", "9", "1", "6", "hello", "0", "5", "4", "äáöü", "aardman", "7", "3", "zapf"}));
  EXPECT_TRUE(in_order("N", {"7", "999.9", "8", "3", "2", "-999.9", "9", "4", "-0.09", "6", "1",
                             "0", "0.012345", "5"}));
}

// What a page counts: names as one byte, lengths of values, a head and the sort key for each 3 KB.
TEST_F(AttributeTest, StorageIsCountedInPieces) {
  const Value small = parsed(R"({"key":{"S":"ab"},"sort":{"S":"xyz"},"n":{"NULL":true}})");
  EXPECT_EQ(storage_bytes(small, ""), 2u + (1 + 3) + (1 + 4) + 1 + 18);
  EXPECT_EQ(storage_bytes(small, "sort"), 2u + (1 + 3) + 1 + (18 + 3));
  const std::string text(10'000, 'e');
  const Value large = parsed(R"({"k":{"S":")" + text + R"("}})");
  EXPECT_EQ(storage_bytes(large, ""), 2u + 1 + 10'002 + 4 * 18);
  EXPECT_LE(storage_bytes(large, ""), storage_bytes_bound(text.size() + 20, false));
}

}  // namespace
}  // namespace cloche::dynamodb
