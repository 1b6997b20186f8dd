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
                    {.blob = blob, .offset = 0, .length = 3}};
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
