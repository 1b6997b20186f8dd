#include "s3/notifications.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "s3/event_messages.h"

namespace cloche::s3 {
namespace {

std::string checked(std::string_view configuration) {
  Arena arena;
  const auto parsed = parse_json(configuration, arena);
  EXPECT_TRUE(parsed) << configuration;
  const auto result = check_notifications(*parsed);
  return result ? "fine" : result.error().message;
}

std::string two(std::string_view first, std::string_view second) {
  const std::string queue = R"({"QueueArn": "arn:aws:sqs:us-east-1:000000000000:q", )";
  return "{\"QueueConfigurations\": [" + queue + std::string(first) + "}, " + queue +
         std::string(second) + "}]}";
}

// Two rules of one event may not both take a key: AWS could not say whom to tell.
TEST(Notifications, MayNotOverlap) {
  constexpr std::string_view kOverlap =
      "Configurations overlap. Configurations on the same bucket cannot share a common event type.";
  constexpr std::string_view kAmbiguous =
      "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the "
      "prefixes are overlapping for the same event type.";
  const std::string created = R"("Events": ["s3:ObjectCreated:*"])";
  const std::string put = R"("Events": ["s3:ObjectCreated:Put"])";
  const auto filter = [](std::string_view name, std::string_view value) {
    return R"(, "Filter": {"Key": {"FilterRules": [{"Name": ")" + std::string(name) +
           R"(", "Value": ")" + std::string(value) + "\"}]}}";
  };
  EXPECT_EQ(checked(two(created, put)), kOverlap);
  EXPECT_EQ(checked(two(created, R"("Events": ["s3:ObjectRemoved:*"])")), "fine");
  EXPECT_EQ(checked(two(created + filter("prefix", "a/"), put + filter("prefix", "b/"))), "fine");
  EXPECT_EQ(checked(two(created + filter("prefix", "a"), put + filter("prefix", "a/b"))),
            kAmbiguous);
  EXPECT_EQ(checked(two(created + filter("suffix", ".jpg"), put + filter("suffix", ".png"))),
            "fine");
  EXPECT_EQ(checked(two(created + filter("prefix", "a"), put + filter("suffix", ".png"))),
            kAmbiguous);
}

TEST(Notifications, TellThoseWhoAsked) {
  Arena arena;
  const auto configuration = parse_json(
      R"({"QueueConfigurations": [{"Id": "1", "QueueArn": "q", "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": "in/"},
                                               {"Name": "Suffix", "Value": ".txt"}]}}}],
          "TopicConfigurations": [{"Id": "2", "TopicArn": "t", "Events": ["s3:ObjectRemoved:Delete"]}]})",
      arena);
  ASSERT_TRUE(configuration);
  const auto told = [&](EventKind kind, std::string_view key) {
    std::string out;
    for (const Target& target : targets_of(*configuration, api_name(kind), key))
      out += std::string(target.arn) + target.configuration_id.front();
    return out;
  };
  EXPECT_EQ(told(EventKind::CreatedCopy, "in/a.txt"), "q1");
  EXPECT_EQ(told(EventKind::CreatedCopy, "in/a.png"), "");
  EXPECT_EQ(told(EventKind::CreatedCopy, "a.txt"), "");
  EXPECT_EQ(told(EventKind::RemovedDelete, "x"), "t2");
  EXPECT_EQ(told(EventKind::RemovedMarker, "x"), "");
}

// The text that clients parse: a member more or less is a difference to AWS.
TEST(Notifications, RecordsAreAwss) {
  BucketRecord bucket;
  bucket.name = "b";
  bucket.account = "000000000000";
  bucket.region = "eu-west-1";
  ObjectRecord object;
  object.size = 3;
  object.etag = "e";
  const Cause cause{.account = "000000000000", .request_id = "R", .host_id = "H", .source_ip = "I"};
  const Happening happening{.kind = EventKind::CreatedPut,
                            .bucket = bucket,
                            .cause = cause,
                            .key = "a b/é",
                            .object = object,
                            .at = Instant(std::chrono::microseconds(1'767'225'600'123'456)),
                            .sequence = 7,
                            .extra = {}};
  std::string text = record_message(happening, "id");
  for (std::size_t at; (at = text.find("AWS:A")) != std::string::npos;) text.replace(at, 18, "-");
  for (std::size_t at; (at = text.find("Id\":\"A")) != std::string::npos;)
    text.replace(at + 5, 14, "-");
  EXPECT_EQ(
      text,
      R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"eu-west-1",)"
      R"("eventTime":"2026-01-01T00:00:00.123Z","eventName":"ObjectCreated:Put",)"
      R"("userIdentity":{"principalId":"-"},"requestParameters":{"sourceIPAddress":"I"},)"
      R"("responseElements":{"x-amz-request-id":"R","x-amz-id-2":"H"},)"
      R"("s3":{"s3SchemaVersion":"1.0","configurationId":"id","bucket":{"name":"b",)"
      R"("ownerIdentity":{"principalId":"-"},"arn":"arn:aws:s3:::b"},)"
      R"("object":{"key":"a+b/%C3%A9","size":3,"eTag":"e","sequencer":"064748462222400007"}}}]})");
}

}  // namespace
}  // namespace cloche::s3
