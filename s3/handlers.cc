#include "s3/handlers.h"

#include <algorithm>

#include "s3/errors.h"

namespace cloche::s3 {

namespace {

// Every request reads its bucket's row; mostly it is the one that this thread took apart last.
Result<BucketRecord> decoded(std::string_view name, std::string_view row) {
  thread_local std::string last_row;
  thread_local BucketRecord last;
  if (row != last_row || name != last.name) {
    CLOCHE_TRY(bucket, decode_bucket(name, row));
    last = std::move(bucket);
    last_row = row;
  }
  return last;
}

}  // namespace

Result<std::optional<BucketRecord>> find_bucket_named(const engine::ReadView& view,
                                                      std::string_view name) {
  CLOCHE_TRY(const row, view.get(kBuckets, bucket_key(name)));
  if (!row) return std::optional<BucketRecord>();
  CLOCHE_TRY(bucket, decoded(name, *row));
  return std::optional(std::move(bucket));
}

Result<BucketRecord> find_bucket(const engine::ReadView& view, const Value& input) {
  const std::string_view name = input["Bucket"].text();
  CLOCHE_TRY(bucket, find_bucket_named(view, name));
  const Value& expected = input["ExpectedBucketOwner"];
  if (expected) {
    const std::string_view owner = expected.text();
    const bool is_account =
        owner.size() == 12 &&
        std::all_of(owner.begin(), owner.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!is_account) return invalid_expected_bucket_owner(owner);
    if (bucket && bucket->account != owner) return access_denied();
  }
  if (!bucket) return no_such_bucket(name);
  return std::move(*bucket);
}

Result<void> require_body_digest(const protocol::Call& call) {
  if (call.http().has_header("content-md5") || call.http().has_header("x-amz-trailer")) return {};
  for (const auto& [name, value] : call.http().headers()) {
    constexpr std::string_view kPrefix = "x-amz-checksum-";
    const bool same = name.size() > kPrefix.size() &&
                      std::ranges::equal(name.substr(0, kPrefix.size()), kPrefix,
                                         [](char a, char b) { return (a | 0x20) == (b | 0x20); });
    if (same) return {};
  }
  return missing_body_digest();
}

std::string canonical_id(std::string_view account) { return iam::canonical_id(account); }

void add_owner(Value& output, Arena& arena, std::string_view member, std::string_view account) {
  Value owner = Value::map();
  owner.add(arena, "ID", Value::string(arena, canonical_id(account)));
  output.add(arena, member, owner);
}

std::string_view unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
    return etag.substr(1, etag.size() - 2);
  return etag;
}

void add_new_version_id(Value& output, Arena& arena, std::string_view version_id,
                        std::string_view member) {
  if (!version_id.empty()) output.add(arena, member, Value::string(arena, version_id));
}

void add_version_id(Value& output, Arena& arena, const BucketRecord& bucket,
                    std::string_view version_id) {
  if (!version_id.empty()) {
    output.add(arena, "VersionId", Value::string(arena, version_id));
  } else if (bucket.versioning != Versioning::Off) {
    output.add(arena, "VersionId", Value::string("null"));
  }
}

}  // namespace cloche::s3
