// Answers of the service in the form that the model's items have.
#pragma once

#include <string>
#include <vector>

#include "base/document.h"
#include "tests/local/dynamodb.h"

namespace cloche::model {

// Attributes by name, members of sets in order; "" for no item.
std::string canonical(const Value& item);

struct Read {
  int status = 0;
  Value body;  // In the arena.
  std::string text;
};
// What was asked and answered, for the message of a failure, stands in `said`.
Read ask(local::DynamoDb& service, Arena& arena, const std::string& operation,
         const std::string& json, std::string& said);

// All pages of a Query or Scan, whose request is `begin` without its closing brace.
struct Pages {
  std::vector<std::string> items;  // Canonical.
  std::int64_t count = 0, scanned = 0;
  std::string complaint;
};
Pages ask_pages(local::DynamoDb& service, const std::string& operation, const std::string& begin,
                std::string& said);

}  // namespace cloche::model
