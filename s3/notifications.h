// Notification configurations of buckets: what they may be, and whom they tell of an event.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
// and the pages around it; texts from recordings of AWS, 2022 to 2025.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"

namespace cloche::s3 {

// Refuses as PutBucketNotificationConfiguration does. That a destination exists and takes our
// messages is not looked at: the services that could tell are not there yet.
Result<void> check_notifications(const Value& configuration);

// Whom the configuration tells of `event` ("s3:ObjectCreated:Put") at `key`. EventBridge is told of
// everything and is not among them.
struct Target {
  std::string_view arn, configuration_id;
};
std::vector<Target> targets_of(const Value& configuration, std::string_view event,
                               std::string_view key);

}  // namespace cloche::s3
