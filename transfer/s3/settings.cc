#include "transfer/s3/settings.h"

#include <algorithm>

namespace cloche::transfer {
namespace {

constexpr Setting kSettings[] = {
    {"Ownership", "GetBucketOwnershipControls", "PutBucketOwnershipControls", "OwnershipControls"},
    {"PublicAccessBlock", "GetPublicAccessBlock", "PutPublicAccessBlock",
     "PublicAccessBlockConfiguration"},
    {"Acl", "GetBucketAcl", "PutBucketAcl", "AccessControlPolicy"},
    {"Policy", "GetBucketPolicy", "PutBucketPolicy", "Policy"},
    {"Tagging", "GetBucketTagging", "PutBucketTagging", "Tagging"},
    {"Cors", "GetBucketCors", "PutBucketCors", "CORSConfiguration"},
    {"Website", "GetBucketWebsite", "PutBucketWebsite", "WebsiteConfiguration"},
    {"Encryption", "GetBucketEncryption", "PutBucketEncryption",
     "ServerSideEncryptionConfiguration"},
    {"RequestPayment", "GetBucketRequestPayment", "PutBucketRequestPayment",
     "RequestPaymentConfiguration"},
    {"Accelerate", "GetBucketAccelerateConfiguration", "PutBucketAccelerateConfiguration",
     "AccelerateConfiguration"},
    {"ObjectLock", "GetObjectLockConfiguration", "PutObjectLockConfiguration",
     "ObjectLockConfiguration"},
    {"Notification", "GetBucketNotificationConfiguration", "PutBucketNotificationConfiguration",
     "NotificationConfiguration"},
    {"Logging", "GetBucketLogging", "PutBucketLogging", "BucketLoggingStatus"},
    {"Lifecycle", "GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration",
     "LifecycleConfiguration"},
    {"Replication", "GetBucketReplication", "PutBucketReplication", "ReplicationConfiguration"},
};

constexpr SettingWithId kSettingsWithId[] = {
    {"Analytics", "ListBucketAnalyticsConfigurations", "PutBucketAnalyticsConfiguration",
     "AnalyticsConfigurationList", "AnalyticsConfiguration"},
    {"IntelligentTiering", "ListBucketIntelligentTieringConfigurations",
     "PutBucketIntelligentTieringConfiguration", "IntelligentTieringConfigurationList",
     "IntelligentTieringConfiguration"},
    {"Inventory", "ListBucketInventoryConfigurations", "PutBucketInventoryConfiguration",
     "InventoryConfigurationList", "InventoryConfiguration"},
    {"Metrics", "ListBucketMetricsConfigurations", "PutBucketMetricsConfiguration",
     "MetricsConfigurationList", "MetricsConfiguration"},
};

// "There is none": each setting has a code of its own for it.
bool is_none(const Error& error) {
  return error.code.starts_with("NoSuch") || error.code.ends_with("NotFoundError") ||
         error.code.ends_with("NotFound") || error.code == "NoSuchConfiguration";
}

Value named(std::string_view bucket, Arena& arena) {
  Value input = Value::map();
  input.add(arena, "Bucket", Value::string(arena, bucket));
  return input;
}

// The value of a setting in the answer of its Get operation: the payload, or what stands in the
// body.
Value value_of(const Setting& setting, const Value& output, Arena& arena) {
  const protocol::Operation& get = operation_of("s3", setting.get);
  if (get.output_payload != nullptr) return output[get.output_payload->name];
  Value value = Value::map();
  for (const Member& entry : output.members()) {
    const protocol::ShapeMember* member = get.output->find(entry.name);
    if (member != nullptr && member->place == protocol::Place::Body)
      value.add(arena, entry.name, entry.value);
  }
  return value;
}

bool only_owner_controls(const Value& acl) {
  const Value& grants = acl["Grants"];
  return grants.size() == 1 && grants.items()[0]["Permission"].text() == "FULL_CONTROL" &&
         grants.items()[0]["Grantee"]["ID"].text() == acl["Owner"]["ID"].text();
}

// What every new bucket of Cloche (and of AWS, since 2023) answers without having been told.
bool is_usual(const Setting& setting, const Value& value) {
  if (value.is(Value::Kind::Map) && value.empty()) return true;
  if (setting.name == "Acl") return only_owner_controls(value);
  if (setting.name == "RequestPayment") return value["Payer"].text() == "BucketOwner";
  if (setting.name == "Ownership") {
    return value["Rules"].size() == 1 &&
           value["Rules"].items()[0]["ObjectOwnership"].text() == "BucketOwnerEnforced";
  }
  if (setting.name == "PublicAccessBlock") {
    return value.size() == 4 && std::ranges::all_of(value.members(), [](const Member& member) {
             return member.value.as_bool();
           });
  }
  if (setting.name == "Encryption") {
    if (value["Rules"].size() != 1) return false;
    const Value& rule = value["Rules"].items()[0];
    return rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"].text() == "AES256" &&
           !rule["BucketKeyEnabled"].as_bool() && !rule["BlockedEncryptionTypes"];
  }
  if (setting.name == "ObjectLock") return !value["Rule"];  // That it is on, stands elsewhere.
  return false;
}

// An owner's id is each place's own; grants to somebody of that id are the owner's too.
Value without_owner(const Value& acl, Arena& arena) {
  const std::string_view owner = acl["Owner"]["ID"].text();
  Value grants = Value::list();
  for (const Value& grant : acl["Grants"].items()) {
    if (grant["Grantee"]["ID"].text() != owner || owner.empty()) {
      grants.push(arena, grant);
      continue;
    }
    Value own = Value::map();
    own.add(arena, "Permission", grant["Permission"]);
    grants.push(arena, own);
  }
  Value out = Value::map();
  out.add(arena, "Grants", grants);
  return out;
}

Result<Value> with_owner(Client& client, std::string_view bucket, std::string_view region,
                         const Value& acl, Arena& arena) {
  CLOCHE_TRY(const present, client.call_s3("GetBucketAcl", named(bucket, arena), region, arena));
  Value grants = Value::list();
  for (const Value& grant : acl["Grants"].items()) {
    if (grant["Grantee"]) {
      grants.push(arena, grant);
      continue;
    }
    Value grantee = Value::map();
    grantee.add(arena, "ID", present["Owner"]["ID"]);
    grantee.add(arena, "Type", Value::string("CanonicalUser"));
    Value own = Value::map();
    own.add(arena, "Grantee", grantee);
    own.add(arena, "Permission", grant["Permission"]);
    grants.push(arena, own);
  }
  Value out = Value::map();
  out.add(arena, "Grants", grants);
  out.add(arena, "Owner", present["Owner"]);
  return out;
}

Result<void> write_one(Client& client, std::string_view bucket, std::string_view region,
                       const Setting& setting, Value value, Arena& arena) {
  if (setting.name == "Acl") {
    CLOCHE_TRY(const owned, with_owner(client, bucket, region, value, arena));
    value = owned;
  }
  Value input = named(bucket, arena);
  input.add(arena, setting.payload, value);
  CLOCHE_TRY_VOID(client.call_s3(setting.put, input, region, arena));
  return {};
}

}  // namespace

std::span<const Setting> bucket_settings() { return kSettings; }
std::span<const SettingWithId> bucket_settings_with_id() { return kSettingsWithId; }

const Setting* setting_named(std::string_view name) {
  const auto found = std::ranges::find(kSettings, name, &Setting::name);
  return found == std::end(kSettings) ? nullptr : found;
}

const SettingWithId* setting_with_id_named(std::string_view name) {
  const auto found = std::ranges::find(kSettingsWithId, name, &SettingWithId::name);
  return found == std::end(kSettingsWithId) ? nullptr : found;
}

const protocol::Shape* shape_of(const Setting& setting) {
  const protocol::Shape* shape =
      operation_of("s3", setting.put).input->find(setting.payload)->shape;
  return shape->type == protocol::Type::Structure ? shape : nullptr;
}

const protocol::Shape* shape_of(const SettingWithId& setting) {
  return operation_of("s3", setting.put).input->find(setting.payload)->shape;
}

Result<Value> read_settings(Client& client, std::string_view bucket, std::string_view region,
                            Arena& arena, const Untold& untold) {
  Value out = Value::map();
  for (const Setting& setting : kSettings) {
    const auto answer = client.call_s3(setting.get, named(bucket, arena), region, arena);
    if (!answer) {
      if (answer.error().code == "NoSuchBucket") return answer.error();
      if (!is_none(answer.error())) {
        untold(setting.name, answer.error());
      } else if (setting.name == "PublicAccessBlock" || setting.name == "Ownership") {
        // Its absence is a setting, since a new bucket would have one. There is no document for it
        // but null.
        out.add(arena, setting.name, Value::null());
      }
      continue;
    }
    Value value = value_of(setting, *answer, arena);
    if (!value.present() || is_usual(setting, value)) continue;
    if (setting.name == "Acl") value = without_owner(value, arena);
    out.add(arena, setting.name, value);
  }
  for (const SettingWithId& setting : kSettingsWithId) {
    const auto answer = client.call_s3(setting.list, named(bucket, arena), region, arena);
    if (!answer) {
      if (!is_none(answer.error())) untold(setting.name, answer.error());
    } else if (const Value& list = (*answer)[setting.listed]; !list.empty()) {
      out.add(arena, setting.name, list);
    }
  }
  return out;
}

void write_settings(Client& client, std::string_view bucket, std::string_view region,
                    const Value& settings, const Untold& refused) {
  Arena arena;
  for (const Setting& setting : kSettings) {
    const Value& value = settings[setting.name];
    if (value.is(Value::Kind::Null)) {
      const std::string_view remove =
          setting.name == "Ownership" ? "DeleteBucketOwnershipControls" : "DeletePublicAccessBlock";
      const auto done = client.call_s3(remove, named(bucket, arena), region, arena);
      if (!done) refused(setting.name, done.error());
    } else if (value.present()) {
      const auto done = write_one(client, bucket, region, setting, value, arena);
      if (!done) refused(setting.name, done.error());
    }
  }
  for (const SettingWithId& setting : kSettingsWithId) {
    for (const Value& each : settings[setting.name].items()) {
      Value input = named(bucket, arena);
      input.add(arena, "Id", each["Id"]);
      input.add(arena, setting.payload, each);
      const auto done = client.call_s3(setting.put, input, region, arena);
      if (!done) refused(setting.name, done.error());
    }
  }
}

}  // namespace cloche::transfer
