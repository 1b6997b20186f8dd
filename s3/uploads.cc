#include "s3/uploads.h"

#include <algorithm>

#include "s3/errors.h"
#include "s3/limits.h"
#include "s3/versions.h"

namespace cloche::s3 {

Result<UploadRecord> find_upload(const engine::ReadView& view, const BucketRecord& bucket,
                                 std::string_view key, std::string_view upload_id) {
  CLOCHE_TRY(const row, view.get(kUploads, upload_key(bucket.id, key, upload_id)));
  if (!row) return no_such_upload(upload_id);
  return decode_upload(*row);
}

Result<std::int64_t> read_part_number(const Value& part_number) {
  const std::int64_t number = part_number.as_integer(0);
  if (number >= 1 && number <= kPartNumberMax) return number;
  return invalid_argument("Part number must be an integer between 1 and 10000, inclusive",
                          "partNumber", std::to_string(number));
}

Result<void> check_key_of_upload(const Encryption& upload, const std::optional<CustomerKey>& key) {
  if (key.has_value() != (upload.kind == EncryptionKind::Customer)) {
    return invalid_request(
        "The multipart upload initiate requested encryption. Subsequent part requests must include "
        "the appropriate encryption parameters.");
  }
  if (key && !is_same_key(*key, upload.key)) {
    return invalid_request(
        "The provided encryption parameters did not match the ones used originally.");
  }
  return {};
}

Result<void> store_part(engine::WriteTxn& txn, const BucketRecord& bucket,
                        std::string_view upload_id, std::int64_t number, const PartRecord& part) {
  const std::string key = part_key(bucket.id, upload_id, number);
  CLOCHE_TRY(const before, txn.get(kParts, key));
  if (before) {
    CLOCHE_TRY(const old_part, decode_part(*before));
    CLOCHE_TRY_VOID(release_extents(txn, old_part.extents));
  }
  return txn.put(kParts, key, encode(part));
}

Result<void> erase_upload(engine::WriteTxn& txn, BucketId bucket, std::string_view key,
                          std::string_view upload_id, const std::vector<std::int64_t>& kept) {
  std::vector<std::string> part_keys;
  const auto cursor = txn.scan(kParts, parts_of_upload(bucket, upload_id));
  for (; cursor->valid(); cursor->next()) {
    part_keys.emplace_back(cursor->key());
    engine::KeyReader reader(cursor->key());
    reader.integer();
    reader.text();
    if (std::ranges::binary_search(kept, reader.integer())) continue;
    CLOCHE_TRY(const part, decode_part(cursor->value()));
    CLOCHE_TRY_VOID(release_extents(txn, part.extents));
  }
  CLOCHE_TRY_VOID(cursor->status());
  for (const std::string& part : part_keys) CLOCHE_TRY_VOID(txn.erase(kParts, part));
  return txn.erase(kUploads, upload_key(bucket, key, upload_id));
}

}  // namespace cloche::s3
