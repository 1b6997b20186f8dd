#include "dynamodb/table/plan_table.h"

#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/limits.h"

namespace cloche::dynamodb {
namespace {

std::vector<std::string> key_names(const Value& schema) {
  std::vector<std::string> names;
  for (const Value& element : schema.items()) names.push_back(element["AttributeName"].str());
  return names;
}

std::string listed(const auto& names, auto name) {
  std::string out = "[";
  for (const auto& one : names) {
    if (out.size() > 1) out += ", ";
    out += name(one);
  }
  return out + "]";
}

const std::pair<std::string, Type>* find(const AttributeDefinitions& attributes,
                                         std::string_view name) {
  const auto found = std::ranges::find(attributes, name, &std::pair<std::string, Type>::first);
  return found == attributes.end() ? nullptr : &*found;
}

Result<void> check_defined(const std::vector<std::string>& names,
                           const AttributeDefinitions& attributes) {
  if (std::ranges::all_of(
          names, [&](const std::string& name) { return find(attributes, name) != nullptr; }))
    return {};
  return invalid_value("Some index key attributes are not defined in AttributeDefinitions. Keys: " +
                       listed(names, [](const std::string& name) { return name; }) +
                       ", AttributeDefinitions: " +
                       listed(attributes, [](const auto& attribute) { return attribute.first; }));
}

Result<void> check_shape(const Value& schema, const std::vector<std::string>& names) {
  if (names.size() > 1 && names[0] == names[1]) {
    return validation(
        "Both the Hash Key and the Range Key element in the KeySchema have the same name");
  }
  const auto items = schema.items();
  if (items[0]["KeyType"].text() != "HASH") {
    return validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  if (items.size() > 1 && items[1]["KeyType"].text() != "RANGE") {
    return validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
  }
  return {};
}

// A global index has up to four HASH attributes, then up to four RANGE ones.
Result<void> check_global_shape(const Value& schema, const std::vector<std::string>& names) {
  if (names.size() <= 2 && (names.size() < 2 || schema.items()[1]["KeyType"].text() == "RANGE"))
    return check_shape(schema, names);
  const auto items = schema.items();
  std::size_t hashes = 0, ranges = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (std::ranges::count(names, names[i]) > 1) {
      return validation(
          "Both the Hash Key and the Range Key element in the KeySchema have the same name");
    }
    if (items[i]["KeyType"].text() == "RANGE") {
      ++ranges;
    } else if (ranges > 0) {
      return validation("Invalid KeySchema: All HASH key elements must come before RANGE ones");
    } else {
      ++hashes;
    }
  }
  if (hashes == 0) {
    return validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  if (hashes > kKeyPartsMax || ranges > kKeyPartsMax) {
    return validation(
        "Invalid KeySchema: An index can have up to 4 HASH and up to 4 RANGE key elements");
  }
  return {};
}

KeySchema global_key_schema(const Value& schema, const AttributeDefinitions& attributes) {
  KeySchema keys;
  bool first = true;
  for (const Value& element : schema.items()) {
    KeyAttribute key{element["AttributeName"].str(),
                     find(attributes, element["AttributeName"].text())->second};
    if (element["KeyType"].text() == "HASH") {
      (first ? keys.partition : keys.more_partition.emplace_back()) = std::move(key);
      first = false;
    } else if (!keys.sort) {
      keys.sort = std::move(key);
    } else {
      keys.more_sort.push_back(std::move(key));
    }
  }
  return keys;
}

KeySchema key_schema(const std::vector<std::string>& names,
                     const AttributeDefinitions& attributes) {
  KeySchema keys{{names[0], find(attributes, names[0])->second}, std::nullopt};
  if (names.size() > 1) keys.sort = KeyAttribute{names[1], find(attributes, names[1])->second};
  return keys;
}

Result<void> plan_projection(const Value& projection, Index& index) {
  const std::string_view type = projection["ProjectionType"].text();
  if (type.empty()) return invalid_value("Unknown ProjectionType: null");
  index.projection = type == "ALL"       ? ProjectionType::All
                     : type == "INCLUDE" ? ProjectionType::Include
                                         : ProjectionType::KeysOnly;
  if (projection["NonKeyAttributes"].present() && type != "INCLUDE") {
    return invalid_value("ProjectionType is " + std::string(type) +
                         ", but NonKeyAttributes is specified");
  }
  if (type == "INCLUDE" && !projection["NonKeyAttributes"].present()) {
    return invalid_value("ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
  }
  for (const Value& name : projection["NonKeyAttributes"].items())
    index.included.push_back(name.str());
  return {};
}

Result<Index> plan_local_index(const Value& input, const Table& table) {
  Index index;
  index.global = false;
  index.name = input["IndexName"].str();
  const auto names = key_names(input["KeySchema"]);
  CLOCHE_TRY_VOID(check_defined(names, table.attributes));
  CLOCHE_TRY_VOID(check_shape(input["KeySchema"], names));
  if (names.size() != 2)
    return invalid_value("Index KeySchema does not have a range key for index: " + index.name);
  if (names[0] != table.keys.partition.name) {
    return invalid_value(
        "Index KeySchema does not have the same leading hash key as table KeySchema for index: " +
        index.name + ". index hash key: " + names[0] +
        ", table hash key: " + table.keys.partition.name);
  }
  index.keys = key_schema(names, table.attributes);
  CLOCHE_TRY_VOID(plan_projection(input["Projection"], index));
  return index;
}

Result<void> add(Table& table, Index index) {
  if (table.find_index(index.name) != nullptr)
    return invalid_value("Duplicate index name: " + index.name);
  table.indexes.push_back(std::move(index));
  return {};
}

Result<void> plan_local_indexes(const Value& list, Table& table) {
  if (!list.present()) return {};
  if (list.empty()) return invalid_value("List of LocalSecondaryIndexes is empty");
  if (!table.keys.sort) {
    return invalid_value(
        "Table KeySchema does not have a range key, which is required when specifying a "
        "LocalSecondaryIndex");
  }
  for (const Value& input : list.items()) {
    CLOCHE_TRY(index, plan_local_index(input, table));
    CLOCHE_TRY_VOID(add(table, std::move(index)));
  }
  if (list.size() > kLocalIndexesMax)
    return invalid_value("Number of LocalSecondaryIndexes exceeds per-table limit of 5");
  return {};
}

Result<void> plan_global_indexes(const Value& list, Table& table) {
  if (!list.present()) return {};
  if (list.empty()) return invalid_value("List of GlobalSecondaryIndexes is empty");
  for (const Value& input : list.items()) {
    CLOCHE_TRY(index, plan_global_index(input, table.attributes, table.on_demand));
    CLOCHE_TRY_VOID(add(table, std::move(index)));
  }
  if (list.size() > kGlobalIndexesMax)
    return invalid_value("GlobalSecondaryIndex count exceeds the per-table limit of 20");
  return {};
}

Result<void> plan_billing(const Value& input, Table& table) {
  const Value& throughput = input["ProvisionedThroughput"];
  table.on_demand = input["BillingMode"].text() == "PAY_PER_REQUEST";
  if (table.on_demand) {
    if (!throughput.present()) return {};
    return invalid_value(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
        "PAY_PER_REQUEST");
  }
  if (throughput["ReadCapacityUnits"].as_integer(0) == 0 ||
      throughput["WriteCapacityUnits"].as_integer(0) == 0) {
    return invalid_value(
        "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is "
        "PROVISIONED");
  }
  CLOCHE_TRY(planned, plan_throughput(throughput));
  table.throughput = planned;
  return {};
}

// Every attribute that is defined must be a key of something.
Result<void> check_all_used(const Table& table, const Value& input) {
  const bool indexed =
      input["LocalSecondaryIndexes"].present() || input["GlobalSecondaryIndexes"].present();
  if (!indexed) {
    if (table.attributes.size() == (table.keys.sort ? 2u : 1u)) return {};
    return invalid_value(
        "Number of attributes in KeySchema does not exactly match number of attributes defined in "
        "AttributeDefinitions");
  }
  return {};
}

Result<void> check_unused(const Table& table) {
  std::vector<std::string_view> used;
  const auto use = [&](const KeySchema& keys) {
    keys.each([&](const KeyAttribute& key) { used.push_back(key.name); });
  };
  use(table.keys);
  for (const Index& index : table.indexes) use(index.keys);
  std::ranges::sort(used);
  used.erase(std::ranges::unique(used).begin(), used.end());
  if (used.size() == table.attributes.size()) return {};
  return invalid_value(
      "Some AttributeDefinitions are not used. AttributeDefinitions: " +
      listed(table.attributes, [](const auto& attribute) { return attribute.first; }) +
      ", keys used: " + listed(used, [](std::string_view name) { return std::string(name); }));
}

}  // namespace

AttributeDefinitions attribute_definitions(const Value& list) {
  AttributeDefinitions attributes;
  for (const Value& definition : list.items()) {
    attributes.emplace_back(definition["AttributeName"].str(),
                            type_named(definition["AttributeType"].text()).value_or(Type::S));
  }
  return attributes;
}

Result<OnDemandLimits> plan_limits(const Value& asked, bool on_demand, OnDemandLimits limits) {
  for (const auto& [name, limit] : {std::pair("MaxReadRequestUnits", &limits.read),
                                    std::pair("MaxWriteRequestUnits", &limits.write)}) {
    if (!asked[name].present()) continue;
    if (!on_demand) {
      return validation(std::string(name) +
                        " for OnDemandThroughput cannot be specified when the table BillingMode is "
                        "PROVISIONED");
    }
    *limit = std::max<std::int64_t>(0, asked[name].as_integer(0));
  }
  return limits;
}

Result<Throughput> plan_throughput(const Value& throughput) {
  for (const std::string_view name : {"ReadCapacityUnits", "WriteCapacityUnits"}) {
    const std::int64_t units = throughput[name].as_integer(0);
    if (units > kThroughputMax) {
      return validation("Given value " + std::to_string(units) + " for " + std::string(name) +
                        " is out of bounds");
    }
  }
  return Throughput{throughput["ReadCapacityUnits"].as_integer(0),
                    throughput["WriteCapacityUnits"].as_integer(0),
                    {},
                    {},
                    0};
}

Result<std::string> plan_stream(const Value& specification) {
  const bool enabled = specification["StreamEnabled"].as_bool();
  const std::string view = specification["StreamViewType"].str();
  if (enabled && view.empty())
    return invalid_value("StreamViewType must be specified when StreamEnabled is true");
  if (!enabled && !view.empty())
    return invalid_value("StreamViewType can only be specified when StreamEnabled is true");
  return view;
}

WarmUnits plan_warm(const Value& warm_throughput) {
  return {warm_throughput["ReadUnitsPerSecond"].as_integer(0),
          warm_throughput["WriteUnitsPerSecond"].as_integer(0)};
}

Result<Index> plan_global_index(const Value& input, const AttributeDefinitions& attributes,
                                bool on_demand) {
  Index index;
  index.name = input["IndexName"].str();
  const auto names = key_names(input["KeySchema"]);
  CLOCHE_TRY_VOID(check_defined(names, attributes));
  CLOCHE_TRY_VOID(check_global_shape(input["KeySchema"], names));
  index.keys = global_key_schema(input["KeySchema"], attributes);
  CLOCHE_TRY_VOID(plan_projection(input["Projection"], index));
  const Value& throughput = input["ProvisionedThroughput"];
  if (on_demand && throughput.present()) {
    return invalid_value("ProvisionedThroughput should not be specified for index: " + index.name +
                         " when BillingMode is PAY_PER_REQUEST");
  }
  if (!on_demand && !throughput.present()) {
    return invalid_value("ProvisionedThroughput must be specified for index: " + index.name);
  }
  CLOCHE_TRY(const planned, plan_throughput(throughput));
  index.throughput = planned;
  CLOCHE_TRY(const limits, plan_limits(input["OnDemandThroughput"], on_demand, {}));
  index.limits = limits;
  index.warm = plan_warm(input["WarmThroughput"]);
  return index;
}

Result<Table> plan_table(const Value& input) {
  Table table;
  table.order = PartitionOrder::Service;
  if (input["GlobalTableSourceArn"].present()) {
    return validation(
        "GlobalTableSourceArn is not supported: a table's replicas are in its account");
  }
  const auto names = key_names(input["KeySchema"]);
  // Not required by the model, for tables that would take it from GlobalTableSourceArn.
  if (names.empty()) {
    return validation(
        "1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: "
        "Member "
        "must not be null");
  }
  CLOCHE_TRY_VOID(plan_billing(input, table));
  table.attributes = attribute_definitions(input["AttributeDefinitions"]);
  if (names.size() > table.attributes.size()) {
    return validation("Invalid KeySchema: Some index key attribute have no definition");
  }
  CLOCHE_TRY_VOID(check_defined(names, table.attributes));
  CLOCHE_TRY_VOID(check_shape(input["KeySchema"], names));
  table.keys = key_schema(names, table.attributes);
  CLOCHE_TRY_VOID(check_all_used(table, input));
  CLOCHE_TRY_VOID(plan_local_indexes(input["LocalSecondaryIndexes"], table));
  CLOCHE_TRY_VOID(plan_global_indexes(input["GlobalSecondaryIndexes"], table));
  CLOCHE_TRY_VOID(check_unused(table));
  if (input["StreamSpecification"].present()) {
    CLOCHE_TRY(view, plan_stream(input["StreamSpecification"]));
    table.stream_view_type = std::move(view);
  }
  table.deletion_protection = input["DeletionProtectionEnabled"].as_bool();
  table.table_class = input["TableClass"].str();
  CLOCHE_TRY(const limits, plan_limits(input["OnDemandThroughput"], table.on_demand, {}));
  table.limits = limits;
  table.warm = plan_warm(input["WarmThroughput"]);
  for (const Value& tag : input["Tags"].items())
    table.tags.emplace_back(tag["Key"].str(), tag["Value"].str());
  return table;
}

}  // namespace cloche::dynamodb
