#include "dynamodb/table/table.h"

#include <algorithm>

#include "base/json.h"

namespace cloche::dynamodb {
namespace {

// Writing and reading stand side by side, so that a member that is added to one is seen to be
// missing in the other.

Value encode_throughput(const Throughput& throughput, Arena& arena) {
  Value out = Value::map();
  out.add(arena, "read", Value::integer(throughput.read_units));
  out.add(arena, "write", Value::integer(throughput.write_units));
  out.add(arena, "increased", encode_time(throughput.increased));
  out.add(arena, "decreased", encode_time(throughput.decreased));
  if (throughput.decreases > 0) out.add(arena, "decreases", Value::integer(throughput.decreases));
  return out;
}

Throughput decode_throughput(const Value& value) {
  return {value["read"].as_integer(0), value["write"].as_integer(0),
          decode_time(value["increased"]), decode_time(value["decreased"]),
          value["decreases"].as_integer(0)};
}

// How the attributes of a key after the first are marked; the first are a pair each.
constexpr std::string_view kMoreHash = "HASH", kMoreRange = "RANGE";

constexpr std::string_view kServiceOrder = "service";

constexpr std::string_view kProjections[] = {"ALL", "KEYS_ONLY", "INCLUDE"};

Value encode_warm(const WarmUnits& warm, Arena& arena) {
  if (warm.read == 0 && warm.write == 0) return {};
  Value out = Value::list();
  out.push(arena, Value::integer(warm.read));
  out.push(arena, Value::integer(warm.write));
  return out;
}

WarmUnits decode_warm(const Value& value) {
  if (value.size() != 2) return {};
  return {value.items()[0].as_integer(0), value.items()[1].as_integer(0)};
}

void encode_limits(Value& out, const OnDemandLimits& limits, Arena& arena) {
  if (limits.read == 0 && limits.write == 0) return;
  Value& pair = out.add(arena, "limits", Value::list());
  pair.push(arena, Value::integer(limits.read));
  pair.push(arena, Value::integer(limits.write));
}

OnDemandLimits decode_limits(const Value& in) {
  const Value& pair = in["limits"];
  if (pair.size() != 2) return {};
  return {pair.items()[0].as_integer(0), pair.items()[1].as_integer(0)};
}

void encode_scaling(Value& out, const AutoScaling& scaling, Arena& arena) {
  if (!scaling.read.empty()) out.add(arena, "read_scaling", Value::raw(scaling.read));
  if (!scaling.write.empty()) out.add(arena, "write_scaling", Value::raw(scaling.write));
}

AutoScaling decode_scaling(const Value& in) {
  AutoScaling scaling;
  if (in["read_scaling"].present()) append_json(scaling.read, in["read_scaling"]);
  if (in["write_scaling"].present()) append_json(scaling.write, in["write_scaling"]);
  return scaling;
}

Value encode_index(const Index& index, Arena& arena) {
  Value out = Value::map();
  out.add(arena, "id", Value::integer(index.id));
  out.add(arena, "name", Value::string(index.name));
  out.add(arena, "global", Value::boolean(index.global));
  out.add(arena, "keys", encode_keys(index.keys, arena));
  out.add(arena, "projection", Value::string(kProjections[static_cast<int>(index.projection)]));
  Value included = Value::list();
  for (const std::string& name : index.included) included.push(arena, Value::string(name));
  out.add(arena, "included", included);
  out.add(arena, "backfilling", Value::boolean(index.backfilling));
  out.add(arena, "throughput", encode_throughput(index.throughput, arena));
  encode_limits(out, index.limits, arena);
  encode_scaling(out, index.scaling, arena);
  out.add(arena, "warm", encode_warm(index.warm, arena));
  out.add(arena, "contributor_insights", Value::boolean(index.contributor_insights));
  return out;
}

Index decode_index(const Value& value) {
  Index index;
  index.id = value["id"].as_integer(0);
  index.name = value["name"].str();
  index.global = value["global"].as_bool();
  index.keys = decode_keys(value["keys"]);
  const std::string_view projection = value["projection"].text();
  index.projection = static_cast<ProjectionType>(std::ranges::find(kProjections, projection) -
                                                 std::begin(kProjections));
  for (const Value& name : value["included"].items()) index.included.push_back(name.str());
  index.backfilling = value["backfilling"].as_bool();
  index.throughput = decode_throughput(value["throughput"]);
  index.limits = decode_limits(value);
  index.scaling = decode_scaling(value);
  index.warm = decode_warm(value["warm"]);
  index.contributor_insights = value["contributor_insights"].as_bool();
  return index;
}

Value encode_pairs(const auto& pairs, auto second, Arena& arena) {
  Value out = Value::list();
  for (const auto& pair : pairs) {
    Value& both = out.push(arena, Value::list());
    both.push(arena, Value::string(pair.first));
    both.push(arena, Value::string(second(pair)));
  }
  return out;
}

}  // namespace

Value encode_keys(const KeySchema& keys, Arena& arena) {
  Value out = Value::list();
  const auto add = [&](const KeyAttribute& key, std::string_view kind) {
    Value& entry = out.push(arena, Value::list());
    entry.push(arena, Value::string(key.name));
    entry.push(arena, Value::string(name_of(key.type)));
    if (!kind.empty()) entry.push(arena, Value::string(kind));
  };
  add(keys.partition, "");
  if (keys.sort) add(*keys.sort, "");
  for (const KeyAttribute& key : keys.more_partition) add(key, kMoreHash);
  for (const KeyAttribute& key : keys.more_sort) add(key, kMoreRange);
  return out;
}

KeySchema decode_keys(const Value& value) {
  KeySchema keys;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto entry = value.items()[i].items();
    KeyAttribute key{entry[0].str(), type_named(entry[1].text()).value_or(Type::S)};
    const std::string_view kind = entry.size() > 2 ? entry[2].text() : "";
    if (kind == kMoreHash) {
      keys.more_partition.push_back(std::move(key));
    } else if (kind == kMoreRange) {
      keys.more_sort.push_back(std::move(key));
    } else if (i == 0) {
      keys.partition = std::move(key);
    } else {
      keys.sort = std::move(key);
    }
  }
  return keys;
}

