// RenameObject: a key of a directory bucket becomes another, at once and without its bytes.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_RenameObject.html
#include <algorithm>

#include "base/digest.h"
#include "s3/conditions.h"
#include "s3/directory.h"
#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/limits.h"
#include "s3/names.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

// "A unique string with a max of 64 ASCII characters in the ASCII range of 33 - 126."
bool is_client_token(std::string_view token) {
  return token.size() <= 64 &&
         std::ranges::all_of(token, [](char c) { return c >= 33 && c <= 126; });
}

std::string source_key(const Value& header) {
  std::string key = url_decoded(header.text());
  if (key.starts_with('/')) key.erase(0, 1);
  return key;
}

// The conditions under the names that check_copy_conditions and check_write_conditions know.
Value conditions_of(Arena& arena, const Value& input, std::string_view from, std::string_view to) {
  Value out = Value::map();
  for (const std::string_view name :
       {"IfMatch", "IfNoneMatch", "IfModifiedSince", "IfUnmodifiedSince"}) {
    const std::string member = std::string(from) + std::string(name);
    if (const Value& value = input[member])
      out.add(arena, arena.copy(std::string(to) + std::string(name)), value);
  }
  return out;
}

Result<void> check_target(const Value& conditions, std::string_view key,
                          const std::optional<ObjectRecord>& target) {
  CLOCHE_TRY_VOID(check_write_conditions(conditions, key, target));
  if (!target) return {};
  if (const auto since = conditions["IfModifiedSince"].as_timestamp();
      since && target->modified <= *since)
    return precondition_failed("If-Modified-Since");
  if (const auto since = conditions["IfUnmodifiedSince"].as_timestamp();
      since && target->modified > *since + std::chrono::seconds(1))
    return precondition_failed("If-Unmodified-Since");
  return {};
}

// What the renamed object remembers of a request with a token: for as long as it is its key's object, the same
// request succeeds again.
std::string memory_of(std::string_view token, std::string_view source) {
  return "rename " + std::string(token) + ' ' + to_hex(sha256(as_bytes(source)));
}

Result<Value> apply_rename(engine::WriteTxn& txn, protocol::Call& call, const std::string& source) {
  const Value& input = call.input();
  Arena& arena = call.arena();
  const std::string_view key = input["Key"].text();
  const std::string_view token = input["ClientToken"].text();
  CLOCHE_TRY(const bucket, find_bucket(txn, input));
  CLOCHE_TRY(found, find_newest(txn, bucket, source));
  CLOCHE_TRY(const target, find_newest(txn, bucket, key));
  const std::string memory = token.empty() ? std::string() : memory_of(token, source);
  if (!token.empty() && target &&
      target->upload_id.starts_with("rename " + std::string(token) + ' '))
    return target->upload_id == memory ? Result<Value>(Value::map()) : idempotency_mismatch();
  if (!found) return no_such_key(source);
  CLOCHE_TRY_VOID(check_copy_conditions(conditions_of(arena, input, "Source", "CopySource"), *found,
                                        txn.now()));
  CLOCHE_TRY_VOID(check_target(conditions_of(arena, input, "Destination", ""), key, target));
  if (source == key) return Value::map();
  if (target) CLOCHE_TRY_VOID(release_extents(txn, target->extents));
  if (!memory.empty()) found->upload_id = memory;
  CLOCHE_TRY_VOID(txn.erase(kObjects, object_key(bucket.id, source)));
  CLOCHE_TRY_VOID(txn.put(kObjects, object_key(bucket.id, key), encode(*found)));
  return Value::map();
}

}  // namespace

void rename_object(S3& s3, const CallPtr& call) {
  const Value& input = call->input();
  // Elsewhere S3 does not know it.
  if (!is_directory_name(input["Bucket"].text()))
    return call->fail(method_not_allowed_on(call->http().method(), "OBJECT"));
  std::string source = source_key(input["RenameSource"]);
  if (source.empty()) {
    return call->fail(invalid_argument("The rename source is not valid.", "x-amz-rename-source",
                                       input["RenameSource"].text()));
  }
  if (!is_client_token(input["ClientToken"].text())) {
    return call->fail(invalid_argument("The client token is not valid.", "x-amz-client-token",
                                       input["ClientToken"].text()));
  }
  if (auto checked = check_key(input["Key"].text()); !checked)
    return call->fail(std::move(checked).error());
  const Value conditions = conditions_of(call->arena(), input, "Destination", "");
  if (auto planned = plan_write_conditions(conditions); !planned)
    return call->fail(std::move(planned).error());
  commit(s3, call, [call, source = std::move(source)](engine::WriteTxn& txn) {
    return apply_rename(txn, *call, source);
  });
}

}  // namespace cloche::s3
