// Configurations that are put, given back exactly and deleted, in a few lines each:
//
//   const StoredSetting kCors = {.kind = Setting::Cors, .member = "CORSConfiguration",
//                                .check = check_cors, .missing = no_such_cors_configuration};
//   on("GetBucketCors", [](S3& s3, const CallPtr& call) { get_stored(s3, call, kCors); });
//
// What a configuration does is the affair of its own file.
#pragma once

#include "s3/handlers.h"
#include "s3/settings.h"

namespace cloche::s3 {

struct StoredSetting {
  Setting kind;
  std::string_view member;  // Of the input: "CORSConfiguration".
  // Where the output has the configuration: as its members (GetBucketCors), or in one of this name
  // (GetBucketReplication: "ReplicationConfiguration").
  std::string_view output_member = {};
  // Refuses what is wrong with the configuration by itself, before any data is looked at.
  Result<void> (*check)(const protocol::Call& call, const Value& configuration) = nullptr;
  // Refuses what the bucket or other rows forbid, in the transaction.
  Result<void> (*decide)(const engine::ReadView& view, const BucketRecord& bucket,
                         const Value& configuration) = nullptr;
  // What a get answers if there is none; null: an empty output.
  Error (*missing)(std::string_view bucket) = nullptr;
};

// Puts the input's configuration in the place of an earlier one. An input without one is refused as
// MalformedXML.
void put_stored(S3& s3, const CallPtr& call, const StoredSetting& setting);
void get_stored(S3& s3, const CallPtr& call, const StoredSetting& setting);
void delete_stored(S3& s3, const CallPtr& call, const StoredSetting& setting);

}  // namespace cloche::s3
