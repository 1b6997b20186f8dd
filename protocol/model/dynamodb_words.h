// Where DynamoDB's answers differ from its own model. The model says how a request looks; what the
// service says of a wrong one was recorded from it.
//
// Source: architect/dynalite's tests, recorded from the service until 2019, and
// nubo-db/dynamodb-conformance, whose tests passed against it in May 2026; where the two differ,
// the later one holds. (docs/decisions/ tells which wording of the present two was chosen.)
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cloche::protocol {

// The values of an enum in the order in which the service lists them; empty: the model's.
std::span<const std::string_view> dynamodb_enum(std::string_view shape_name);

// A table is named by its name or its ARN. The model bounds the ARN alone; the service bounds the
// name too.
struct TableNameFaults {
  bool pattern = false;
  std::optional<int> longer_than;   // "Member must have length less than or equal to"
  std::optional<int> shorter_than;  // "Member must have length greater than or equal to"
  bool any() const { return pattern || longer_than || shorter_than; }
};
TableNameFaults table_name_faults(std::string_view name_or_arn);
inline constexpr std::string_view kTableNamePattern = "[a-zA-Z0-9_.-]+";

// A list that the service keeps shorter than the model says: the keys of a table and of a local
// index, where an index of a table of its own (a global one) may have eight.
std::optional<double> dynamodb_list_max(std::string_view owner, std::string_view member);

// The member of an input whose faults are told last, which means not at all where there are more
// than ten; empty: the model's order holds.
std::string_view told_last(std::string_view input_shape);

// A single fault that another layer of the service finds, and tells in its own words: "1 validation
// error detected: Value at 'Limit' failed to satisfy ...". Given what is said else; empty: that is
// said.
std::string newer_fault(std::string_view input_shape, std::string_view older);

}  // namespace cloche::protocol