Value encode_time(const std::optional<Instant>& at) {
  return at ? Value::integer(at->time_since_epoch().count()) : Value();
}

std::optional<Instant> decode_time(const Value& value) {
  const auto microseconds = value.as_integer();
  if (!microseconds) return std::nullopt;
  return Instant(std::chrono::microseconds(*microseconds));
}

const Index* Table::find_index(std::string_view index_name) const {
  const auto found = std::ranges::find(indexes, index_name, &Index::name);
  return found == indexes.end() ? nullptr : &*found;
}

bool Table::has_local_index() const {
  return std::ranges::any_of(indexes, [](const Index& index) { return !index.global; });
}

bool is_projected(const Table& table, const Index& index, std::string_view attribute) {
  if (index.projection == ProjectionType::All || table.keys.has(attribute) ||
      index.keys.has(attribute))
    return true;
  return std::ranges::find(index.included, attribute) != index.included.end();
}

std::string encode_table(const Table& table) {
  Arena arena;
  Value out = Value::map();
  out.add(arena, "id", Value::integer(table.id));
  out.add(arena, "account", Value::string(table.account));
  out.add(arena, "region", Value::string(table.region));
  out.add(arena, "name", Value::string(table.name));
  out.add(arena, "uuid", Value::string(table.uuid));
  out.add(arena, "created", encode_time(table.created));
  out.add(arena, "keys", encode_keys(table.keys, arena));
  if (table.order == PartitionOrder::Service) out.add(arena, "order", Value::string(kServiceOrder));
  out.add(arena, "attributes",
          encode_pairs(
              table.attributes, [](const auto& pair) { return name_of(pair.second); }, arena));
  Value indexes = Value::list();
  for (const Index& index : table.indexes) indexes.push(arena, encode_index(index, arena));
  out.add(arena, "indexes", indexes);
  out.add(arena, "on_demand", Value::boolean(table.on_demand));
  out.add(arena, "on_demand_since", encode_time(table.on_demand_since));
  out.add(arena, "throughput", encode_throughput(table.throughput, arena));
  encode_limits(out, table.limits, arena);
  encode_scaling(out, table.scaling, arena);
  if (table.counts_collections) out.add(arena, "counts_collections", Value::boolean(true));
  if (table.legacy_global_since)
    out.add(arena, "legacy_global_since", encode_time(table.legacy_global_since));
  out.add(arena, "warm", encode_warm(table.warm, arena));
  out.add(arena, "contributor_insights", Value::boolean(table.contributor_insights));
  out.add(arena, "deletion_protection", Value::boolean(table.deletion_protection));
  out.add(arena, "table_class", Value::string(table.table_class));
  out.add(arena, "stream_view_type", Value::string(table.stream_view_type));
  out.add(arena, "stream_label", Value::string(table.stream_label));
  out.add(arena, "stream_id", Value::integer(table.stream_id));
  out.add(arena, "kms_key", Value::string(table.kms_key));
  out.add(arena, "ttl_attribute", Value::string(table.ttl_attribute));
  out.add(arena, "recovery_since", encode_time(table.recovery_since));
  out.add(arena, "recovery_days", Value::integer(table.recovery_days));
  out.add(arena, "restoring", Value::boolean(table.restoring));
  out.add(arena, "restored_from", Value::string(table.restored_from));
  out.add(arena, "restored_to", encode_time(table.restored_to));
  out.add(arena, "tags",
          encode_pairs(
              table.tags, [](const auto& pair) { return std::string_view(pair.second); }, arena));
  for (const auto& [name, policy] :
       {std::pair("policy", &table.policy), std::pair("stream_policy", &table.stream_policy)}) {
    if (policy->text.empty()) continue;
    Value& both = out.add(arena, name, Value::list());
    both.push(arena, Value::string(policy->text));
    both.push(arena, Value::string(policy->revision));
  }
  if (!table.kinesis.empty()) {
    Value& list = out.add(arena, "kinesis", Value::list());
    for (const KinesisDestination& destination : table.kinesis) {
      Value& entry = list.push(arena, Value::list());
      entry.push(arena, Value::string(destination.arn));
      entry.push(arena, Value::string(destination.precision));
      entry.push(arena, Value::boolean(destination.active));
    }
  }
  if (!table.replicas.empty()) {
    Value& list = out.add(arena, "replicas", Value::list());
    for (const Replica& replica : table.replicas) {
      Value& entry = list.push(arena, Value::list());
      entry.push(arena, Value::string(replica.region));
      entry.push(arena, Value::string(replica.kms_key));
    }
  }
  std::string row;
  append_json(row, out);
  return row;
}

