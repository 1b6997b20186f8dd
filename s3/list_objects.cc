#include "base/digest.h"
#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/listing.h"
#include "s3/records.h"
#include "s3/restore.h"

namespace cloche::s3 {
namespace {

// The two listings tell it in a header that the model does not name; nobody is shown owners without
// being known (both recorded from AWS, 2026-02).
constexpr std::string_view kRegionHeader = "x-amz-bucket-region";

struct Page {
  Value contents = Value::list();
  Value prefixes = Value::list();
  ListEnd end;
  std::int64_t count() const {
    return static_cast<std::int64_t>(contents.size() + prefixes.size());
  }
};

Result<Value> describe_object(Arena& arena, const ListQuery& query, const BucketRecord& bucket,
                              std::string_view key, std::string_view row, bool owner) {
  CLOCHE_TRY(const object, decode_summary(row, arena));
  Value item = Value::map();
  item.add(arena, "Key", shown(arena, query, key));
  item.add(arena, "LastModified", Value::timestamp(object.modified));
  item.add(arena, "ETag", quoted_etag(arena, object.etag));
  if (object.algorithm) {
    Value algorithms = Value::list();
    algorithms.push(arena, Value::string(name_of(*object.algorithm)));
    item.add(arena, "ChecksumAlgorithm", algorithms);
    item.add(arena, "ChecksumType", Value::string(object.composite ? "COMPOSITE" : "FULL_OBJECT"));
  }
  item.add(arena, "Size", Value::integer(static_cast<std::int64_t>(object.size)));
  if (owner) add_owner(item, arena, "Owner", object.owner.empty() ? bucket.account : object.owner);
  item.add(arena, "StorageClass",
           object.storage_class.empty() ? Value::string("STANDARD")
                                        : Value::string(object.storage_class));
  if (query.restore_status_at) {
    CLOCHE_TRY_VOID(
        add_restore_status(item, arena, row, object.storage_class, *query.restore_status_at));
  }
  return item;
}

Result<Page> read_page(const engine::ReadView& view, Arena& arena, const BucketRecord& bucket,
                       const ListQuery& query, const ListStart& start, bool owner) {
  Page page;
  CLOCHE_TRY(
      end, walk(
               view, kObjects, bucket.id, query, start,
               [&](std::string_view key, std::string_view, std::string_view value) -> Result<bool> {
                 CLOCHE_TRY(const item, describe_object(arena, query, bucket, key, value, owner));
                 page.contents.push(arena, item);
                 return true;
               },
               [&](std::string_view prefix) {
                 push_common_prefix(page.prefixes, arena, query, prefix);
               }));
  page.end = std::move(end);
  return page;
}

// What a page says of itself comes first and its rows last, as readers that stream rely on.
void add_head(Value& output, Arena& arena, const BucketRecord& bucket, const ListQuery& query,
              const Page& page) {
  output.add(arena, "Name", Value::string(arena, bucket.name));
  add_query(output, arena, query);
  output.add(arena, "MaxKeys", Value::integer(query.max));
  output.add(arena, "IsTruncated", Value::boolean(page.end.truncated));
}

void add_rows(Value& output, Arena& arena, const Page& page) {
  if (!page.contents.empty()) output.add(arena, "Contents", page.contents);
  if (!page.prefixes.empty()) output.add(arena, "CommonPrefixes", page.prefixes);
}

// Tokens are opaque to clients: the last key, in base64 behind a letter that tells our own from
// others.
constexpr char kTokenMark = '1';

std::string make_token(std::string_view last) { return kTokenMark + to_base64(as_bytes(last)); }

Result<std::string> read_token(const Value& token) {
  std::string last;
  if (!token.text().starts_with(kTokenMark) || !from_base64(token.text().substr(1), last)) {
    return invalid_argument("The continuation token provided is incorrect", "continuation-token");
  }
  return last;
}

}  // namespace

void list_objects(S3& s3, const CallPtr& call) {
  const auto view = s3.store().view();
  answer(call, [&]() -> Result<Value> {
    const Value& input = call->input();
    Arena& arena = call->arena();
    CLOCHE_TRY(query, read_list_query(input, "MaxKeys", "max-keys"));
    read_optional_attributes(query, input, s3.store().clock().now());
    CLOCHE_TRY(const bucket, find_bucket(*view, input));
    const Value& marker = input["Marker"];
    CLOCHE_TRY(const page,
               read_page(*view, arena, bucket, query, {.after = marker.str(), .inclusive = false},
                         !call->caller().anonymous));
    call->set_header(kRegionHeader, bucket.region);
    Value output = Value::map();
    add_head(output, arena, bucket, query, page);
    output.add(arena, "Marker", shown(arena, query, marker.text()));
    // Without a delimiter the last key serves as the next marker ("NextMarker" in ListObjects'
    // documentation).
    if (page.end.truncated && !query.delimiter.empty())
      output.add(arena, "NextMarker", shown(arena, query, page.end.last));
    add_rows(output, arena, page);
    return output;
  }());
}

void list_objects_v2(S3& s3, const CallPtr& call) {
  const auto view = s3.store().view();
  answer(call, [&]() -> Result<Value> {
    const Value& input = call->input();
    Arena& arena = call->arena();
    CLOCHE_TRY(query, read_list_query(input, "MaxKeys", "max-keys"));
    read_optional_attributes(query, input, s3.store().clock().now());
    CLOCHE_TRY(const bucket, find_bucket(*view, input));
    const Value& token = input["ContinuationToken"];
    const Value& start_after = input["StartAfter"];
    ListStart start{.after = start_after.str(), .inclusive = false};
    if (token) {
      CLOCHE_TRY(last, read_token(token));
      start.after = std::move(last);
    }
    CLOCHE_TRY(const page,
               read_page(*view, arena, bucket, query, start, input["FetchOwner"].as_bool()));
    call->set_header(kRegionHeader, bucket.region);
    Value output = Value::map();
    add_head(output, arena, bucket, query, page);
    output.add(arena, "KeyCount", Value::integer(page.count()));
    if (token) output.add(arena, "ContinuationToken", token);
    // A token stands in for it (recording of AWS, 2026-02).
    if (start_after && !token)
      output.add(arena, "StartAfter", shown(arena, query, start_after.text()));
    if (page.end.truncated)
      output.add(arena, "NextContinuationToken", Value::string(arena, make_token(page.end.last)));
    add_rows(output, arena, page);
    return output;
  }());
}

}  // namespace cloche::s3
