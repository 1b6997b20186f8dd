// The condition keys of a request to S3. Not for other folders.
// Source: "Actions, resources, and condition keys for Amazon S3", Service Authorization Reference.
#pragma once

#include "s3/records.h"
#include "services/iam/guard.h"

namespace cloche::s3 {

// Refers to what it was made from. `object` is the object that the request is about as it is now;
// null if there is none or the request is not about one.
class AccessContext final : public iam::RequestContext {
 public:
  AccessContext(const protocol::Call& call, const iam::Principal& who, Instant now,
                const BucketRecord* bucket, const ObjectRecord* object, std::string_view version_id)
      : RequestContext(call, who, now), bucket_(bucket), object_(object), version_id_(version_id) {}
  std::optional<std::vector<std::string>> find(std::string_view key) const override;

  // s3:prefix of a listing that is only thought of: may the caller know that `key` is not there?
  void as_listing_of(std::string_view key) { listed_key_ = key; }

 private:
  std::optional<std::string> find_one(std::string_view name) const;
  Pairs request_tags() const;

  const BucketRecord* bucket_;
  const ObjectRecord* object_;
  std::string_view version_id_, listed_key_;
};

}  // namespace cloche::s3
