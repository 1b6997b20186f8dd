#include "transfer/dynamodb/table.h"

#include <algorithm>
#include <thread>

#include "base/json.h"

namespace cloche::transfer {
namespace {

using namespace std::chrono_literals;

// How long a table may take to come or go: AWS takes seconds, minutes for many indexes.
constexpr int kWaitSecondsMax = 600;

Value named(std::string_view table, Arena& arena) {
  Value input = Value::map();
  input.add(arena, "TableName", Value::string(arena, table));
  return input;
}

Result<Value> ask(Client& client, std::string_view region, std::string_view operation,
                  const Value& input, Arena& arena) {
  std::string body;
  append_json(body, input);
  return client.call_json("dynamodb", operation, body, region, arena);
}

void copy_if_there(const Value& from, std::string_view name, Value& to, Arena& arena) {
  if (const Value& value = from[name]; value && value.kind() != Value::Kind::List) {
    to.add(arena, name, value);
  } else if (!value.empty()) {
    to.add(arena, name, value);
  }
}

Value sorted_by(const Value& list, std::string_view name, Arena& arena) {
  std::vector<Value> items(list.items().begin(), list.items().end());
  std::ranges::sort(items, {}, [&](const Value& item) { return item[name].text(); });
  Value out = Value::list();
  for (const Value& item : items) out.push(arena, item);
  return out;
}

Value throughput(const Value& told, Arena& arena) {
  Value out = Value::map();
  copy_if_there(told, "ReadCapacityUnits", out, arena);
  copy_if_there(told, "WriteCapacityUnits", out, arena);
  return out;
}

// Members of an index or a table that bear on its cost.
void copy_throughput(const Value& from, bool provisioned, Value& to, Arena& arena) {
  if (provisioned)
    to.add(arena, "ProvisionedThroughput", throughput(from["ProvisionedThroughput"], arena));
  copy_if_there(from, "OnDemandThroughput", to, arena);
}

Value indexes(const Value& told, bool with_throughput, bool provisioned, Arena& arena) {
  Value out = Value::list();
  for (const Value& index : told.items()) {
    Value made = Value::map();
    for (const std::string_view name : {"IndexName", "KeySchema", "Projection"})
      copy_if_there(index, name, made, arena);
    if (with_throughput) copy_throughput(index, provisioned, made, arena);
    out.push(arena, made);
  }
  return sorted_by(out, "IndexName", arena);
}

// What DescribeTable tells, as CreateTable takes it.
Value creation_of(const Value& table, Arena& arena) {
  Value out = Value::map();
  out.add(arena, "AttributeDefinitions",
          sorted_by(table["AttributeDefinitions"], "AttributeName", arena));
  copy_if_there(table, "KeySchema", out, arena);
  const Value& mode = table["BillingModeSummary"]["BillingMode"];
  const bool provisioned = mode.text() != "PAY_PER_REQUEST";
  out.add(arena, "BillingMode", Value::string(provisioned ? "PROVISIONED" : "PAY_PER_REQUEST"));
  copy_throughput(table, provisioned, out, arena);
  if (const Value& local = table["LocalSecondaryIndexes"]; !local.empty())
    out.add(arena, "LocalSecondaryIndexes", indexes(local, false, provisioned, arena));
  if (const Value& global = table["GlobalSecondaryIndexes"]; !global.empty())
    out.add(arena, "GlobalSecondaryIndexes", indexes(global, true, provisioned, arena));
  if (table["StreamSpecification"]["StreamEnabled"].as_bool())
    out.add(arena, "StreamSpecification", table["StreamSpecification"]);
  if (const Value& sse = table["SSEDescription"]; sse["Status"].text() == "ENABLED") {
    Value made = Value::map();
    made.add(arena, "Enabled", Value::boolean(true));
    copy_if_there(sse, "SSEType", made, arena);
    if (sse["KMSMasterKeyArn"]) made.add(arena, "KMSMasterKeyId", sse["KMSMasterKeyArn"]);
    out.add(arena, "SSESpecification", made);
  }
  if (const auto& kind = table["TableClassSummary"]["TableClass"];
      kind && kind.text() != "STANDARD")
    out.add(arena, "TableClass", kind);
  if (table["DeletionProtectionEnabled"].as_bool())
    out.add(arena, "DeletionProtectionEnabled", Value::boolean(true));
  return out;
}

void add_tags(Client& client, std::string_view region, const Value& arn, Value& document,
              Arena& arena, const UntoldOfTable& untold) {
  Value tags = Value::list();
  Value next;
  do {
    Value input = Value::map();
    input.add(arena, "ResourceArn", arn);
    if (next) input.add(arena, "NextToken", next);
    const auto answer = ask(client, region, "ListTagsOfResource", input, arena);
    if (!answer) return untold("tags", answer.error());
    for (const Value& tag : (*answer)["Tags"].items()) tags.push(arena, tag);
    next = (*answer)["NextToken"];
  } while (next.present());
  if (!tags.empty()) document.add(arena, "Tags", sorted_by(tags, "Key", arena));
}

void add_time_to_live(Client& client, std::string_view region, std::string_view name,
                      Value& document, Arena& arena, const UntoldOfTable& untold) {
  const auto answer = ask(client, region, "DescribeTimeToLive", named(name, arena), arena);
  if (!answer) return untold("time to live", answer.error());
  const Value& told = (*answer)["TimeToLiveDescription"];
  if (told["TimeToLiveStatus"].text().starts_with("ENABL") && told["AttributeName"]) {
    Value made = Value::map();
    made.add(arena, "AttributeName", told["AttributeName"]);
    made.add(arena, "Enabled", Value::boolean(true));
    document.add(arena, "TimeToLive", made);
  }
}

void add_recovery(Client& client, std::string_view region, std::string_view name, Value& document,
                  Arena& arena, const UntoldOfTable& untold) {
  const auto answer = ask(client, region, "DescribeContinuousBackups", named(name, arena), arena);
  if (!answer) return untold("point-in-time recovery", answer.error());
  const Value& told = (*answer)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"];
  if (told["PointInTimeRecoveryStatus"].text() == "ENABLED")
    document.add(arena, "PointInTimeRecovery", Value::boolean(true));
}

void add_policy(Client& client, std::string_view region, const Value& arn, Value& document,
                Arena& arena, const UntoldOfTable& untold) {
  Value input = Value::map();
  input.add(arena, "ResourceArn", arn);
  const auto answer = ask(client, region, "GetResourcePolicy", input, arena);
  if (answer) {
    if (const Value& policy = (*answer)["Policy"]) document.add(arena, "ResourcePolicy", policy);
  } else if (answer.error().code != "PolicyNotFoundException") {
    untold("resource policy", answer.error());
  }
}

Result<std::string> wait_active(Client& client, std::string_view region, std::string_view name) {
  for (int tries = 0;; ++tries) {
    Arena arena;
    CLOCHE_TRY(const answer, ask(client, region, "DescribeTable", named(name, arena), arena));
    const Value& table = answer["Table"];
    const bool indexes_done =
        std::ranges::all_of(table["GlobalSecondaryIndexes"].items(), [](const Value& index) {
          return !index["IndexStatus"] || index["IndexStatus"].text() == "ACTIVE";
        });
    if (table["TableStatus"].text() == "ACTIVE" && indexes_done) return table["TableArn"].str();
    if (tries == kWaitSecondsMax * 5)
      return unavailable("the table " + std::string(name) + " is still " +
                         table["TableStatus"].str() + " after ten minutes");
    std::this_thread::sleep_for(200ms);
  }
}

// AWS refuses to change a table that is changing already.
Result<void> change(Client& client, std::string_view region, std::string_view operation,
                    const Value& input, Arena& arena) {
  CLOCHE_TRY_VOID(ask(client, region, operation, input, arena));
  return {};
}

}  // namespace

Result<std::vector<std::string>> list_tables(Client& client, std::string_view region) {
  std::vector<std::string> names;
  std::string start;
  do {
    Arena arena;
    Value input = Value::map();
    if (!start.empty()) input.add(arena, "ExclusiveStartTableName", Value::string(start));
    CLOCHE_TRY(const answer, ask(client, region, "ListTables", input, arena));
    for (const Value& name : answer["TableNames"].items()) names.push_back(name.str());
    start = answer["LastEvaluatedTableName"].str();
  } while (!start.empty());
  std::ranges::sort(names);
  return names;
}

Result<TableState> read_table(Client& client, std::string_view region, std::string_view name,
                              Arena& arena, const UntoldOfTable& untold) {
  CLOCHE_TRY(const answer, ask(client, region, "DescribeTable", named(name, arena), arena));
  const Value& table = answer["Table"];
  TableState state{.document = creation_of(table, arena),
                   .id = table["TableId"].str(),
                   .items = static_cast<std::uint64_t>(table["ItemCount"].as_integer(0))};
  add_tags(client, region, table["TableArn"], state.document, arena, untold);
  add_time_to_live(client, region, name, state.document, arena, untold);
  add_recovery(client, region, name, state.document, arena, untold);
  add_policy(client, region, table["TableArn"], state.document, arena, untold);
  return state;
}

Result<void> make_table(Client& client, std::string_view region, std::string_view name,
                        const Value& document) {
  Arena arena;
  Value input = named(name, arena);
  for (const Member& member : document.members()) {
    const bool later = member.name == "StreamSpecification" || member.name == "TimeToLive" ||
                       member.name == "PointInTimeRecovery" || member.name == "ResourcePolicy" ||
                       member.name == "TableName" || member.name == "DeletionProtectionEnabled";
    if (!later) input.add(arena, member.name, member.value);
  }
  CLOCHE_TRY_VOID(change(client, region, "CreateTable", input, arena));
  CLOCHE_TRY_VOID(wait_active(client, region, name));
  return {};
}

Result<void> finish_table(Client& client, std::string_view region, std::string_view name,
                          const Value& document) {
  Arena arena;
  if (document["StreamSpecification"] || document["DeletionProtectionEnabled"].as_bool()) {
    Value input = named(name, arena);
    copy_if_there(document, "StreamSpecification", input, arena);
    copy_if_there(document, "DeletionProtectionEnabled", input, arena);
    CLOCHE_TRY_VOID(change(client, region, "UpdateTable", input, arena));
  }
  if (const Value& time_to_live = document["TimeToLive"]) {
    Value input = named(name, arena);
    input.add(arena, "TimeToLiveSpecification", time_to_live);
    CLOCHE_TRY_VOID(change(client, region, "UpdateTimeToLive", input, arena));
  }
  if (document["PointInTimeRecovery"].as_bool()) {
    Value setting = Value::map();
    setting.add(arena, "PointInTimeRecoveryEnabled", Value::boolean(true));
    Value input = named(name, arena);
    input.add(arena, "PointInTimeRecoverySpecification", setting);
    CLOCHE_TRY_VOID(change(client, region, "UpdateContinuousBackups", input, arena));
  }
  if (const Value& policy = document["ResourcePolicy"]) {
    CLOCHE_TRY(const arn, wait_active(client, region, name));
    Value input = Value::map();
    input.add(arena, "ResourceArn", Value::string(arn));
    input.add(arena, "Policy", policy);
    CLOCHE_TRY_VOID(change(client, region, "PutResourcePolicy", input, arena));
  }
  return {};
}

Result<void> remove_table(Client& client, std::string_view region, std::string_view name) {
  Arena arena;
  Value input = named(name, arena);
  const auto described = ask(client, region, "DescribeTable", input, arena);
  if (!described) return described.error();
  if ((*described)["Table"]["DeletionProtectionEnabled"].as_bool()) {
    Value unprotect = named(name, arena);
    unprotect.add(arena, "DeletionProtectionEnabled", Value::boolean(false));
    CLOCHE_TRY_VOID(change(client, region, "UpdateTable", unprotect, arena));
  }
  return change(client, region, "DeleteTable", input, arena);
}

Result<void> ItemWriter::add(std::string_view item) {
  if (count_ == kBatchItemsMax || batch_.size() + item.size() > kBatchBytesMax)
    CLOCHE_TRY_VOID(flush());
  if (count_++ > 0) batch_ += ',';
  batch_ += "{\"PutRequest\":{\"Item\":";
  batch_ += item;
  batch_ += "}}";
  return {};
}

Result<void> ItemWriter::flush() {
  if (count_ == 0) return {};
  std::string requests = "[" + batch_ + "]";
  std::string name;
  append_json_string(name, table_);
  const auto done = with_patience(client_, [&]() -> Result<void> {
    Arena arena;
    const std::string body = "{\"RequestItems\":{" + name + ":" + requests + "}}";
    CLOCHE_TRY(const answer, client_.call_json("dynamodb", "BatchWriteItem", body, region_, arena));
    const Value& left = answer["UnprocessedItems"][table_];
    if (left.empty()) return {};
    requests.clear();
    append_json(requests, left);
    return Error{.kind = Error::Kind::Unavailable,
                 .code = "UnprocessedItems",
                 .message = "the table " + table_ + " does not take all items: its throughput " +
                            "is used up",
                 .http_status = 400,
                 .details = {}};
  });
  if (done) written_ += count_;
  batch_.clear();
  count_ = 0;
  return done;
}

Result<ScanPage> scan(Client& client, std::string_view region, std::string_view table, int segment,
                      int segments, std::string_view start_key, Arena& arena) {
  std::string body = "{\"TableName\":";
  append_json_string(body, table);
  body += ",\"ConsistentRead\":true";
  if (segments > 1)
    body += ",\"Segment\":" + std::to_string(segment) +
            ",\"TotalSegments\":" + std::to_string(segments);
  if (!start_key.empty()) body += ",\"ExclusiveStartKey\":" + std::string(start_key);
  body += "}";
  CLOCHE_TRY(const answer, client.call_json("dynamodb", "Scan", body, region, arena));
  ScanPage page{.items = answer["Items"], .last_key{}};
  if (const Value& last = answer["LastEvaluatedKey"]; last && !last.empty())
    append_json(page.last_key, last);
  return page;
}

}  // namespace cloche::transfer
