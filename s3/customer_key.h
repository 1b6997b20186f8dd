// Keys that the client sends with each request (SSE-C): read, known again, and used to encrypt.
// Source:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html;
// texts and their order from recordings of AWS, 2026-02.
//
// A key is never stored. What an object keeps is a salted check value (HMAC-SHA256), as S3 does, and
// each stored text has a key of its own, derived from the client's with another salt. The texts are
// AES-256 in counter mode, so that ranges and parts are read by themselves; equal content under SSE-C
// is not stored once, since its cipher texts differ.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/cipher.h"
#include "base/document.h"
#include "base/env.h"
#include "base/result.h"
#include "s3/records.h"

namespace cloche::s3 {

struct CustomerKey {
  std::string key;  // As it was sent and decoded: 32 bytes when it was checked for writing.
  std::string md5;  // Base64, as the answer repeats it.
};

// Which of the request's headers: the object's own, or the copy source's.
enum class KeyOf : std::uint8_t { Object, CopySource };
// A key of a wrong length is an argument that is wrong when it should encrypt, and just not the right
// key when it should decrypt.
enum class KeyUse : std::uint8_t { Encrypt, Decrypt };

// The key that the request brings, or nothing if it has none of the three headers. Refuses with
// InvalidArgument or InvalidEncryptionAlgorithmError.
Result<std::optional<CustomerKey>> read_customer_key(const Value& input, KeyUse use,
                                                     KeyOf of = KeyOf::Object);

// What an object or upload keeps to know the key again.
std::string check_value_of(const CustomerKey& key, Env& env);
bool is_same_key(const CustomerKey& key, std::string_view check_value);

// A new salt, 32 hex digits, and the key that it gives: for one text and never for a second.
std::string new_salt(Env& env);
Aes256Key text_key(const CustomerKey& key, std::string_view salt);

// Whether a stored thing may be read with the key that came, if any did. Refuses with InvalidRequest
// or AccessDenied.
Result<void> check_customer_key(const Encryption& stored, const std::optional<CustomerKey>& key);

}  // namespace cloche::s3
