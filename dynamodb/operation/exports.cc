// ExportTableToPointInTime, DescribeExport, ListExports.
#include <algorithm>

#include "base/digest.h"
#include "base/json.h"
#include "dynamodb/errors.h"
#include "dynamodb/operation/backups.h"
#include "dynamodb/operation/transfers.h"

namespace cloche::dynamodb {
namespace {

// AWS: "Data export: incremental export period" (Developer Guide, requesting an export).
constexpr std::chrono::minutes kPeriodMin{15};
constexpr std::chrono::hours kPeriodMax{24};
// AWS: ListExports and ListImports tell of the last 90 days.
constexpr std::chrono::days kListedFor{90};

Error refusal(std::string_view code, std::string message) {
  Error error = validation(std::move(message));
  error.code = code;
  return error;
}

Error invalid_time(std::string message) {
  return refusal("InvalidExportTimeException", std::move(message));
}

Value description(const Export& exported, Arena& arena) {
  Value out = Value::map();
  const auto text = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out.add(arena, name, Value::string(arena, value));
  };
  text("ExportArn", exported.arn());
  text("ExportStatus", std::string(name_of(exported.status)));
  out.add(arena, "StartTime", Value::timestamp(exported.started));
  if (exported.ended) out.add(arena, "EndTime", Value::timestamp(*exported.ended));
  if (exported.status == TransferStatus::Completed) text("ExportManifest", exported.manifest());
  text("TableArn", exported.table.arn());
  text("TableId", exported.table.uuid);
  if (!exported.incremental) out.add(arena, "ExportTime", Value::timestamp(exported.time));
  text("ClientToken", exported.token);
  text("S3Bucket", exported.bucket.bucket);
  if (exported.owner_given) text("S3BucketOwner", exported.bucket.owner);
  text("S3Prefix", exported.prefix);
  text("S3SseAlgorithm", exported.kms ? "KMS" : "AES256");
  text("S3SseKmsKeyId", exported.kms_key);
  if (exported.status == TransferStatus::Failed) {
    text("FailureCode", exported.failure.code);
    text("FailureMessage", exported.failure.message);
  }
  text("ExportFormat", exported.ion ? "ION" : "DYNAMODB_JSON");
  if (exported.status == TransferStatus::Completed) {
    out.add(arena, "BilledSizeBytes", Value::integer(exported.bytes));
    out.add(arena, "ItemCount", Value::integer(exported.items));
  }
  // AWS tells the type only where it was asked for (measured in 2026).
  if (exported.type_given)
    text("ExportType", exported.incremental ? "INCREMENTAL_EXPORT" : "FULL_EXPORT");
  if (exported.incremental) {
    Value& period = out.add(arena, "IncrementalExportSpecification", Value::map());
    period.add(arena, "ExportFromTime", Value::timestamp(exported.from));
    period.add(arena, "ExportToTime", Value::timestamp(exported.to));
    period.add(arena, "ExportViewType",
               Value::string(exported.new_images_only ? "NEW_IMAGE" : "NEW_AND_OLD_IMAGES"));
  }
  return out;
}

Result<Value> described_export(const Export& exported, Arena& arena) {
  Value output = Value::map();
  output.add(arena, "ExportDescription", description(exported, arena));
  return output;
}

// What the request says by itself.
Result<Export> plan_export(const protocol::Call& call) {
  const Value& input = call.input();
  Export plan;
  plan.bucket.bucket = input["S3Bucket"].str();
  // "S3BucketOwner is a required parameter when exporting to a S3 bucket in another account."
  plan.owner_given = input["S3BucketOwner"].present();
  plan.bucket.owner = plan.owner_given ? input["S3BucketOwner"].str() : call.caller().account;
  plan.bucket.account = call.caller().account;
  plan.prefix = input["S3Prefix"].str();
  plan.kms = input["S3SseAlgorithm"].text() == "KMS";
  plan.kms_key = input["S3SseKmsKeyId"].str();
  if (!plan.kms && !plan.kms_key.empty())
    return validation("S3SseKmsKeyId can only be given with the S3SseAlgorithm KMS");
  plan.ion = input["ExportFormat"].text() == "ION";
  plan.type_given = input["ExportType"].present();
  plan.incremental = input["ExportType"].text() == "INCREMENTAL_EXPORT";
  const Value& period = input["IncrementalExportSpecification"];
  if (plan.incremental && !period["ExportFromTime"].present()) {
    return validation(
        "IncrementalExportSpecification with an ExportFromTime must be given for the ExportType "
        "INCREMENTAL_EXPORT");
  }
  if (!plan.incremental && period.present()) {
    return validation(
        "IncrementalExportSpecification can only be given with the ExportType INCREMENTAL_EXPORT");
  }
  if (plan.incremental && input["ExportTime"].present())
    return validation("ExportTime can't be given with the ExportType INCREMENTAL_EXPORT");
  plan.new_images_only = period["ExportViewType"].text() == "NEW_IMAGE";
  return plan;
}

// The moments asked for, which have to lie where recovery reaches. A second holds all that was
// written in it.
Result<void> plan_times(const Value& input, const RecoveryWindow& window, Export& plan) {
  const auto earliest = std::chrono::floor<std::chrono::seconds>(window.earliest);
  const auto outside = [&](Instant at) { return at < earliest || at > window.latest; };
  if (!plan.incremental) {
    plan.time = input["ExportTime"].as_timestamp().value_or(window.latest);
    return outside(plan.time) ? invalid_time("Export Time is invalid") : Result<void>();
  }
  const Value& period = input["IncrementalExportSpecification"];
  plan.from = *period["ExportFromTime"].as_timestamp();
  plan.to = period["ExportToTime"].as_timestamp().value_or(window.latest);
  if (plan.to - plan.from < kPeriodMin) {
    return invalid_time(
        "Difference between export period start and end time is less than 15 minutes");
  }
  if (plan.to - plan.from > kPeriodMax) {
    return invalid_time(
        "Difference between export period start and end time is greater than 24 hours");
  }
  if (outside(plan.from) || outside(plan.to)) return invalid_time("Export Time is invalid");
  return {};
}

// What a token stands for: the request without it.
std::string digest_of(const Value& input) {
  std::string text;
  for (const char* name : {"TableArn", "S3Bucket", "S3BucketOwner", "S3Prefix", "S3SseAlgorithm",
                           "S3SseKmsKeyId", "ExportFormat", "ExportType", "ExportTime"}) {
    append_json(text, input[name]);
    text += '\n';
  }
  for (const char* name : {"ExportFromTime", "ExportToTime", "ExportViewType"}) {
    append_json(text, input["IncrementalExportSpecification"][name]);
    text += '\n';
  }
  return to_hex(md5(as_bytes(text)));
}

// A request that was made before, if its token says so.
Result<std::optional<Export>> known_export(const engine::ReadView& view, const ClientToken& token,
                                           const std::string& digest) {
  CLOCHE_TRY(const known, token.find(view));
  if (!known) return std::optional<Export>();
  if (known->asked != digest) {
    return refusal("ExportConflictException",
                   "Duplicate request detected with conflicting parameters");
  }
  return find_export(view, known->arn);
}

Result<Value> begin_export(Service& service, engine::WriteTxn& txn, protocol::Call& call,
                           const PartArn& arn, Export plan) {
  const Value& input = call.input();
  const Place place = place_of(call);
  CLOCHE_TRY(const table, service.catalog.find(txn, place, arn.table));
  if (table == nullptr || arn.account != place.account || arn.region != place.region)
    return backed_table_not_found(arn.table);
  plan.token = input["ClientToken"].present() ? input["ClientToken"].str() : txn.ids().uuid();
  const ClientToken token(place, "export", plan.token);
  const std::string digest = digest_of(input);
  CLOCHE_TRY(const known, known_export(txn, token, digest));
  if (known) return described_export(*known, call.arena());
  if (!table->recovery_since) return recovery_unavailable(table->name);
  CLOCHE_TRY(const window, recovery_window(service.store, *table, txn.now()));
  CLOCHE_TRY_VOID(plan_times(input, window, plan));
  plan.account = place.account;
  plan.region = place.region;
  plan.table_name = table->name;
  plan.id = new_transfer_id(txn);
  plan.table = *table;
  plan.started = txn.now();
  // AWS takes the request and lets the export fail.
  if (auto may = s3::judge_for(service.guard, txn.now(), txn, call, "PutObject", plan.bucket.bucket,
                               plan.folder() + "_started");
      !may) {
    if (may.error().kind != Error::Kind::Refused) return std::move(may).error();
    plan.failure = failure_of(may.error(), txn.ids());
  }
  CLOCHE_TRY_VOID(store_export(txn, plan));
  CLOCHE_TRY_VOID(token.remember(txn, {plan.arn(), digest}));
  CLOCHE_TRY_VOID(txn.later({.kind = std::string(kExportWork), .payload = "", .due = {}}));
  return described_export(plan, call.arena());
}

}  // namespace

