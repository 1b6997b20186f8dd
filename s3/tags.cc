#include "s3/errors.h"
#include "s3/events.h"
#include "s3/handlers.h"
#include "s3/limits.h"
#include "s3/object_headers.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
Result<Pairs> read_tag_set(const Value& tag_set) {
  Pairs tags;
  for (const Value& item : tag_set.items()) {
    const std::string key = item["Key"].str();
    const std::string value = item["Value"].str();
    if (key.empty() || key.size() > kTagKeyMax)
      return invalid_tag("The TagKey you have provided is invalid", key);
    if (key.starts_with("aws:"))
      return invalid_tag("Your TagKey cannot be prefixed with aws:", key);
    if (value.size() > kTagValueMax)
      return invalid_tag("The TagValue you have provided is invalid", key);
    for (const auto& [other, ignored] : tags) {
      if (other == key) return invalid_tag("Cannot provide multiple Tags with the same key", key);
    }
    tags.emplace_back(key, value);
  }
  if (tags.size() > kTagsMax) {
    return Error{.kind = Error::Kind::Refused,
                 .code = "BadRequest",
                 .message = "Object tags cannot be greater than 10",
                 .http_status = 400,
                 .details = {}};
  }
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
    CLOCHE_TRY(const object, find_tagged(*view, *call, bucket));
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
