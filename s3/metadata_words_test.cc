#include "s3/metadata_words.h"

#include <gtest/gtest.h>

namespace cloche::s3 {
namespace {

// What AWS gave back for what it was sent (recordings, 2026-02). The last is base64 with a wrong padding.
TEST(MetadataWords, ComeBackAsFromAws) {
  constexpr std::pair<std::string_view, std::string_view> kRecorded[] = {
      {"=?UTF-8?Q?actually-ascii?=", "actually-ascii"},
      {"=?UTF-8?B?YWJj?=", "abc"},
      {"=?UTF-8?B?AAECAw==?=", "=?UTF-8?B?AAECAw==?="},
      {"=?UTF-8?q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=", "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?="},
      {"=?UTF-8?B?77+977+977+977+977+977+977+9?=", "=?UTF-8?B?77+977+977+977+977+977+977+9?="},
      {"=?UTF-8?B?=GGG?=", "=?UTF-8?B?77+9Ye+/vQ==?="},
      {"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"},
  };
  for (const auto& [sent, got] : kRecorded) EXPECT_EQ(encode_metadata(decode_metadata(sent)), got);
}

TEST(MetadataWords, HostileOnesAreTakenAsTheyStand) {
  for (const std::string_view odd : {"", "=?", "=?UTF-8?",
                                     "=?UTF-8?"
                                     "?=",
                                     "=?UTF-8?X?abc?=", "=?ISO-8859-1?Q?=E9?="}) {
    EXPECT_EQ(decode_metadata(odd), odd);
  }
  EXPECT_EQ(decode_metadata("=?UTF-8?Q?=4?="), "=4");
  EXPECT_EQ(decode_metadata("=?UTF-8?B?YQ==?="), "a");
}

}  // namespace
}  // namespace cloche::s3
