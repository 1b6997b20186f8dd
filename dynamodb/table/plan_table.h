// Key schemas, indexes and throughput as CreateTable and UpdateTable send them, checked in the
// service's order and words.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dynamodb/table/table.h"

namespace cloche::dynamodb {

using AttributeDefinitions = std::vector<std::pair<std::string, Type>>;
AttributeDefinitions attribute_definitions(const Value& list);

// A table from CreateTable's input: no id, no name, no dates yet.
Result<Table> plan_table(const Value& input);
// One element of GlobalSecondaryIndexes, or the Create of an update.
Result<Index> plan_global_index(const Value& index, const AttributeDefinitions& attributes,
                                bool on_demand);
// Absent members leave zeros. Refuses what is out of bounds.
Result<Throughput> plan_throughput(const Value& throughput);
// OnDemandThroughput over what there is: absent members stay, -1 lifts a limit. Refuses what is given for
// a table of the other billing mode.
Result<OnDemandLimits> plan_limits(const Value& asked, bool on_demand, OnDemandLimits limits);
WarmUnits plan_warm(const Value& warm_throughput);
Result<std::string> plan_stream(const Value& specification);

}  // namespace cloche::dynamodb
