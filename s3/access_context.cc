#include "s3/access_context.h"

#include <algorithm>
#include <array>

#include "base/time_text.h"
#include "s3/object_headers.h"

namespace cloche::s3 {
namespace {

// Keys that are a member of the input, by the model's name: so a field of a form counts as the
// header that it stands for.
struct InputKey {
  std::string_view key, member;
};
constexpr auto kInputKeys = std::to_array<InputKey>({
    {"prefix", "Prefix"},
    {"delimiter", "Delimiter"},
    {"max-keys", "MaxKeys"},
    {"x-amz-acl", "ACL"},
    {"x-amz-grant-full-control", "GrantFullControl"},
    {"x-amz-grant-read", "GrantRead"},
    {"x-amz-grant-read-acp", "GrantReadACP"},
    {"x-amz-grant-write", "GrantWrite"},
    {"x-amz-grant-write-acp", "GrantWriteACP"},
    {"x-amz-server-side-encryption", "ServerSideEncryption"},
    {"x-amz-server-side-encryption-aws-kms-key-id", "SSEKMSKeyId"},
    {"x-amz-server-side-encryption-customer-algorithm", "SSECustomerAlgorithm"},
    {"x-amz-storage-class", "StorageClass"},
    {"x-amz-metadata-directive", "MetadataDirective"},
    {"x-amz-website-redirect-location", "WebsiteRedirectLocation"},
    {"x-amz-object-ownership", "ObjectOwnership"},
    {"object-lock-mode", "ObjectLockMode"},
    {"object-lock-legal-hold", "ObjectLockLegalHoldStatus"},
    {"if-match", "IfMatch"},
    {"if-none-match", "IfNoneMatch"},
});

std::optional<std::string> text_of(const Value& value) {
  if (!value) return std::nullopt;
  if (value.is(Value::Kind::Integer)) return std::to_string(value.as_integer(0));
  if (value.is(Value::Kind::Bool)) return value.as_bool() ? "true" : "false";
  return value.str();
}

std::optional<std::string> value_of(const Pairs& tags, std::string_view key) {
  for (const auto& [name, value] : tags) {
    if (name == key) return value;
  }
  return std::nullopt;
}

std::string auth_type(const protocol::HttpRequest& http) {
  if (http.has_header("Authorization")) return "REST-HEADER";
  return http.method() == "POST" ? "POST" : "REST-QUERY-STRING";
}

bool is_v4(const protocol::HttpRequest& http) {
  return http.header("Authorization").starts_with("AWS4-") ||
         http.query("X-Amz-Algorithm").has_value();
}

// When the request was signed, where that is told.
std::optional<Instant> signed_at(const protocol::HttpRequest& http) {
  if (const auto date = http.query("X-Amz-Date")) return parse_basic_date_time(*date);
  if (http.has_header("X-Amz-Date")) return parse_basic_date_time(http.header("X-Amz-Date"));
  return std::nullopt;
}

}  // namespace

// PutObject says its tags in a header, PutObjectTagging in its body.
Pairs AccessContext::request_tags() const {
  const Value& tagging = call().input()["Tagging"];
  if (tagging.is(Value::Kind::String)) return parse_tagging(tagging.text()).value_or(Pairs());
  Pairs tags;
  for (const Value& tag : tagging["TagSet"].items())
    tags.emplace_back(tag["Key"].text(), tag["Value"].text());
  return tags;
}

std::optional<std::string> AccessContext::find_one(std::string_view name) const {
  const Value& input = call().input();
  const protocol::HttpRequest& http = call().http();
  if (const auto found = std::ranges::find(kInputKeys, name, &InputKey::key);
      found != kInputKeys.end())
    return text_of(input[found->member]);
  if (name == "versionid" && !version_id_.empty()) return std::string(version_id_);
  if (name == "locationconstraint")
    return text_of(input["CreateBucketConfiguration"]["LocationConstraint"]);
  if (name == "x-amz-content-sha256" && http.has_header("x-amz-content-sha256"))
    return std::string(http.header("x-amz-content-sha256"));
  if (name == "object-lock-retain-until-date") {
    if (const auto until = input["ObjectLockRetainUntilDate"].as_timestamp())
      return iso8601(*until);
  }
  if (name == "object-lock-remaining-retention-days") {
    auto until = input["ObjectLockRetainUntilDate"].as_timestamp();
    if (!until) until = input["Retention"]["RetainUntilDate"].as_timestamp();
    if (until) return std::to_string(std::chrono::ceil<std::chrono::days>(*until - now()).count());
  }
  if (name == "resourceaccount" && bucket_ != nullptr) return bucket_->account;
  if (call().caller().anonymous) return std::nullopt;
  if (name == "authtype") return auth_type(http);
  if (name == "signatureversion") return is_v4(http) ? "AWS4-HMAC-SHA256" : "AWS";
  if (name == "signatureage") {
    if (const auto at = signed_at(http)) {
      return std::to_string(
          std::chrono::duration_cast<std::chrono::milliseconds>(now() - *at).count());
    }
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> AccessContext::find(std::string_view key) const {
  constexpr std::string_view existing = "s3:existingobjecttag/";
  constexpr std::string_view requested = "s3:requestobjecttag/";
  std::optional<std::string> one;
  if (!key.starts_with("s3:")) return RequestContext::find(key);
  if (key == "s3:requestobjecttagkeys") {
    std::vector<std::string> keys;
    for (const auto& [name, value] : request_tags()) keys.push_back(name);
    return keys.empty() ? std::nullopt : std::optional(std::move(keys));
  }
  // Clients send it with and without a slash in front, and so do policies name it.
  if (key == "s3:x-amz-copy-source") {
    std::string source = call().input()["CopySource"].str();
    if (source.empty()) return std::nullopt;
    if (source.starts_with('/')) source.erase(0, 1);
    return std::vector<std::string>{source, "/" + source};
  }
  if (key == "s3:prefix" && !listed_key_.empty())
    return std::vector<std::string>{std::string(listed_key_)};
  if (key.starts_with(existing)) {
    if (object_ != nullptr) {
      one = value_of(parse_tagging(object_->headers.tagging).value_or(Pairs()),
                     key.substr(existing.size()));
    }
  } else if (key.starts_with(requested)) {
    one = value_of(request_tags(), key.substr(requested.size()));
  } else {
    one = find_one(key.substr(3));
  }
  if (!one) return std::nullopt;
  return std::vector<std::string>{*std::move(one)};
}

}  // namespace cloche::s3
