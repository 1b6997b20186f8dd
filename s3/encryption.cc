#include "s3/encryption.h"

#include "base/digest.h"
#include "base/json.h"
#include "s3/errors.h"
#include "s3/settings.h"
#include "services/kms/kms.h"

namespace cloche::s3 {
namespace {

constexpr std::string_view kHeader = "x-amz-server-side-encryption";
constexpr std::string_view kManagedAlias = "alias/aws/s3";
constexpr std::string_view kManagedDescription =
    "Default key that protects my S3 objects when no other key is defined";

std::optional<EncryptionKind> kind_of(std::string_view method) {
  if (method == "AES256") return EncryptionKind::S3;
  if (method == "aws:kms") return EncryptionKind::Kms;
  if (method == "aws:kms:dsse") return EncryptionKind::KmsDsse;
  return std::nullopt;
}

bool is_kms(EncryptionKind kind) {
  return kind == EncryptionKind::Kms || kind == EncryptionKind::KmsDsse;
}

// The alias that AWS manages, by itself or in an ARN. Its key is there as soon as it is asked for.
bool is_managed(std::string_view key_id) {
  return key_id.empty() || key_id == kManagedAlias ||
         (key_id.starts_with("arn:") && key_id.ends_with(":alias/aws/s3"));
}

// KMS's refusals, as S3 names them.
Error from_kms(Error error) {
  if (error.kind != Error::Kind::Refused) return error;
  error.code = "KMS." + error.code;
  error.http_status = 400;
  return error;
}

Result<kms::Key> find_usable(const engine::ReadView& view, std::string_view account,
                             std::string_view region, std::string_view name) {
  auto key = kms::find_key(view, account, region, name);
  if (!key) return from_kms(std::move(key).error());
  if (auto usable = kms::check_usable(*key); !usable) return from_kms(std::move(usable).error());
  return key;
}

// "x-amz-server-side-encryption-context": base64 of a JSON object of texts.
Result<void> check_context(const Value& context) {
  if (!context) return {};
  std::string json;
  Arena arena;
  bool good = from_base64(context.text(), json);
  if (good) {
    const auto parsed = parse_json(json, arena);
    good = parsed && parsed->is(Value::Kind::Map);
    if (good) {
      for (const Member& member : parsed->members())
        good = good && member.value.is(Value::Kind::String);
    }
  }
  if (good) return {};
  return invalid_argument(
      "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string "
      "holding JSON which represents a string-string map",
      "x-amz-server-side-encryption-context", context.text());
}

// The bucket's default, as PutBucketEncryption has stored it.
struct Default {
  EncryptionKind kind = EncryptionKind::S3;
  std::string key_id;
  bool bucket_key = false;
  bool blocks_customer_keys = false;
};

Result<Default> default_of(const engine::ReadView& view, const BucketRecord& bucket) {
  Default out;
  if (!bucket.has(Setting::Encryption)) return out;
  Arena arena;
  CLOCHE_TRY(const configuration, read_setting(view, bucket, Setting::Encryption, arena));
  for (const Value& rule : configuration["Rules"].items()) {
    const Value& by_default = rule["ApplyServerSideEncryptionByDefault"];
    out.kind = kind_of(by_default["SSEAlgorithm"].text()).value_or(EncryptionKind::S3);
    out.key_id = by_default["KMSMasterKeyID"].str();
    out.bucket_key = rule["BucketKeyEnabled"].as_bool();
    for (const Value& type : rule["BlockedEncryptionTypes"]["EncryptionType"].items())
      out.blocks_customer_keys = out.blocks_customer_keys || type.text() == "SSE-C";
  }
  return out;
}

Result<void> refuse_blocked(const engine::ReadView& view, const protocol::Call& call,
                            const BucketRecord& bucket) {
  CLOCHE_TRY(const by_default, default_of(view, bucket));
  if (!by_default.blocks_customer_keys) return {};
  return access_denied("User: arn:aws:iam::" + call.caller().account +
                       ":root is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3"
                       ":::" +
                       bucket.name + "/" + call.input()["Key"].str() +
                       "\" because this bucket has blocked upload requests that specify Server "
                       "Side Encryption with Customer provided keys (SSE-C). Please specify a "
                       "different server-side encryption type");
}

}  // namespace

Result<AskedEncryption> read_encryption(const Value& input) {
  AskedEncryption asked;
  CLOCHE_TRY(customer, read_customer_key(input, KeyUse::Encrypt));
  asked.customer = std::move(customer);
  const Value& method = input["ServerSideEncryption"];
  if (method) {
    asked.kind = kind_of(method.text());
    if (!asked.kind) {
      return invalid_argument("The encryption method specified is not supported", kHeader,
                              method.text());
    }
  }
  const Value& key_id = input["SSEKMSKeyId"];
  if (key_id && !(asked.kind && is_kms(*asked.kind))) {
    return invalid_argument(
        "Server Side Encryption with AWS KMS managed key requires HTTP header "
        "x-amz-server-side-encryption : aws:kms",
        kHeader);
  }
  asked.key_id = key_id.str();
  if (const Value& bucket_key = input["BucketKeyEnabled"]) asked.bucket_key = bucket_key.as_bool();
  CLOCHE_TRY_VOID(check_context(input["SSEKMSEncryptionContext"]));
  return asked;
}

Result<void> plan_encryption(const engine::ReadView& view, const protocol::Call& call,
                             const BucketRecord& bucket, const AskedEncryption& asked) {
  if (asked.customer && bucket.has(Setting::Encryption)) return refuse_blocked(view, call, bucket);
  if (is_managed(asked.key_id)) return {};
  CLOCHE_TRY_VOID(find_usable(view, call.caller().account, bucket.region, asked.key_id));
  return {};
}

Result<Encryption> decide_encryption(engine::WriteTxn& txn, const protocol::Call& call, Env& env,
                                     const BucketRecord& bucket, const AskedEncryption& asked) {
  if (asked.customer) {
    if (bucket.has(Setting::Encryption)) CLOCHE_TRY_VOID(refuse_blocked(txn, call, bucket));
    return Encryption{.kind = EncryptionKind::Customer,
                      .key = check_value_of(*asked.customer, env),
                      .bucket_key = false};
  }
  return decide_encryption(txn, call.caller().account, bucket, asked);
}

Result<Encryption> decide_encryption(engine::WriteTxn& txn, std::string_view account,
                                     const BucketRecord& bucket, const AskedEncryption& asked) {
  // The common case reads and makes nothing.
  if (!bucket.has(Setting::Encryption) && !asked.kind) return Encryption{};
  if (asked.kind == EncryptionKind::S3) return Encryption{};
  CLOCHE_TRY(const by_default, default_of(txn, bucket));
  Encryption encryption{
      .kind = asked.kind.value_or(by_default.kind), .key = {}, .bucket_key = false};
  if (!is_kms(encryption.kind)) return Encryption{};
  // Bucket keys are not for two layers ("Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys").
  if (encryption.kind == EncryptionKind::Kms)
    encryption.bucket_key = asked.bucket_key.value_or(by_default.bucket_key);
  const std::string& key_id = asked.kind ? asked.key_id : by_default.key_id;
  auto key = is_managed(key_id)
                 ? kms::managed_key(txn, account, bucket.region, kManagedAlias, kManagedDescription)
                 : find_usable(txn, account, bucket.region, key_id);
  if (!key) return std::move(key).error();
  encryption.key = key->arn();
  return encryption;
}

Result<Encryption> updated_encryption(const engine::ReadView& view, const protocol::Call& call,
                                      const BucketRecord& bucket, const Value& asked) {
  const Value& kms = asked["SSEKMS"];
  if (!kms) return malformed_xml();
  CLOCHE_TRY(const key,
             find_usable(view, call.caller().account, bucket.region, kms["KMSKeyArn"].text()));
  return Encryption{.kind = EncryptionKind::Kms,
                    .key = key.arn(),
                    .bucket_key = kms["BucketKeyEnabled"].as_bool()};
}

Result<void> check_kms_key(const engine::ReadView& view, const Encryption& encryption) {
  if (!is_kms(encryption.kind)) return {};
  // Of the ARN, arn:PARTITION:kms:REGION:..., whose region the key is in.
  std::string_view rest = encryption.key;
  for (int i = 0; i < 3; ++i) rest.remove_prefix(rest.find(':') + 1);
  CLOCHE_TRY_VOID(find_usable(view, "", rest.substr(0, rest.find(':')), encryption.key));
  return {};
}

std::string etag_of(engine::WriteTxn& txn, const Encryption& encryption, const Md5& md5) {
  return encryption.kind == EncryptionKind::S3 ? to_hex(md5) : txn.ids().hex(2 * sizeof md5);
}

void add_encryption(Value& output, Arena& arena, const Encryption& encryption, const Value& input) {
  const auto add = [&](std::string_view member, std::string_view value) {
    output.add(arena, member, Value::string(value));
  };
  switch (encryption.kind) {
    case EncryptionKind::S3:
      return add("ServerSideEncryption", "AES256");
    case EncryptionKind::Customer:
      add("SSECustomerAlgorithm", "AES256");
      output.add(arena, "SSECustomerKeyMD5", input["SSECustomerKeyMD5"]);
      return;
    case EncryptionKind::Kms:
    case EncryptionKind::KmsDsse:
      add("ServerSideEncryption",
          encryption.kind == EncryptionKind::Kms ? "aws:kms" : "aws:kms:dsse");
      output.add(arena, "SSEKMSKeyId", Value::string(arena, encryption.key));
      if (encryption.bucket_key) output.add(arena, "BucketKeyEnabled", Value::boolean(true));
      return;
  }
}

Result<void> refuse_encryption_headers(const protocol::Call& call) {
  if (call.http().has_header(kHeader)) {
    return invalid_argument(
        "x-amz-server-side-encryption header is not supported for this operation.", kHeader,
        call.http().header(kHeader));
  }
  if (call.http().has_header("x-amz-server-side-encryption-aws-kms-key-id")) {
    return invalid_argument(
        "Server Side Encryption with AWS KMS managed key requires HTTP header "
        "x-amz-server-side-encryption : aws:kms",
        kHeader);
  }
  return {};
}

}  // namespace cloche::s3
