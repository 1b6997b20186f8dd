#include "s3/errors.h"
#include "s3/events.h"
#include "s3/handlers.h"
#include "s3/limits.h"
#include "s3/object_headers.h"
#include "s3/tag_rules.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
Result<Pairs> read_tag_set(const Value& tag_set) {
  Pairs tags;
  for (const Value& item : tag_set.items())
    tags.emplace_back(item["Key"].text(), item["Value"].text());
  CLOCHE_TRY_VOID(check_object_tags(tags));
  return tags;
}

Result<ObjectRecord> find_tagged(const engine::ReadView& view, const protocol::Call& call,
                                 const BucketRecord& bucket) {
  const Value& input = call.input();
  CLOCHE_TRY(object, find_version(view, bucket, input["Key"].text(), input["VersionId"].text()));
  if (object.delete_marker) return method_not_allowed(call.http().method());
  return object;
}

void write_tags(S3& s3, const CallPtr& call, Pairs tags) {
  commit(s3, call, [call, tags = std::move(tags)](engine::WriteTxn& txn) -> Result<Value> {
    CLOCHE_TRY(const bucket, find_bucket(txn, call->input()));
    CLOCHE_TRY(object, find_tagged(txn, *call, bucket));
    object.headers.tagging = write_tagging(tags);
    CLOCHE_TRY_VOID(rewrite(txn, bucket, call->input()["Key"].text(), object));
    CLOCHE_TRY_VOID(tell(txn, bucket,
                         call->operation() == "DeleteObjectTagging" ? EventKind::TaggingDelete
                                                                    : EventKind::TaggingPut,
                         *call, call->input()["Key"].text(), object));
    Value output = Value::map();
    add_version_id(output, call->arena(), bucket, object.version_id);
    return output;
  });
}

}  // namespace

void get_object_tagging(S3& s3, const CallPtr& call) {
  const auto view = s3.store().view();
  answer(call, [&]() -> Result<Value> {
    Arena& arena = call->arena();
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    auto found = find_tagged(*view, *call, bucket);
    // Reading, S3 names the bucket with the key (recording of AWS, 2025).
    if (!found && found.error().code == "NoSuchKey")
      return no_such_key(bucket.name + "/" + call->input()["Key"].str());
    CLOCHE_TRY(const object, std::move(found));
    Value tag_set = Value::list();
    const auto tags = parse_tagging(object.headers.tagging);
    for (const auto& [key, value] : tags ? *tags : Pairs()) {
      Value item = Value::map();
      item.add(arena, "Key", Value::string(arena, key));
      item.add(arena, "Value", Value::string(arena, value));
      tag_set.push(arena, item);
    }
    Value output = Value::map();
    add_version_id(output, arena, bucket, object.version_id);
    output.add(arena, "TagSet", tag_set);
    return output;
  }());
}

void put_object_tagging(S3& s3, const CallPtr& call) {
  auto tags = read_tag_set(call->input()["Tagging"]["TagSet"]);
  if (!tags) return call->fail(std::move(tags).error());
  write_tags(s3, call, *std::move(tags));
}

void delete_object_tagging(S3& s3, const CallPtr& call) { write_tags(s3, call, {}); }

}  // namespace cloche::s3
