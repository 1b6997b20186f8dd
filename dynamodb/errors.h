// DynamoDB's errors, each text once. Tools match on them, so they are the service's own words.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html;
// texts as the service was seen to answer.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace cloche::dynamodb {

struct Index;
struct Table;

Error validation(std::string message);
// "One or more parameter values were invalid: ..."
Error invalid_value(std::string_view what);
Error serialization(std::string message);

Error nesting_too_deep();
Error not_a_number(std::string_view text);
Error number_overflow();
Error number_underflow();
Error number_too_precise();

Error table_not_found();                             // Item operations.
Error table_not_found(std::string_view table_name);  // Table operations, which name it.
Error resource_in_use(std::string message);
Error limit_exceeded(std::string message);
Error access_denied(std::string message);
Error key_schema_mismatch();
// `item_json` is the item for ReturnValuesOnConditionCheckFailure; empty: none.
// Of the table, or of a global index of it (null: none).
Error throughput_exceeded(const Table& table, const Index* index, bool reading);
Error collection_too_large();
Error conditional_check_failed(std::string_view item_json);
Error transaction_too_large();  // The words are the documentation's: none was recorded.
Error duplicate_item();         // PartiQL's INSERT.
Error transaction_cancelled(std::string_view codes, std::string reasons_json);

}  // namespace cloche::dynamodb