Result<void> export_table(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(arn, table_arn_of(call->input()));
  CLOCHE_TRY(planned, plan_export(*call));
  protocol::Call& request = *call;
  const std::string name = arn->table;
  answer_write(service, call, name,
               [&service, &request, arn = *std::move(arn),
                plan = std::move(planned)](engine::WriteTxn& txn) -> Result<Value> {
                 return begin_export(service, txn, request, arn, plan);
               });
  return {};
}

Result<void> describe_export(Service& service, const protocol::CallPtr& call) {
  const std::string arn = call->input()["ExportArn"].str();
  const auto parts = parse_part_arn(arn, "export");
  if (!parts || !table_name_of(parts->table)) return validation("Invalid Export ARN");
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(const exported, find_export(view, arn));
    const Place place = place_of(*call);
    if (!exported || exported->account != place.account || exported->region != place.region)
      return refusal("ExportNotFoundException", "Export not found: " + arn);
    return described_export(*exported, call->arena());
  });
  return {};
}

Result<void> list_exports(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const arn, table_arn_of(call->input()));
  const auto limit = static_cast<std::size_t>(call->input()["MaxResults"].as_integer(25));
  const Instant since = service.store.clock().now() - kListedFor;
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    Arena& arena = call->arena();
    Value list = Value::list();
    // Asked for by a table, those of a table that is gone are not told of (measured on AWS in 2026).
    std::shared_ptr<const Table> table;
    if (arn) {
      CLOCHE_TRY(found, service.catalog.find(view, {arn->account, arn->region}, arn->table));
      table = std::move(found);
    }
    const auto show = [&](std::string_view key, std::string_view row) -> Result<bool> {
      CLOCHE_TRY(const exported, decode_export(key, row));
      if (exported.started < since) return false;
      if (arn && (table == nullptr || table->uuid != exported.table.uuid)) return false;
      Value& summary = list.push(arena, Value::map());
      summary.add(arena, "ExportArn", Value::string(arena, exported.arn()));
      summary.add(arena, "ExportStatus", Value::string(name_of(exported.status)));
      summary.add(arena, "ExportType",
                  Value::string(exported.incremental ? "INCREMENTAL_EXPORT" : "FULL_EXPORT"));
      return true;
    };
    CLOCHE_TRY(const page, walk_transfers(*call, view, kExports,
                                          arn ? std::string_view(arn->table) : std::string_view(),
                                          limit, show));
    Value output = Value::map();
    output.add(arena, "ExportSummaries", list);
    if (!page.next_token.empty())
      output.add(arena, "NextToken", Value::string(arena, page.next_token));
    return output;
  });
  return {};
}

}  // namespace cloche::dynamodb
