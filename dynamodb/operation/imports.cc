// ImportTable, DescribeImport, ListImports.
#include "base/json.h"
#include "dynamodb/errors.h"
#include "dynamodb/operation/tables.h"
#include "dynamodb/operation/transfers.h"
#include "dynamodb/table/plan_table.h"

namespace cloche::dynamodb {
namespace {

// AWS: ListExports and ListImports tell of the last 90 days.
constexpr std::chrono::days kListedFor{90};

Error refusal(std::string_view code, std::string message) {
  Error error = validation(std::move(message));
  error.code = code;
  return error;
}

std::string log_group(const Import& import) {
  return "arn:aws:logs:" + import.region + ":" + import.account +
         ":log-group:/aws-dynamodb/imports:*";
}

std::string_view name_of(ImportFormat format) {
  return format == ImportFormat::Csv ? "CSV" : "DYNAMODB_JSON";
}

Value source(const Import& import, Arena& arena) {
  Value out = Value::map();
  if (import.owner_given)
    out.add(arena, "S3BucketOwner", Value::string(arena, import.bucket.owner));
  out.add(arena, "S3Bucket", Value::string(arena, import.bucket.bucket));
  if (!import.prefix.empty()) out.add(arena, "S3KeyPrefix", Value::string(arena, import.prefix));
  return out;
}

// The counts stay zero until the import ends, as on AWS (measured in 2026).
Value description(const Import& import, Arena& arena) {
  const bool ended = import.status != TransferStatus::InProgress;
  Value out = Value::map();
  const auto text = [&](std::string_view name, const std::string& value) {
    out.add(arena, name, Value::string(arena, value));
  };
  const auto count = [&](std::string_view name, std::int64_t value) {
    out.add(arena, name, Value::integer(ended ? value : 0));
  };
  text("ImportArn", import.arn());
  text("ImportStatus", std::string(name_of(import.status)));
  text("TableArn", import.table_arn());
  text("TableId", import.table_uuid);
  text("ClientToken", import.token);
  out.add(arena, "S3BucketSource", source(import, arena));
  count("ErrorCount", import.errors);
  text("CloudWatchLogGroupArn", log_group(import));
  text("InputFormat", std::string(name_of(import.format)));
  if (!import.options.empty())
    out.add(arena, "InputFormatOptions", Value::raw(arena.copy(import.options)));
  text("InputCompressionType", import.compression);
  out.add(arena, "TableCreationParameters", Value::raw(arena.copy(import.parameters)));
  out.add(arena, "StartTime", Value::timestamp(import.started));
  if (ended) out.add(arena, "EndTime", Value::timestamp(*import.ended));
  if (ended && import.bytes > 0) count("ProcessedSizeBytes", import.bytes);
  count("ProcessedItemCount", import.processed);
  count("ImportedItemCount", import.imported);
  if (import.status == TransferStatus::Failed) {
    text("FailureCode", import.failure.code);
    text("FailureMessage", import.failure.message);
  }
  return out;
}

Result<Value> described_import(const Import& import, Arena& arena) {
  Value output = Value::map();
  output.add(arena, "ImportTableDescription", description(import, arena));
  return output;
}

// What the request says by itself.
Result<Import> plan_import(const protocol::Call& call) {
  const Value& input = call.input();
  // The model says that it may be absent; the service does not (measured in 2026).
  if (!input["ClientToken"].present()) {
    return validation(
        "1 validation error detected: Value null at 'clientToken' failed to satisfy constraint: "
        "Member must not be null");
  }
  Import plan;
  plan.token = input["ClientToken"].str();
  const Value& from = input["S3BucketSource"];
  plan.bucket.bucket = from["S3Bucket"].str();
  plan.owner_given = from["S3BucketOwner"].present();
  plan.bucket.owner = plan.owner_given ? from["S3BucketOwner"].str() : call.caller().account;
  plan.bucket.account = call.caller().account;
  plan.prefix = from["S3KeyPrefix"].str();
  const std::string_view format = input["InputFormat"].text();
  if (format == "ION") return validation("InputFormat ION is not supported here");
  plan.format = format == "CSV" ? ImportFormat::Csv : ImportFormat::Json;
  if (input["InputFormatOptions"]["Csv"].present() && plan.format != ImportFormat::Csv) {
    return validation("InputFormatOptions with Csv can only be given with the InputFormat CSV");
  }
  if (input["InputFormatOptions"].present()) append_json(plan.options, input["InputFormatOptions"]);
  if (input["InputCompressionType"].present())
    plan.compression = input["InputCompressionType"].str();
  append_json(plan.parameters, input["TableCreationParameters"]);
  return plan;
}

// Whether the caller may read the bucket's objects, and there is a bucket. AWS takes the request and
// lets the import fail; a failure of the store is none of those.
Result<void> note_failure(Service& service, engine::WriteTxn& txn, const protocol::Call& call,
                          Import& plan) {
  auto may = s3::check_bucket(txn, plan.bucket);
  for (const char* operation : {"ListObjectsV2", "GetObject"}) {
    if (may) {
      may = s3::judge_for(service.guard, txn.now(), txn, call, operation, plan.bucket.bucket,
                          plan.prefix);
    }
  }
  if (may) return {};
  if (may.error().kind != Error::Kind::Refused) return std::move(may).error();
  plan.failure = failure_of(may.error(), txn.ids());
  return {};
}

Result<Value> begin_import(Service& service, engine::WriteTxn& txn, protocol::Call& call,
                           std::string_view name, Import plan, Table table) {
  const Place place = place_of(call);
  const Error in_use = resource_in_use("Table already exists: " + std::string(name));
  CLOCHE_TRY(const existing, service.catalog.find(txn, place, name));
  if (existing != nullptr && !existing->restoring) return in_use;
  // Of the rest of the request the token stands for the table's name alone (measured in 2026).
  const ClientToken token(place, "import", plan.token);
  CLOCHE_TRY(const known, token.find(txn));
  if (known) {
    CLOCHE_TRY(const before, find_import(txn, known->arn));
    if (known->asked != name) {
      return refusal("ImportConflictException",
                     "Duplicate request detected with conflicting parameters");
    }
    if (before) return described_import(*before, call.arena());
  }
  if (existing != nullptr) return in_use;
  plan.account = place.account;
  plan.region = place.region;
  plan.table_name = name;
  plan.id = new_transfer_id(txn);
  plan.started = txn.now();
  CLOCHE_TRY_VOID(note_failure(service, txn, call, plan));
  if (plan.failure.code.empty()) {
    table.restoring = true;
    CLOCHE_TRY_VOID(make_table(txn, place, name, table));
    plan.table_id = table.id;
  }
  plan.table_uuid = table.uuid.empty() ? txn.ids().uuid() : table.uuid;
  CLOCHE_TRY_VOID(store_import(txn, plan));
  CLOCHE_TRY_VOID(token.remember(txn, {plan.arn(), std::string(name)}));
  CLOCHE_TRY_VOID(txn.later({.kind = std::string(kImportWork), .payload = "", .due = {}}));
  return described_import(plan, call.arena());
}

}  // namespace

Result<void> import_table(Service& service, const protocol::CallPtr& call) {
  const Value& parameters = call->input()["TableCreationParameters"];
  CLOCHE_TRY(const name, table_name_of(parameters["TableName"].text()));
  CLOCHE_TRY(planned, plan_import(*call));
  CLOCHE_TRY(table, plan_table(parameters));
  table.kms_key = asked_key(parameters["SSESpecification"], place_of(*call));
  protocol::Call& request = *call;
  answer_write(service, call, name,
               [&service, &request, name, plan = std::move(planned),
                table = std::move(table)](engine::WriteTxn& txn) -> Result<Value> {
                 return begin_import(service, txn, request, name, plan, table);
               });
  return {};
}

Result<void> describe_import(Service& service, const protocol::CallPtr& call) {
  const std::string arn = call->input()["ImportArn"].str();
  const auto parts = parse_part_arn(arn, "import");
  if (!parts || !table_name_of(parts->table)) return validation("Invalid Import ARN");
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(const import, find_import(view, arn));
    const Place place = place_of(*call);
    if (!import || import->account != place.account || import->region != place.region)
      return refusal("ImportNotFoundException", "Import not found: " + arn);
    return described_import(*import, call->arena());
  });
  return {};
}

