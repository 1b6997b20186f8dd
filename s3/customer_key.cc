#include "s3/customer_key.h"

#include <algorithm>

#include "base/digest.h"
#include "s3/errors.h"

namespace cloche::s3 {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSaltDigits = 32;

struct Names {
  std::string_view algorithm, key, md5;
};
constexpr Names kObjectNames{"SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5"};
constexpr Names kSourceNames{"CopySourceSSECustomerAlgorithm", "CopySourceSSECustomerKey",
                             "CopySourceSSECustomerKeyMD5"};

// S3 names this header in all of them, whichever of the three is wrong (recordings of AWS, 2026-02).
Error wrong(std::string_view message) {
  return invalid_argument(message, "x-amz-server-side-encryption");
}

// HMAC under the client's key, of what it is for and a salt.
Sha256 derived(std::string_view key, std::string_view purpose, std::string_view salt) {
  const std::string text = "cloche sse-c " + std::string(purpose) + ' ' + std::string(salt);
  return hmac_sha256(as_bytes(key), as_bytes(text));
}

}  // namespace

Result<std::optional<CustomerKey>> read_customer_key(const Value& input, KeyUse use, KeyOf of) {
  const Names& names = of == KeyOf::Object ? kObjectNames : kSourceNames;
  const Value& algorithm = input[names.algorithm];
  const Value& key = input[names.key];
  const Value& md5 = input[names.md5];
  if (!algorithm && !key && !md5) return std::optional<CustomerKey>();
  if (of == KeyOf::Object && input["ServerSideEncryption"]) {
    return invalid_argument(
        "Server Side Encryption with Customer provided key is incompatible with the encryption "
        "method specified",
        "x-amz-server-side-encryption", input["ServerSideEncryption"].text());
  }
  if (!algorithm)
    return wrong(
        "Requests specifying Server Side Encryption with Customer provided keys must provide a "
        "valid encryption algorithm.");
  if (algorithm.text() != "AES256") return invalid_encryption_algorithm(algorithm.text());
  if (!key)
    return wrong(
        "Requests specifying Server Side Encryption with Customer provided keys must provide an "
        "appropriate secret key.");
  if (!md5)
    return wrong(
        "Requests specifying Server Side Encryption with Customer provided keys must provide the "
        "client calculated MD5 of the secret key.");
  CustomerKey read{.key = {}, .md5 = md5.str()};
  if (!from_base64(key.text(), read.key))
    return wrong("The secret key was invalid for the specified algorithm.");
  // The digest before the length: seen on AWS with keys of 24 bytes.
  if (to_base64(cloche::md5(as_bytes(read.key))) != read.md5)
    return wrong("The calculated MD5 hash of the key did not match the hash that was provided.");
  if (use == KeyUse::Encrypt && read.key.size() != kKeyBytes)
    return wrong("The secret key was invalid for the specified algorithm.");
  return std::optional(std::move(read));
}

// From the Env and not from Ids: a seed repeats ids, and a salt that came again with the same key for
// another text would give that text away.
std::string new_salt(Env& env) {
  std::array<std::byte, kSaltDigits / 2> salt;
  env.random(salt);
  return to_hex(salt);
}

std::string check_value_of(const CustomerKey& key, Env& env) {
  const std::string salt = new_salt(env);
  return salt + to_hex(derived(key.key, "check", salt));
}

bool is_same_key(const CustomerKey& key, std::string_view check_value) {
  if (key.key.size() != kKeyBytes || check_value.size() <= kSaltDigits) return false;
  const std::string_view salt = check_value.substr(0, kSaltDigits);
  return to_hex(derived(key.key, "check", salt)) == check_value.substr(kSaltDigits);
}

Aes256Key text_key(const CustomerKey& key, std::string_view salt) {
  return derived(key.key, "text", salt);
}

Result<void> check_customer_key(const Encryption& stored, const std::optional<CustomerKey>& key) {
  if (stored.kind != EncryptionKind::Customer) {
    if (!key) return {};
    return invalid_request("The encryption parameters are not applicable to this object.");
  }
  if (!key) {
    return invalid_request(
        "The object was stored using a form of Server Side Encryption. The correct parameters must "
        "be provided to retrieve the object.");
  }
  if (!is_same_key(*key, stored.key)) {
    return access_denied(
        "Requests specifying Server Side Encryption with Customer provided keys must provide the "
        "correct secret key.");
  }
  return {};
}

}  // namespace cloche::s3