Result<Table> decode_table(std::string_view row) {
  Arena arena;
  auto parsed = parse_json(row, arena);
  if (!parsed || (*parsed)["keys"].empty())
    return damaged("dynamodb_tables: a row is no table description");
  const Value& in = *parsed;
  Table table;
  table.id = in["id"].as_integer(0);
  table.account = in["account"].str();
  table.region = in["region"].str();
  table.name = in["name"].str();
  table.uuid = in["uuid"].str();
  table.created = decode_time(in["created"]).value_or(Instant());
  table.keys = decode_keys(in["keys"]);
  if (in["order"].text() == kServiceOrder) table.order = PartitionOrder::Service;
  for (const Value& pair : in["attributes"].items()) {
    table.attributes.emplace_back(pair.items()[0].str(),
                                  type_named(pair.items()[1].text()).value_or(Type::S));
  }
  for (const Value& index : in["indexes"].items()) table.indexes.push_back(decode_index(index));
  table.on_demand = in["on_demand"].as_bool();
  table.on_demand_since = decode_time(in["on_demand_since"]);
  table.throughput = decode_throughput(in["throughput"]);
  table.limits = decode_limits(in);
  table.scaling = decode_scaling(in);
  table.counts_collections = in["counts_collections"].as_bool();
  table.legacy_global_since = decode_time(in["legacy_global_since"]);
  table.warm = decode_warm(in["warm"]);
  table.contributor_insights = in["contributor_insights"].as_bool();
  table.deletion_protection = in["deletion_protection"].as_bool();
  table.table_class = in["table_class"].str();
  table.stream_view_type = in["stream_view_type"].str();
  table.stream_label = in["stream_label"].str();
  table.stream_id = in["stream_id"].as_integer(0);
  table.kms_key = in["kms_key"].str();
  table.ttl_attribute = in["ttl_attribute"].str();
  table.recovery_since = decode_time(in["recovery_since"]);
  table.recovery_days = in["recovery_days"].as_integer(0);
  table.restoring = in["restoring"].as_bool();
  table.restored_from = in["restored_from"].str();
  table.restored_to = decode_time(in["restored_to"]).value_or(Instant());
  for (const Value& pair : in["tags"].items())
    table.tags.emplace_back(pair.items()[0].str(), pair.items()[1].str());
  for (const auto& [name, policy] :
       {std::pair("policy", &table.policy), std::pair("stream_policy", &table.stream_policy)}) {
    if (in[name].size() == 2) *policy = {in[name].items()[0].str(), in[name].items()[1].str()};
  }
  for (const Value& entry : in["replicas"].items())
    table.replicas.push_back({entry.items()[0].str(), entry.items()[1].str()});
  for (const Value& entry : in["kinesis"].items()) {
    table.kinesis.push_back(
        {entry.items()[0].str(), entry.items()[1].str(), entry.items()[2].as_bool()});
  }
  return table;
}

}  // namespace cloche::dynamodb
