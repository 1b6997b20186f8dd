// The Kinesis streams that a table's changes are to go to: kept and described. Nothing is delivered,
// since there is no Kinesis here.
//
// Source: LocalStack's recording of AWS, 2025-07 (test_kinesis_streaming_destination_crud).
#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {
namespace {

Error not_in_state(std::string_view why) {
  return validation("Table is not in a valid state to enable Kinesis Streaming Destination: " +
                    std::string(why));
}

using Change = std::function<Result<Value>(Table&, Arena&)>;

Result<void> change_destination(Service& service, const protocol::CallPtr& call, Change change) {
  CLOCHE_TRY(const name, table_name_of(call->input()["TableName"].text()));
  protocol::Call& request = *call;
  answer_write(service, call, name,
               [&service, &request, name,
                change = std::move(change)](engine::WriteTxn& txn) -> Result<Value> {
                 CLOCHE_TRY(const found, service.catalog.find(txn, place_of(request), name));
                 if (found == nullptr) return table_not_found(name);
                 Table table = *found;
                 Arena& arena = request.arena();
                 CLOCHE_TRY(const told, change(table, arena));
                 Value output = told;
                 output.add(arena, "TableName", Value::string(arena, table.name));
                 output.add(arena, "StreamArn", request.input()["StreamArn"]);
                 CLOCHE_TRY_VOID(Catalog::store(txn, table));
                 return output;
               });
  return {};
}

KinesisDestination* find(Table& table, std::string_view arn) {
  const auto found = std::ranges::find(table.kinesis, arn, &KinesisDestination::arn);
  return found == table.kinesis.end() ? nullptr : &*found;
}

Error no_such_destination(const Table& table, std::string_view arn) {
  return not_in_state("No streaming destination with streamArn: " + std::string(arn) +
                      " found for table with tableName: " + table.name);
}

Value with_status(std::string_view status, Arena& arena) {
  Value out = Value::map();
  out.add(arena, "DestinationStatus", Value::string(status));
  return out;
}

}  // namespace

Result<void> enable_kinesis(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  return change_destination(service, call, [&input](Table& table, Arena& arena) -> Result<Value> {
    const std::string_view arn = input["StreamArn"].text();
    const Value& asked = input["EnableKinesisStreamingConfiguration"];
    KinesisDestination* known = find(table, arn);
    if (known != nullptr && known->active) {
      return not_in_state("Table is already streaming to " + std::string(arn));
    }
    if (known == nullptr) known = &table.kinesis.emplace_back();
    known->arn = arn;
    known->active = true;
    known->precision = asked["ApproximateCreationDateTimePrecision"].str();
    Value output = with_status("ENABLING", arena);
    output.add(arena, "EnableKinesisStreamingConfiguration",
               asked.present() ? asked : Value::map());
    return output;
  });
}

Result<void> disable_kinesis(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  return change_destination(service, call, [&input](Table& table, Arena& arena) -> Result<Value> {
    KinesisDestination* known = find(table, input["StreamArn"].text());
    if (known == nullptr || !known->active)
      return no_such_destination(table, input["StreamArn"].text());
    known->active = false;
    return with_status("DISABLING", arena);
  });
}

Result<void> update_kinesis(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  const std::string precision =
      input["UpdateKinesisStreamingConfiguration"]["ApproximateCreationDateTimePrecision"].str();
  if (precision.empty()) {
    return validation(
        "Streaming destination cannot be updated with given parameters: "
        "UpdateKinesisStreamingConfiguration cannot be null or contain only null values");
  }
  return change_destination(
      service, call, [&input, precision](Table& table, Arena& arena) -> Result<Value> {
        const std::string_view arn = input["StreamArn"].text();
        KinesisDestination* known = find(table, arn);
        if (known == nullptr || !known->active) return no_such_destination(table, arn);
        if (known->precision == precision) {
          return validation("Invalid Request: Precision is already set to the desired value of " +
                            precision + " for tableId: " + table.uuid +
                            ", kdsArn: " + std::string(arn));
        }
        known->precision = precision;
        Value output = with_status("UPDATING", arena);
        output.add(arena, "UpdateKinesisStreamingConfiguration",
                   input["UpdateKinesisStreamingConfiguration"]);
        return output;
      });
}

Result<void> describe_kinesis(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["TableName"].text()));
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(const table, service.catalog.find(view, place_of(*call), name));
    if (table == nullptr) return table_not_found(name);
    Arena& arena = call->arena();
    Value output = Value::map();
    output.add(arena, "TableName", Value::string(arena, table->name));
    Value list = Value::list();
    for (const KinesisDestination& destination : table->kinesis) {
      Value& told = list.push(arena, Value::map());
      told.add(arena, "StreamArn", Value::string(arena, destination.arn));
      told.add(arena, "DestinationStatus",
               Value::string(destination.active ? "ACTIVE" : "DISABLED"));
      if (!destination.precision.empty()) {
        told.add(arena, "ApproximateCreationDateTimePrecision",
                 Value::string(arena, destination.precision));
      }
    }
    output.add(arena, "KinesisDataStreamDestinations", list);
    return output;
  });
  return {};
}

}  // namespace cloche::dynamodb
