// Multipart uploads in progress.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
#pragma once

#include <string_view>

#include "engine/engine.h"
#include "s3/customer_key.h"
#include "s3/records.h"

namespace cloche::s3 {

// Refuses with NoSuchUpload.
Result<UploadRecord> find_upload(const engine::ReadView& view, const BucketRecord& bucket,
                                 std::string_view key, std::string_view upload_id);

// 1 to 10,000, or InvalidArgument.
Result<std::int64_t> read_part_number(const Value& part_number);

// The algorithm that the upload's parts are summed up by, whatever else a client sends.
inline Algorithm algorithm_of(const UploadRecord& upload) {
  return upload.algorithm.value_or(Algorithm::Crc64nvme);
}

// Whether a part may come with this key, or without one. Refuses with InvalidRequest.
Result<void> check_key_of_upload(const Encryption& upload, const std::optional<CustomerKey>& key);

// Puts the part in the place of an earlier one of its number. Its extents must have been adopted or
// retained.
Result<void> store_part(engine::WriteTxn& txn, const BucketRecord& bucket,
                        std::string_view upload_id, std::int64_t number, const PartRecord& part);

// Erases the upload with all parts' rows. Blobs are released unless the parts were taken over
// (kept: by part number).
Result<void> erase_upload(engine::WriteTxn& txn, BucketId bucket, std::string_view key,
                          std::string_view upload_id, const std::vector<std::int64_t>& kept = {});

}  // namespace cloche::s3
