// Attribute values. On the wire, in the store and in memory they have one shape: a Map with a
// single member, whose name is the type and whose value is the content ({"S": "x"}, {"N": "1"},
// {"L": [...]}). An item is a Map from names to attribute values.
//
// What a client sends is checked once, by check_attribute or check_item, and comes out canonical:
// one member, numbers as Decimal::text writes them, base64 strict. Everything else in this folder
// takes canonical values and asks no more questions; so numbers, strings and binaries are equal
// when their texts are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/document.h"
#include "base/result.h"
#include "dynamodb/item/decimal.h"

namespace cloche::dynamodb {

enum class Type : std::uint8_t { S, N, B, Bool, Null, Ss, Ns, Bs, L, M };

std::string_view name_of(Type type);  // "S", "BOOL"
std::optional<Type> type_named(std::string_view name);

// Of a canonical attribute value.
Type type_of(const Value& attribute);
inline const Value& content_of(const Value& attribute) { return attribute.members()[0].value; }
Value make_attribute(Arena& arena, Type type, Value content);
Value make_number(Arena& arena, const Decimal& number);

struct CheckedValue {
  Value value;            // Canonical; shares what needed no change with what was checked.
  std::size_t bytes = 0;  // As the service counts it.
};

// Refuses what is no attribute value in the service's words: types (SerializationException), empty
// or several data types, numbers, sets, nesting.
Result<CheckedValue> check_attribute(const Value& attribute, Arena& arena);
// The same for an item or a key: a Map of attributes. Its bytes count the names too.
Result<CheckedValue> check_item(const Value& item, Arena& arena);

// Sizes of what is canonical already.
// Source:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html.
std::size_t attribute_bytes(const Value& attribute);
std::size_t item_bytes(const Value& item);
std::size_t number_bytes(std::string_view text);

// Whether lists and maps stand in each other deeper than kNestingDepthMax, as an update may leave
// them.
bool is_nested_too_deep(const Value& item);

// Equality as conditions have it: sets in any order, maps by name, lists in order, nothing across
// types.
bool equal(const Value& a, const Value& b);
// -1, 0, 1 for two numbers, strings or binaries of one type; nothing for other types or two
// different ones.
std::optional<int> compare(const Value& a, const Value& b);

// The bytes that a B value's text stands for.
std::string decoded(const Value& binary_content);
Decimal number_of(const Value& number_content);

}  // namespace cloche::dynamodb
