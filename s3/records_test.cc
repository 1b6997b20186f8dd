#include "s3/records.h"

#include <gtest/gtest.h>

namespace cloche::s3 {
namespace {

ObjectRecord sample() {
  ObjectRecord record;
  record.version_id = "v1";
  record.rank = 42;
  record.modified = Instant(std::chrono::microseconds(1'763'732'421'123'456));
  record.size = 3;
  record.etag = "900150983cd24fb0d6963f7d28e17f72";
  record.headers = {.system = {{"content-type", "text/plain"}},
                    .metadata = {{"a\"b", "é\n"}},
                    .storage_class = "GLACIER_IR",
                    .tagging = "k=v"};
  record.checksum =
      Checksum{.algorithm = Algorithm::Crc32c, .value = "AAAAAA==-2", .composite = true};
  record.parts = {{.number = 1, .size = 2, .checksum = "x"},
                  {.number = 7, .size = 1, .checksum = ""}};
  engine::BlobRef blob{.digest = sha256(as_bytes("abc")), .size = 3};
  record.extents = {{.blob = blob, .offset = 1, .length = 2},
                    {.blob = blob, .offset = 0, .length = 3, .salt = "00ff"}};
  record.encryption = {.kind = EncryptionKind::Kms, .key = "arn:aws:kms:x", .bucket_key = true};
  record.lock = {.mode = LockMode::Compliance,
                 .until = record.modified + std::chrono::days(1),
                 .legal_hold = false};
  record.restored_until = record.modified + std::chrono::days(2);
  record.upload_id = "an upload";
  record.replication = "PENDING";
  return record;
}

// Every member must come back: one that is forgotten here is lost at the first restart.
TEST(ObjectRecord, ComesBackAsItWas) {
  const ObjectRecord record = sample();
  const auto back = decode_object(encode(record));
  ASSERT_TRUE(back);
  EXPECT_EQ(encode(*back), encode(record));
  EXPECT_EQ(back->headers.metadata, record.headers.metadata);
  EXPECT_EQ(back->checksum->algorithm, Algorithm::Crc32c);
  EXPECT_TRUE(back->checksum->composite);
  EXPECT_EQ(back->parts[1].number, 7);
  EXPECT_EQ(back->extents[0].offset, 1u);
  EXPECT_EQ(back->extents[0].length, 2u);
  EXPECT_EQ(back->extents[1].length, 3u);
  EXPECT_EQ(back->extents[1].blob, record.extents[1].blob);
  EXPECT_EQ(back->extents[1].salt, "00ff");
  EXPECT_EQ(back->extents[0].salt, "");
  EXPECT_EQ(back->encryption.kind, EncryptionKind::Kms);
  EXPECT_EQ(back->encryption.key, "arn:aws:kms:x");
  EXPECT_TRUE(back->encryption.bucket_key);
  EXPECT_EQ(back->lock.mode, LockMode::Compliance);
  EXPECT_EQ(back->lock.until, record.lock.until);
  EXPECT_EQ(back->lock.legal_hold, false);
  EXPECT_EQ(back->restored_until, record.restored_until);
  EXPECT_EQ(back->upload_id, "an upload");
}

// A row that was made before these members were, or has none of them.
TEST(ObjectRecord, WithoutLockOrKeyHasTheDefaults) {
  const auto back = decode_object("0 0 - - 0 0 - - - 0 {}");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->encryption.kind, EncryptionKind::S3);
  EXPECT_EQ(back->lock.mode, LockMode::None);
  EXPECT_FALSE(back->lock.legal_hold);
  EXPECT_FALSE(back->restored_until);
}

TEST(UploadRecord, ComesBackAsItWas) {
  UploadRecord upload;
  upload.account = "123456789012";
  upload.algorithm = Algorithm::Sha256;
  upload.composite = true;
  upload.encryption = {.kind = EncryptionKind::Customer, .key = "check", .bucket_key = false};
  upload.lock = {
      .mode = LockMode::Governance, .until = Instant(std::chrono::seconds(9)), .legal_hold = true};
  upload.newest_at_start = 77;
  const auto back = decode_upload(encode(upload));
  ASSERT_TRUE(back);
  EXPECT_EQ(encode(*back), encode(upload));
  EXPECT_EQ(back->encryption.kind, EncryptionKind::Customer);
  EXPECT_EQ(back->lock.legal_hold, true);
  EXPECT_EQ(back->newest_at_start, 77);
}

TEST(ObjectRecord, OfNothingIsSmall) {
  EXPECT_EQ(encode(ObjectRecord()), "0 0 - - 0 0 - - - 0 {}");
  EXPECT_TRUE(decode_object("0 0 - - 0 0 - - - 0 {}"));
}

// What listings show must be what the whole record says, and must not point into the row, which
// the next step of a cursor takes away.
TEST(ObjectRecord, ItsSummaryAgrees) {
  Arena arena;
  std::string row = encode(sample());
  const auto summary = decode_summary(row, arena);
  row.assign(row.size(), 'x');
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->etag, sample().etag);
  EXPECT_EQ(summary->version_id, "v1");
  EXPECT_EQ(summary->storage_class, "GLACIER_IR");
  EXPECT_EQ(summary->size, 3u);
  EXPECT_EQ(summary->modified, sample().modified);
  EXPECT_EQ(summary->algorithm, Algorithm::Crc32c);
  EXPECT_TRUE(summary->composite);
}

// A row that is no JSON was not written by us: damage, never a crash and never a 4xx.
TEST(ObjectRecord, DamageIsNamed) {
  const std::string kHead = "0 0 - - 0 0 - - - 0 ";
  for (const std::string& bad :
       {std::string(), std::string("{"), kHead + "{", kHead + "{\"extents\":[[\"zz\",1]]}",
        kHead + "{\"extents\":[1]}"}) {
    const auto record = decode_object(bad);
    ASSERT_FALSE(record) << bad;
    EXPECT_EQ(record.error().kind, Error::Kind::Damaged);
  }
}

TEST(BucketRecord, ComesBackAsItWas) {
  BucketRecord bucket{.id = 7,
                      .name = "b",
                      .account = "123456789012",
                      .region = "eu-west-1",
                      .created = Instant(std::chrono::microseconds(5)),
                      .versioning = Versioning::Suspended};
  const auto back = decode_bucket("b", encode(bucket));
  ASSERT_TRUE(back);
  EXPECT_EQ(encode(*back), encode(bucket));
  EXPECT_EQ(back->versioning, Versioning::Suspended);
}

}  // namespace
}  // namespace cloche::s3
