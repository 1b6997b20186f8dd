// Encryption at rest as requests ask for it, buckets default to it and answers tell of it.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html; KMS's
// refusals as S3 hands them on, from recordings of AWS, 2026-02.
//
// Objects under a client's key are unreadable on disk (customer_key.h). Those of SSE-S3 and SSE-KMS
// are stored as they are: the key would lie beside them (docs/decisions/0017).
#pragma once

#include <optional>
#include <string>

#include "engine/engine.h"
#include "protocol/protocol.h"
#include "s3/customer_key.h"
#include "s3/records.h"

namespace cloche::s3 {

// What a request that writes an object says about its encryption.
struct AskedEncryption {
  std::optional<EncryptionKind> kind;  // Nothing: as the bucket says.
  std::string key_id;                  // Of KMS, in any of its forms; may be empty.
  std::optional<bool> bucket_key;
  std::optional<CustomerKey> customer;
};

// From PutObject, CopyObject, CreateMultipartUpload. Refuses with InvalidArgument and the errors of
// read_customer_key.
Result<AskedEncryption> read_encryption(const Value& input);

// Before a body is read: a key of KMS that can't be used, a client's key where the bucket blocks them.
// Reads nothing if neither was asked for.
Result<void> plan_encryption(const engine::ReadView& view, const protocol::Call& call,
                             const BucketRecord& bucket, const AskedEncryption& asked);

// What the new object has. Makes the account's aws/s3 key if that is the one and there is none yet.
Result<Encryption> decide_encryption(engine::WriteTxn& txn, const protocol::Call& call, Env& env,
                                     const BucketRecord& bucket, const AskedEncryption& asked);

// The same for what another service writes on an account's behalf; never with a client's key.
Result<Encryption> decide_encryption(engine::WriteTxn& txn, std::string_view account,
                                     const BucketRecord& bucket, const AskedEncryption& asked);

// Whether the object's key of KMS can be used now, for a request that needs its bytes.
Result<void> check_kms_key(const engine::ReadView& view, const Encryption& encryption);

// What UpdateObjectEncryption asks for: a key of KMS by its ARN. It can be used, or this refuses.
Result<Encryption> updated_encryption(const engine::ReadView& view, const protocol::Call& call,
                                      const BucketRecord& bucket, const Value& asked);

// The ETag of bytes: their MD5 with SSE-S3, else something random ("Object", ETag).
std::string etag_of(engine::WriteTxn& txn, const Encryption& encryption, const Md5& md5);

// ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled or the SSECustomer members, as they stand in
// every answer about the object. The MD5 of a client's key is the request's own.
void add_encryption(Value& output, Arena& arena, const Encryption& encryption, const Value& input);

// GET and HEAD take no header that asks for an encryption.
Result<void> refuse_encryption_headers(const protocol::Call& call);

}  // namespace cloche::s3
