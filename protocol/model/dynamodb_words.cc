#include "protocol/model/dynamodb_words.h"

#include <algorithm>
#include <array>

namespace cloche::protocol {
namespace {

using namespace std::string_view_literals;

constexpr std::array kAttributeTypes = {"B"sv, "N"sv, "S"sv};
constexpr std::array kProjections = {"ALL"sv, "INCLUDE"sv, "KEYS_ONLY"sv};
constexpr std::array kSelects = {"SPECIFIC_ATTRIBUTES"sv, "COUNT"sv, "ALL_ATTRIBUTES"sv,
                                 "ALL_PROJECTED_ATTRIBUTES"sv};
constexpr std::array kReturnValues = {"ALL_NEW"sv, "UPDATED_OLD"sv, "ALL_OLD"sv, "NONE"sv,
                                      "UPDATED_NEW"sv};
constexpr std::array kConditionalOperators = {"OR"sv, "AND"sv};
constexpr std::array kComparisonOperators = {
    "IN"sv,       "NULL"sv, "BETWEEN"sv, "LT"sv,          "NOT_CONTAINS"sv, "EQ"sv,      "GT"sv,
    "NOT_NULL"sv, "NE"sv,   "LE"sv,      "BEGINS_WITH"sv, "GE"sv,           "CONTAINS"sv};

struct Order {
  std::string_view shape;
  std::span<const std::string_view> values;
};
constexpr Order kOrders[] = {{"ScalarAttributeType", kAttributeTypes},
                             {"ProjectionType", kProjections},
                             {"Select", kSelects},
                             {"ReturnValue", kReturnValues},
                             {"ConditionalOperator", kConditionalOperators},
                             {"ComparisonOperator", kComparisonOperators}};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

}  // namespace

std::span<const std::string_view> dynamodb_enum(std::string_view shape_name) {
  const auto* found = std::ranges::find(kOrders, shape_name, &Order::shape);
  return found == std::end(kOrders) ? std::span<const std::string_view>() : found->values;
}

TableNameFaults table_name_faults(std::string_view name_or_arn) {
  TableNameFaults faults;
  if (name_or_arn.starts_with("arn:")) return faults;
  if (name_or_arn.empty()) {
    faults.shorter_than = 1;
    return faults;
  }
  faults.pattern = !std::ranges::all_of(name_or_arn, is_name_character);
  if (name_or_arn.size() < 3) faults.shorter_than = 3;
  if (name_or_arn.size() > 255) faults.longer_than = 255;
  return faults;
}

std::optional<double> dynamodb_list_max(std::string_view owner, std::string_view member) {
  if (member == "KeySchema" && (owner == "CreateTableInput" || owner == "LocalSecondaryIndex"))
    return 2;
  return std::nullopt;
}

std::string_view told_last(std::string_view input_shape) {
  return input_shape == "ScanInput"    ? "AttributesToGet"
         : input_shape == "QueryInput" ? "KeyConditions"
                                       : std::string_view();
}

std::string newer_fault(std::string_view input_shape, std::string_view older) {
  const auto told = [](std::string_view path, std::string_view constraint) {
    return "1 validation error detected: Value at '" + std::string(path) +
           "' failed to satisfy constraint: " + std::string(constraint);
  };
  constexpr std::string_view kLeastLimit = "Member must have value greater than or equal to 1";
  constexpr std::string_view kMostKeys = "Member must have length less than or equal to 100";
  constexpr std::string_view kKeys = ".member.keys' failed to satisfy constraint: ";
  if (input_shape == "QueryInput" && older.ends_with(kLeastLimit) &&
      older.find(" at 'limit' failed") != std::string_view::npos)
    return told("Limit", kLeastLimit);
  if (older.starts_with("Value '{}' at 'requestItems' failed")) {
    return std::string(input_shape == "BatchGetItemInput"
                           ? "The requestItems parameter is required "
                             "for BatchGetItem"
                           : "The requestItems parameter is required "
                             "for BatchWriteItem");
  }
  if (input_shape == "BatchGetItemInput" && older.ends_with(kMostKeys)) {
    const std::size_t end = older.rfind(kKeys);
    const std::size_t begin = older.rfind("'requestItems.", end);
    if (end == std::string_view::npos || begin == std::string_view::npos) return {};
    const std::string_view table = older.substr(begin + 14, end - begin - 14);
    return told("RequestItems." + std::string(table) + ".member.Keys", kMostKeys);
  }
  return {};
}

}  // namespace cloche::protocol
