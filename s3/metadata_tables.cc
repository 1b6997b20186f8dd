// S3 Metadata: which tables of a bucket's objects are wanted, in both versions of the API. Kept and told; no
// table is written, since there is no S3 Tables service.
//
// Sources: "Metadata table configurations" and "Metadata table limitations and restrictions" in the user guide,
// and the API Reference of the eight operations. The code for a configuration that is not there is reported
// (hashicorp/terraform-provider-aws); the one for a second configuration, and both texts, were found nowhere
// for AWS, and are those of a service that copies this API.
#include <algorithm>

#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/settings.h"

namespace cloche::s3 {
namespace {

constexpr std::int64_t kRecordDaysMin = 7;
constexpr std::int64_t kRecordDaysMax = 2147483647;
constexpr std::string_view kFirstNamespace = "aws_s3_metadata";  // Of the first version's tables.

bool is_one_of(const Value& value, std::string_view a, std::string_view b) {
  return value.text() == a || value.text() == b;
}

Result<void> check_expiration(const Value& expiration) {
  if (!is_one_of(expiration["Expiration"], "ENABLED", "DISABLED")) return malformed_xml();
  const bool enabled = expiration["Expiration"].text() == "ENABLED";
  const Value& days = expiration["Days"];
  if (!days) return enabled ? malformed_xml() : Result<void>();
  const std::int64_t count = days.as_integer(0);
  if (!enabled || count < kRecordDaysMin || count > kRecordDaysMax) return malformed_xml();
  return {};
}

Result<void> check_encryption(const Value& encryption) {
  if (!encryption) return {};
  if (!is_one_of(encryption["SseAlgorithm"], "aws:kms", "AES256")) return malformed_xml();
  const bool kms = encryption["SseAlgorithm"].text() == "aws:kms";
  const Value& key = encryption["KmsKeyArn"];
  if (kms != key.present()) return malformed_xml();
  if (key && !key.text().starts_with("arn:aws:kms:")) return malformed_xml();
  return {};
}

Result<void> check_inventory(const Value& inventory) {
  if (!inventory) return {};
  if (!is_one_of(inventory["ConfigurationState"], "ENABLED", "DISABLED")) return malformed_xml();
  return check_encryption(inventory["EncryptionConfiguration"]);
}

Result<void> check_journal(const Value& journal) {
  CLOCHE_TRY_VOID(check_expiration(journal["RecordExpiration"]));
  return check_encryption(journal["EncryptionConfiguration"]);
}

std::string table_arn(std::string_view bucket_arn, std::string_view id) {
  return std::string(bucket_arn) + "/table/" + std::string(id);
}

// Where AWS keeps the tables of the second version: one table bucket of its own for an account and region.
std::string own_table_bucket(const BucketRecord& bucket) {
  return "arn:aws:s3tables:" + bucket.region + ":" + bucket.account + ":bucket/aws-s3";
}

std::string own_namespace(const BucketRecord& bucket) {
  std::string name = "b_" + bucket.name;
  std::ranges::replace(name, '.', '_');
  return name;
}

// The copies that a row has its tables' ids beside.
Value with_member(Arena& arena, const Value& map, std::string_view name, const Value& value) {
  Value out = Value::map();
  for (const Member& member : map.members()) {
    if (member.name != name) out.add(arena, member.name, member.value);
  }
  if (value) out.add(arena, name, value);
  return out;
}

// What a bucket has: a configuration of the first version, of the second, or none.
struct Found {
  Value first, second;
};

Result<Found> find_configuration(const engine::ReadView& view, const BucketRecord& bucket,
                                 Arena& arena) {
  Found found;
  CLOCHE_TRY(first, read_setting(view, bucket, Setting::MetadataTable, arena));
  CLOCHE_TRY(second, read_setting(view, bucket, Setting::Metadata, arena));
  found.first = first;
  found.second = second;
  return found;
}

// Of the second version, for a change to it. Updates are not for the first.
Result<Value> find_second(const engine::ReadView& view, const protocol::Call& call,
                          const BucketRecord& bucket, Arena& arena) {
  CLOCHE_TRY(const found, find_configuration(view, bucket, arena));
  if (found.first) return method_not_allowed_on(call.http().method(), "METADATA_TABLE");
  if (!found.second) return no_such_metadata_configuration();
  return found.second;
}

Result<Value> create(engine::WriteTxn& txn, const protocol::Call& call, Arena& arena, Setting kind,
                     Value configuration) {
  CLOCHE_TRY(bucket, find_bucket(txn, call.input()));
  CLOCHE_TRY(const found, find_configuration(txn, bucket, arena));
  if (found.first || found.second) return metadata_configuration_exists(bucket.name);
  configuration =
      with_member(arena, configuration, "JournalTableId", Value::string(arena, txn.ids().uuid()));
  configuration =
      with_member(arena, configuration, "InventoryTableId", Value::string(arena, txn.ids().uuid()));
  CLOCHE_TRY_VOID(put_setting(txn, bucket, kind, configuration));
  return Value::map();
}

Value describe_table(Arena& arena, std::string_view name, const std::string& arn) {
  Value table = Value::map();
  table.add(arena, "TableStatus", Value::string("ACTIVE"));
  table.add(arena, "TableName", Value::string(arena, name));
  table.add(arena, "TableArn", Value::string(arena, arn));
  return table;
}

Value describe_destination(Arena& arena, std::string_view type, std::string_view bucket_arn,
                           std::string_view table_namespace) {
  Value destination = Value::map();
  destination.add(arena, "TableBucketType", Value::string(type));
  destination.add(arena, "TableBucketArn", Value::string(arena, bucket_arn));
  destination.add(arena, "TableNamespace", Value::string(arena, table_namespace));
  return destination;
}

Value describe_second(Arena& arena, const BucketRecord& bucket, const Value& configuration) {
  const std::string tables = own_table_bucket(bucket);
  Value out = Value::map();
  out.add(arena, "DestinationResult",
          describe_destination(arena, "aws", tables, own_namespace(bucket)));
  Value journal =
      describe_table(arena, "journal", table_arn(tables, configuration["JournalTableId"].text()));
  journal.add(arena, "RecordExpiration",
              configuration["JournalTableConfiguration"]["RecordExpiration"]);
  out.add(arena, "JournalTableConfigurationResult", journal);
  const Value& asked = configuration["InventoryTableConfiguration"]["ConfigurationState"];
  const bool enabled = asked.text() == "ENABLED";
  Value inventory =
      enabled ? describe_table(arena, "inventory",
                               table_arn(tables, configuration["InventoryTableId"].text()))
              : Value::map();
  inventory.add(arena, "ConfigurationState", Value::string(enabled ? "ENABLED" : "DISABLED"));
  out.add(arena, "InventoryTableConfigurationResult", inventory);
  return out;
}

// A configuration of the first version in the second's words: a journal whose records stay.
Value describe_first(Arena& arena, const Value& configuration) {
  const Value& destination = configuration["S3TablesDestination"];
  const std::string_view tables = destination["TableBucketArn"].text();
  Value out = Value::map();
  out.add(arena, "DestinationResult",
          describe_destination(arena, "customer", tables, kFirstNamespace));
  Value journal = describe_table(arena, destination["TableName"].text(),
                                 table_arn(tables, configuration["JournalTableId"].text()));
  Value expiration = Value::map();
  expiration.add(arena, "Expiration", Value::string("DISABLED"));
  journal.add(arena, "RecordExpiration", expiration);
  out.add(arena, "JournalTableConfigurationResult", journal);
  return out;
}

// "arn:aws:s3tables:REGION:ACCOUNT:bucket/NAME", of the bucket's own region and account.
Result<void> check_destination(const BucketRecord& bucket, const Value& destination) {
  const std::string own = "arn:aws:s3tables:" + bucket.region + ":" + bucket.account + ":bucket/";
  const std::string_view arn = destination["TableBucketArn"].text();
  if (!arn.starts_with(own) || arn.size() == own.size()) {
    return invalid_request(
        "The destination table bucket must be in the same Region and AWS account as the general "
        "purpose bucket.");
  }
  return {};
}

bool is_table_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name.front() != '_' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

// Replaces one part of a configuration of the second version.
void update(S3& s3, const CallPtr& call, std::string_view member,
            Result<void> (*check)(const Value& part)) {
  if (auto checked = check(call->input()[member]); !checked)
    return call->fail(std::move(checked).error());
  commit(s3, call, [call, member](engine::WriteTxn& txn) -> Result<Value> {
    Arena arena;
    CLOCHE_TRY(bucket, find_bucket(txn, call->input()));
    CLOCHE_TRY(const configuration, find_second(txn, *call, bucket, arena));
    Value part = call->input()[member];
    // An update of the journal says nothing of its encryption, which stays.
    if (const Value& encryption = configuration[member]["EncryptionConfiguration"];
        encryption && !part["EncryptionConfiguration"])
      part = with_member(arena, part, "EncryptionConfiguration", encryption);
    Value changed = with_member(arena, configuration, member, part);
    // A table that is wanted again is a new one.
    if (member == "InventoryTableConfiguration" &&
        configuration[member]["ConfigurationState"].text() != "ENABLED")
      changed =
          with_member(arena, changed, "InventoryTableId", Value::string(arena, txn.ids().uuid()));
    CLOCHE_TRY_VOID(put_setting(txn, bucket, Setting::Metadata, changed));
    return Value::map();
  });
}

// `first_only`: the operation of the first version, which leaves the second's alone.
void remove(S3& s3, const CallPtr& call, bool first_only) {
  commit(s3, call, [call, first_only](engine::WriteTxn& txn) -> Result<Value> {
    Arena arena;
    CLOCHE_TRY(bucket, find_bucket(txn, call->input()));
    CLOCHE_TRY(const found, find_configuration(txn, bucket, arena));
    if (found.second && first_only)
      return method_not_allowed_on(call->http().method(), "METADATA_TABLE");
    if (!found.first && !found.second) return no_such_metadata_configuration();
    CLOCHE_TRY_VOID(erase_setting(txn, bucket, Setting::MetadataTable));
    CLOCHE_TRY_VOID(erase_setting(txn, bucket, Setting::Metadata));
    return Value::map();
  });
}

}  // namespace

void create_bucket_metadata(S3& s3, const CallPtr& call) {
  const Value& configuration = call->input()["MetadataConfiguration"];
  auto checked = check_journal(configuration["JournalTableConfiguration"]);
  if (checked) checked = check_inventory(configuration["InventoryTableConfiguration"]);
  if (!checked) return call->fail(std::move(checked).error());
  commit(s3, call, [call](engine::WriteTxn& txn) {
    Arena arena;
    return create(txn, *call, arena, Setting::Metadata, call->input()["MetadataConfiguration"]);
  });
}

void get_bucket_metadata(S3& s3, const CallPtr& call) {
  answer(call, [&]() -> Result<Value> {
    Arena& arena = call->arena();
    const auto view = s3.store().view();
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY(const found, find_configuration(*view, bucket, arena));
    if (!found.first && !found.second) return no_such_metadata_configuration();
    Value result = Value::map();
    result.add(arena, "MetadataConfigurationResult",
               found.second ? describe_second(arena, bucket, found.second)
                            : describe_first(arena, found.first));
    Value output = Value::map();
    output.add(arena, "GetBucketMetadataConfigurationResult", result);
    return output;
  }());
}

void delete_bucket_metadata(S3& s3, const CallPtr& call) { remove(s3, call, false); }

void update_bucket_metadata_inventory(S3& s3, const CallPtr& call) {
  update(s3, call, "InventoryTableConfiguration", check_inventory);
}

void update_bucket_metadata_journal(S3& s3, const CallPtr& call) {
  update(s3, call, "JournalTableConfiguration", check_journal);
}

void create_bucket_metadata_table(S3& s3, const CallPtr& call) {
  const Value& destination = call->input()["MetadataTableConfiguration"]["S3TablesDestination"];
  if (!is_table_name(destination["TableName"].text())) return call->fail(malformed_xml());
  commit(s3, call, [call](engine::WriteTxn& txn) -> Result<Value> {
    Arena arena;
    const Value& configuration = call->input()["MetadataTableConfiguration"];
    CLOCHE_TRY(const bucket, find_bucket(txn, call->input()));
    CLOCHE_TRY_VOID(check_destination(bucket, configuration["S3TablesDestination"]));
    return create(txn, *call, arena, Setting::MetadataTable, configuration);
  });
}

void get_bucket_metadata_table(S3& s3, const CallPtr& call) {
  answer(call, [&]() -> Result<Value> {
    Arena& arena = call->arena();
    const auto view = s3.store().view();
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY(const found, find_configuration(*view, bucket, arena));
    if (found.second) return method_not_allowed_on(call->http().method(), "METADATA_TABLE");
    if (!found.first) return no_such_metadata_configuration();
    const Value& asked = found.first["S3TablesDestination"];
    Value destination = Value::map();
    destination.add(arena, "TableBucketArn", asked["TableBucketArn"]);
    destination.add(arena, "TableName", asked["TableName"]);
    destination.add(arena, "TableArn",
                    Value::string(arena, table_arn(asked["TableBucketArn"].text(),
                                                   found.first["JournalTableId"].text())));
    destination.add(arena, "TableNamespace", Value::string(kFirstNamespace));
    Value configuration = Value::map();
    configuration.add(arena, "S3TablesDestinationResult", destination);
    Value result = Value::map();
    result.add(arena, "MetadataTableConfigurationResult", configuration);
    result.add(arena, "Status", Value::string("ACTIVE"));
    Value output = Value::map();
    output.add(arena, "GetBucketMetadataTableConfigurationResult", result);
    return output;
  }());
}

void delete_bucket_metadata_table(S3& s3, const CallPtr& call) { remove(s3, call, true); }

}  // namespace cloche::s3