Result<void> list_imports(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const arn, table_arn_of(call->input()));
  const auto limit = static_cast<std::size_t>(call->input()["PageSize"].as_integer(25));
  const Instant since = service.store.clock().now() - kListedFor;
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    Arena& arena = call->arena();
    Value list = Value::list();
    const auto show = [&](std::string_view key, std::string_view row) -> Result<bool> {
      CLOCHE_TRY(const import, decode_import(key, row));
      if (import.started < since) return false;
      Value& summary = list.push(arena, Value::map());
      const auto text = [&](std::string_view name, const std::string& value) {
        summary.add(arena, name, Value::string(arena, value));
      };
      text("ImportArn", import.arn());
      text("ImportStatus", std::string(name_of(import.status)));
      text("TableArn", import.table_arn());
      summary.add(arena, "S3BucketSource", source(import, arena));
      text("CloudWatchLogGroupArn", log_group(import));
      text("InputFormat", std::string(name_of(import.format)));
      summary.add(arena, "StartTime", Value::timestamp(import.started));
      if (import.ended) summary.add(arena, "EndTime", Value::timestamp(*import.ended));
      return true;
    };
    CLOCHE_TRY(const page, walk_transfers(*call, view, kImports,
                                          arn ? std::string_view(arn->table) : std::string_view(),
                                          limit, show));
    Value output = Value::map();
    output.add(arena, "ImportSummaryList", list);
    if (!page.next_token.empty())
      output.add(arena, "NextToken", Value::string(arena, page.next_token));
    return output;
  });
  return {};
}

}  // namespace cloche::dynamodb
