#include <algorithm>
#include <cstdio>
#include <ctime>

#include "dynamodb/errors.h"
#include "dynamodb/limits.h"
#include "dynamodb/operation/replica_settings.h"
#include "dynamodb/operation/replica_updates.h"
#include "dynamodb/operation/service.h"
#include "dynamodb/operation/tables.h"
#include "dynamodb/stream/stream.h"
#include "dynamodb/table/plan_table.h"

namespace cloche::dynamodb {
namespace {

// Everything that can be refused without the table.
Result<void> plan_update(const Value& input) {
  const bool anything = std::ranges::any_of(input.members(), [](const Member& member) {
    return member.name != "TableName" && member.name != "AttributeDefinitions" &&
           member.value.present();
  });
  const Value& updates = input["GlobalSecondaryIndexUpdates"];
  if (!anything || (updates.present() && updates.empty() && input.size() <= 2)) {
    return validation(
        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
        "GlobalSecondaryIndexUpdates or SSESpecification or "
        "ReplicaUpdates is required");
  }
  if (input["BillingMode"].text() == "PROVISIONED" && !input["ProvisionedThroughput"].present()) {
    return invalid_value("ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
  }
  CLOCHE_TRY_VOID(plan_throughput(input["ProvisionedThroughput"]));
  std::vector<std::string_view> names;
  for (const Value& update : updates.items()) {
    std::string_view name;
    for (const std::string_view kind : {"Update", "Create", "Delete"}) {
      if (update[kind].present()) name = update[kind]["IndexName"].text();
    }
    if (name.empty()) {
      return invalid_value(
          "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
          "GlobalSecondaryIndexUpdate.Delete must not be "
          "null");
    }
    if (std::ranges::find(names, name) != names.end()) {
      return invalid_value(
          "Only one global secondary index update per index is allowed simultaneously. Index: " +
          std::string(name));
    }
    names.push_back(name);
  }
  return {};
}

// AWS: "Decreasing provisioned throughput" (Service, account, and table quotas).
constexpr std::int64_t kDecreasesFree = 4;
constexpr std::chrono::hours kBetweenDecreases{1};
// An update has an end, which is told as the time of the change, after its beginning.
constexpr std::chrono::milliseconds kUpdateTakes{1};

// "Friday, October 9, 2026 at 12:21:34 AM Coordinated Universal Time"
std::string in_full(Instant at) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char day[64], time[64];
  std::strftime(day, sizeof day, "%A, %B ", &parts);
  std::strftime(time, sizeof time, ", %Y at ", &parts);
  char clock[32];
  std::snprintf(clock, sizeof clock, "%d:%02d:%02d %s", (parts.tm_hour + 11) % 12 + 1, parts.tm_min,
                parts.tm_sec, parts.tm_hour < 12 ? "AM" : "PM");
  return day + std::to_string(parts.tm_mday) + time + clock + " Coordinated Universal Time";
}

// The text as recorded in October 2026.
Error too_many_decreases(std::int64_t today, Instant next) {
  return limit_exceeded(
      "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC "
      "day. After the first 4 decreases, each subsequent decrease in the same UTC day can be "
      "performed at most once every 3600 seconds. Number of decreases today: " +
      std::to_string(today) + ". Last decrease at " + in_full(next - kBetweenDecreases) +
      ". Next decrease can be made at " + in_full(next));
}

Result<void> set_throughput(Throughput& current, const Value& wanted, Instant now,
                            std::string_view what) {
  CLOCHE_TRY(const planned, plan_throughput(wanted));
  if (planned.read_units == current.read_units && planned.write_units == current.write_units) {
    const std::string of(what);
    return validation("The provisioned throughput for the " + of +
                      " will not change. The requested value equals the current value. " +
                      "Current ReadCapacityUnits provisioned for the " + of + ": " +
                      std::to_string(current.read_units) +
                      ". Requested ReadCapacityUnits: " + std::to_string(planned.read_units) +
                      ". Current WriteCapacityUnits provisioned for the " + of + ": " +
                      std::to_string(current.write_units) +
                      ". Requested WriteCapacityUnits: " + std::to_string(planned.write_units) +
                      ". Refer to the Amazon DynamoDB Developer Guide for current limits and how "
                      "to request higher limits.");
  }
  if (planned.read_units > current.read_units || planned.write_units > current.write_units)
    current.increased = now + kUpdateTakes;
  if (planned.read_units < current.read_units || planned.write_units < current.write_units) {
    const std::int64_t today = current.decreases_on_day_of(now);
    const Instant next = current.decreased.value_or(Instant()) + kBetweenDecreases;
    if (today >= kDecreasesFree && now < next) return too_many_decreases(today, next);
    current.decreased = now + kUpdateTakes;
    current.decreases = today + 1;
  }
  current.read_units = planned.read_units;
  current.write_units = planned.write_units;
  return {};
}

Result<void> set_billing(const Value& input, Table& table, Instant now) {
  const std::string_view mode = input["BillingMode"].text();
  const bool on_demand = mode.empty() ? table.on_demand : mode == "PAY_PER_REQUEST";
  const Value& throughput = input["ProvisionedThroughput"];
  if (on_demand && throughput.present()) {
    return invalid_value(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
        "PAY_PER_REQUEST");
  }
  if (on_demand && !table.on_demand) {
    table.on_demand_since = now;
    table.throughput = {};
    for (Index& index : table.indexes) index.throughput = {};
  }
  const bool was_on_demand = table.on_demand;
  table.on_demand = on_demand;
  if (!on_demand) {
    table.limits = {};
    for (Index& index : table.indexes) index.limits = {};
  }
  CLOCHE_TRY(const limits, plan_limits(input["OnDemandThroughput"], on_demand, table.limits));
  table.limits = limits;
  if (!throughput.present()) return {};
  if (was_on_demand) table.throughput = {};
  return set_throughput(table.throughput, throughput, now, "table");
}

Result<void> set_stream(engine::WriteTxn& txn, const Value& specification, Table& table) {
  if (!specification.present()) return {};
  CLOCHE_TRY(view, plan_stream(specification));
  if (!view.empty() && !table.stream_view_type.empty())
    return validation("Table already has an enabled stream: " + table.stream_arn());
  if (view.empty() && table.stream_view_type.empty())
    return validation("Table is already in DISABLED stream state, cannot be disabled again");
  if (view.empty() && !table.replicas.empty())
    return validation("Disabling Stream is not allowed for a Global Table replica");
  if (view.empty()) return close_stream(txn, table);
  table.stream_view_type = std::move(view);
  return open_stream(txn, table);
}

// Attributes that no key needs any more are forgotten, new ones remembered.
void set_attributes(const Value& definitions, Table& table) {
  if (!definitions.present()) return;
  for (const auto& [name, type] : attribute_definitions(definitions)) {
    const auto known =
        std::ranges::find(table.attributes, name, &std::pair<std::string, Type>::first);
    if (known == table.attributes.end()) table.attributes.emplace_back(name, type);
  }
}

void forget_unused_attributes(Table& table) {
  const auto is_key = [&](const std::string& name) {
    return table.keys.has(name) || std::ranges::any_of(table.indexes, [&](const Index& index) {
             return index.keys.has(name);
           });
  };
  std::erase_if(table.attributes, [&](const auto& attribute) { return !is_key(attribute.first); });
}

Error no_such_index(std::string_view name) {
  Error error = table_not_found();
  error.message = "Requested resource not found: No such index: " + std::string(name);
  return error;
}

// One element of GlobalSecondaryIndexUpdates.
Result<void> update_index(engine::WriteTxn& txn, const Value& update, Table& table) {
  if (const Value& create = update["Create"]; create.present()) {
    CLOCHE_TRY(index, plan_global_index(create, table.attributes, table.on_demand));
    if (table.find_index(index.name) != nullptr) {
      return validation("Attempting to create an index which already exists");
    }
    CLOCHE_TRY(const id, Catalog::next_id(txn));
    index.id = id;
    index.backfilling = true;
    table.indexes.push_back(std::move(index));
    return backfill_later(txn, table, id, "");
  }
  const Value& change = update["Update"].present() ? update["Update"] : update["Delete"];
  const std::string_view name = change["IndexName"].text();
  const auto found = std::ranges::find(table.indexes, name, &Index::name);
  if (found == table.indexes.end() || !found->global) return no_such_index(name);
  if (update["Update"].present()) {
    CLOCHE_TRY(const limits,
               plan_limits(change["OnDemandThroughput"], table.on_demand, found->limits));
    found->limits = limits;
    if (change["WarmThroughput"].present()) found->warm = plan_warm(change["WarmThroughput"]);
    if (!change["ProvisionedThroughput"].present()) return {};
    return set_throughput(found->throughput, change["ProvisionedThroughput"], txn.now(), "index");
  }
  CLOCHE_TRY_VOID(clear_rows_later(txn, kIndexEntries, found->id));
  table.indexes.erase(found);
  return {};
}

Result<void> update_indexes(engine::WriteTxn& txn, const Value& updates, Table& table) {
  std::size_t online = 0;
  for (const Value& update : updates.items()) {
    const Value& wanted = update["Update"]["ProvisionedThroughput"];
    if (std::max(wanted["ReadCapacityUnits"].as_integer(0),
                 wanted["WriteCapacityUnits"].as_integer(0)) > kThroughputMax) {
      return validation(
          "This operation cannot be performed with given input values. Please contact DynamoDB "
          "service team for more info: Action "
          "Blocked: IndexUpdate");
    }
  }
  for (const Value& update : updates.items()) online += update["Update"].present() ? 0 : 1;
  if (online > 1 || (online == 1 && std::ranges::any_of(table.indexes, &Index::backfilling))) {
    return limit_exceeded(
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously "
        "per table");
  }
  for (const Value& update : updates.items()) CLOCHE_TRY_VOID(update_index(txn, update, table));
  return {};
}

// The table while it is being updated: new throughput comes with the end of that, which is at once.
Table as_it_was(const Table& before, const Table& after) {
  Table told = after;
  const auto keep = [](const Throughput& old, Throughput& units) {
    units.read_units = old.read_units;
    units.write_units = old.write_units;
    units.decreases = old.decreases;
    if (units.increased != old.increased) *units.increased -= kUpdateTakes;
    if (units.decreased != old.decreased) *units.decreased -= kUpdateTakes;
  };
  if (before.on_demand == after.on_demand) keep(before.throughput, told.throughput);
  for (Index& index : told.indexes) {
    const Index* old = before.find_index(index.name);
    if (old != nullptr && before.on_demand == after.on_demand)
      keep(old->throughput, index.throughput);
  }
  return told;
}

}  // namespace

Result<void> update_table(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["TableName"].text()));
  CLOCHE_TRY_VOID(plan_update(call->input()));
  protocol::Call& request = *call;
  answer_write(
      service, call, name, [&service, &request, name](engine::WriteTxn& txn) -> Result<Value> {
        const Value& input = request.input();
        CLOCHE_TRY(const found, service.catalog.find(txn, place_of(request), name));
        if (found == nullptr) return table_not_found(name);
        if (found->restoring) {
          return resource_in_use(
              "Attempt to change a resource which is still in use: Table is being "
              "created: " +
              found->name);
        }
        Table table = *found;
        if (input["ReplicaUpdates"].present()) {
          CLOCHE_TRY_VOID(update_replicas(service, txn, input, table));
        }
        set_attributes(input["AttributeDefinitions"], table);
        CLOCHE_TRY_VOID(set_billing(input, table, txn.now()));
        CLOCHE_TRY_VOID(set_stream(txn, input["StreamSpecification"], table));
        CLOCHE_TRY_VOID(update_indexes(txn, input["GlobalSecondaryIndexUpdates"], table));
        forget_unused_attributes(table);
        if (input["DeletionProtectionEnabled"].present())
          table.deletion_protection = input["DeletionProtectionEnabled"].as_bool();
        if (input["WarmThroughput"].present()) table.warm = plan_warm(input["WarmThroughput"]);
        if (input["TableClass"].present()) table.table_class = input["TableClass"].str();
        if (const Value& encryption = input["SSESpecification"]; encryption.present()) {
          const bool enabled = encryption["Enabled"].as_bool();
          const std::string key = encryption["KMSMasterKeyId"].str();
          table.kms_key = !enabled ? ""
                          : key.starts_with("arn:")
                              ? key
                              : "arn:aws:kms:" + table.region + ":" + table.account + ":key/" + key;
        }
        CLOCHE_TRY_VOID(Catalog::store(txn, table));
        if (!input["ReplicaUpdates"].present())
          CLOCHE_TRY_VOID(share_settings(service, txn, *found, table));
        Arena& arena = request.arena();
        Value output = Value::map();
        output.add(arena, "TableDescription",
                   described(service, txn, as_it_was(*found, table), "UPDATING", txn.now(), arena));
        return output;
      });
  return {};
}

}  // namespace cloche::dynamodb
