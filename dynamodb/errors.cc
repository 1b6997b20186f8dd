#include "dynamodb/errors.h"

#include "base/json.h"
#include "dynamodb/table/table.h"

namespace cloche::dynamodb {
namespace {

Error refusal(std::string_view code, std::string message) {
  return refused(400, code, std::move(message));
}

}  // namespace

Error validation(std::string message) { return refusal("ValidationException", std::move(message)); }

Error invalid_value(std::string_view what) {
  return validation("One or more parameter values were invalid: " + std::string(what));
}

Error serialization(std::string message) {
  return refusal("SerializationException", std::move(message));
}

Error nesting_too_deep() {
  return validation(
      "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels "
      "beyond supported limit");
}

Error not_a_number(std::string_view text) {
  std::string message = "The parameter cannot be converted to a numeric value";
  if (!text.empty()) message.append(": ").append(text);
  return validation(std::move(message));
}

Error number_overflow() {
  return validation(
      "Number overflow. Attempting to store a number with magnitude larger than supported range");
}

Error number_underflow() {
  return validation(
      "Number underflow. Attempting to store a number with magnitude smaller than supported range");
}

Error number_too_precise() {
  return validation("Attempting to store more than 38 significant digits in a Number");
}

Error table_not_found() {
  return refusal("ResourceNotFoundException", "Requested resource not found");
}

Error table_not_found(std::string_view table_name) {
  return refusal("ResourceNotFoundException",
                 "Requested resource not found: Table: " + std::string(table_name) + " not found");
}

Error resource_in_use(std::string message) {
  return refusal("ResourceInUseException", std::move(message));
}

Error limit_exceeded(std::string message) {
  return refusal("LimitExceededException", std::move(message));
}

Error access_denied(std::string message) {
  return refusal("AccessDeniedException", std::move(message));
}

Error key_schema_mismatch() {
  return validation("The provided key element does not match the schema");
}

Error throughput_exceeded(const Table& table, const Index* index, bool reading) {
  Error error = refusal(
      "ProvisionedThroughputExceededException",
      index == nullptr
          ? "The level of configured provisioned throughput for the table was exceeded. Consider "
            "increasing your provisioning level with the UpdateTable API."
          : "The level of configured provisioned throughput for one or more global secondary "
            "indexes of the table was exceeded. Consider increasing your provisioning level for "
            "the under-provisioned global secondary indexes with the UpdateTable API");
  std::string reasons = R"([{"reason":")" + std::string(index == nullptr ? "Table" : "Index") +
                        (reading ? "Read" : "Write") +
                        R"(ProvisionedThroughputExceeded","resource":)";
  append_json_string(reasons,
                     index == nullptr ? table.arn() : table.arn() + "/index/" + index->name);
  error.details.emplace_back("=ThrottlingReasons", reasons + "}]");
  return error;
}

Error collection_too_large() {
  return refusal("ItemCollectionSizeLimitExceededException", "Collection size exceeded.");
}

Error conditional_check_failed(std::string_view item_json) {
  Error error = refusal("ConditionalCheckFailedException", "The conditional request failed");
  if (item_json.empty()) return error;
  // With an item the service writes the message's name with a capital.
  error.details.emplace_back("=Item", item_json);
  error.details.emplace_back("Message", error.message);
  return error;
}

Error transaction_too_large() {
  return validation("The aggregate size of the items in the transaction cannot exceed 4 MB");
}

Error duplicate_item() {
  return refusal("DuplicateItemException", "Duplicate primary key exists in table");
}

Error transaction_cancelled(std::string_view codes, std::string reasons_json) {
  Error error =
      refusal("TransactionCanceledException",
              "Transaction cancelled, please refer cancellation reasons for specific reasons [" +
                  std::string(codes) + "]");
  error.details.emplace_back("=CancellationReasons", std::move(reasons_json));
  return error;
}

}  // namespace cloche::dynamodb
