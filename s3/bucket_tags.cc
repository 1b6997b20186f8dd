// Tags of buckets. Source: "Tagging S3 buckets"; statuses from recordings of AWS, 2025.
#include "s3/errors.h"
#include "s3/stored.h"
#include "s3/tag_rules.h"

namespace cloche::s3 {
namespace {

const StoredSetting kTagging = {.kind = Setting::Tagging,
                                .member = "Tagging",
                                .output_member = {},
                                .check = nullptr,
                                .decide = nullptr,
                                .missing = no_such_tag_set};

}  // namespace

void put_bucket_tagging(S3& s3, const CallPtr& call) {
  const Value& tag_set = call->input()["Tagging"]["TagSet"];
  if (auto checked = check_bucket_tags(tag_set, false); !checked)
    return call->fail(std::move(checked).error());
  call->set_status(204);  // The model says 200.
  // A bucket with no tags has no tag set: putting none removes it.
  if (tag_set.empty()) return delete_stored(s3, call, kTagging);
  put_stored(s3, call, kTagging);
}

void get_bucket_tagging(S3& s3, const CallPtr& call) { get_stored(s3, call, kTagging); }

void delete_bucket_tagging(S3& s3, const CallPtr& call) { delete_stored(s3, call, kTagging); }

}  // namespace cloche::s3
