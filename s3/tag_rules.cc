#include "s3/tag_rules.h"

#include <algorithm>
#include <set>

#include "s3/errors.h"
#include "s3/limits.h"

namespace cloche::s3 {
namespace {

bool allowed(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(" \t\n\r_.:/=+-@").contains(c);
}

// Characters of UTF-8: all bytes but those that go on with one.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

Error system_tag(std::string_view key, bool creating) {
  if (creating) return invalid_new_bucket_tag();
  return invalid_tag("System tags cannot be added/updated by requester", key);
}

}  // namespace

Result<void> check_tag(std::string_view key, std::string_view value) {
  if (key.empty() || characters(key) > kTagKeyMax || !std::ranges::all_of(key, allowed))
    return invalid_tag("The TagKey you have provided is invalid", key);
  if (characters(value) > kTagValueMax || !std::ranges::all_of(value, allowed))
    return invalid_tag_value(key, value);
  return {};
}

Result<void> check_bucket_tags(const Value& tag_set, bool creating) {
  std::set<std::string_view> keys;
  for (const Value& tag : tag_set.items()) {
    const std::string_view key = tag["Key"].text();
    CLOCHE_TRY_VOID(check_tag(key, tag["Value"].text()));
    if (key.starts_with("aws:")) return system_tag(key, creating);
    if (!keys.insert(key).second)
      return invalid_tag("Cannot provide multiple Tags with the same key", key);
  }
  if (tag_set.size() > kBucketTagsMax) return too_many_bucket_tags();
  return {};
}

Result<void> check_object_tags(const Pairs& tags) {
  std::set<std::string_view> keys;
  for (const auto& [key, value] : tags) {
    CLOCHE_TRY_VOID(check_tag(key, value));
    if (key.starts_with("aws:"))
      return invalid_tag("Your TagKey cannot be prefixed with aws:", key);
    if (!keys.insert(key).second)
      return invalid_tag("Cannot provide multiple Tags with the same key", key);
  }
  if (tags.size() > kTagsMax) return too_many_object_tags();
  return {};
}

}  // namespace cloche::s3
