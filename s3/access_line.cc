// The format of access logs. Source: "Amazon S3 server access log format".
#include <algorithm>
#include <cstdio>
#include <ctime>

#include "s3/access_log.h"
#include "s3/handlers.h"
#include "s3/names.h"

namespace cloche::s3 {
namespace {

std::tm utc(Instant at) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::system_clock::time_point(
          std::chrono::duration_cast<std::chrono::system_clock::duration>(at.time_since_epoch())));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

std::string formatted(const char* format, Instant at) {
  const std::tm parts = utc(at);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &parts)};
}

// What REST.GET. and so on end with, by the query that names a part of a bucket or object.
struct Resource {
  std::string_view query, name;
};
constexpr Resource kResources[] = {
    {"acl", "ACL"},
    {"cors", "CORS"},
    {"lifecycle", "LIFECYCLE"},
    {"location", "LOCATION"},
    {"logging", "LOGGING_STATUS"},
    {"notification", "NOTIFICATION"},
    {"policy", "BUCKETPOLICY"},
    {"replication", "REPLICATION"},
    {"requestPayment", "REQUEST_PAYMENT"},
    {"versioning", "VERSIONING"},
    {"versions", "BUCKETVERSIONS"},
    {"website", "WEBSITE"},
    {"encryption", "ENCRYPTION"},
    {"inventory", "INVENTORY"},
    {"metrics", "METRICS"},
    {"analytics", "ANALYTICS"},
    {"accelerate", "ACCELERATE"},
    {"object-lock", "OBJECT_LOCK_CONFIGURATION"},
    {"retention", "OBJECT_LOCK_RETENTION"},
    {"legal-hold", "OBJECT_LOCK_LEGALHOLD"},
    {"publicAccessBlock", "PUBLIC_ACCESS_BLOCK"},
    {"ownershipControls", "OWNERSHIP_CONTROLS"},
    {"uploads", "UPLOADS"},
    {"delete", "MULTI_OBJECT_DELETE"},
    {"restore", "OBJECT"},
    {"attributes", "OBJECT_ATTRIBUTES"},
};

std::string operation_of(const protocol::Finished& finished, bool object) {
  const protocol::HttpRequest& http = finished.http;
  if (finished.site) return "WEBSITE." + std::string(http.method()) + ".OBJECT";
  std::string_view resource = object ? "OBJECT" : "BUCKET";
  std::string method(http.method());
  if (finished.operation == "CopyObject") {
    method = "COPY";
  } else if (finished.operation == "UploadPartCopy") {
    method = "COPY", resource = "PART";
  } else if (http.query("tagging")) {
    resource = object ? "OBJECT_TAGGING" : "TAGGING";
  } else if (http.query("uploadId")) {
    resource = http.query("partNumber") ? "PART" : "UPLOAD";
  } else {
    for (const Resource& known : kResources) {
      if (http.query(known.query)) resource = known.name;
    }
  }
  return "REST." + method + '.' + std::string(resource);
}

// Each field is one word: blanks and quotes of what a client sent would make two of it.
std::string word(std::string_view text) {
  if (text.empty()) return "-";
  std::string out(text);
  std::ranges::replace_if(
      out, [](char c) { return static_cast<unsigned char>(c) <= ' '; }, '_');
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.empty() ? std::string_view("-") : text) {
    if (c == '"') {
      out += "%22";
    } else {
      out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return out + '"';
}

std::string number(std::uint64_t value) { return value == 0 ? "-" : std::to_string(value); }

// How the request was signed, and where.
std::pair<std::string_view, std::string_view> signature_of(const protocol::HttpRequest& http) {
  const std::string_view header = http.header("Authorization");
  if (header.starts_with("AWS4")) return {"SigV4", "AuthHeader"};
  if (header.starts_with("AWS ")) return {"SigV2", "AuthHeader"};
  if (http.query("X-Amz-Signature")) return {"SigV4", "QueryString"};
  if (http.query("Signature")) return {"SigV2", "QueryString"};
  return {"-", "-"};
}

}  // namespace

std::string access_line(const BucketRecord& bucket, const protocol::Finished& finished, Instant at,
                        std::string_view key) {
  const protocol::HttpRequest& http = finished.http;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(finished.took).count();
  const std::string requester =
      finished.caller.anonymous ? "-" : canonical_id(finished.caller.account);
  const bool downloads = finished.operation == "GetObject" && finished.status == 200;
  const auto [signature, place] = signature_of(http);
  const std::uint64_t sent =
      finished.operation == "PutObject"
          ? static_cast<std::uint64_t>(Value::number(http.header("Content-Length")).as_integer(0))
          : (downloads ? finished.bytes_sent : 0);
  std::string line = canonical_id(bucket.account) + ' ' + bucket.name + ' ';
  line += formatted("[%d/%b/%Y:%H:%M:%S +0000] ", at);
  line += word(http.peer()) + ' ' + requester + ' ' + word(finished.request_id) + ' ';
  line += operation_of(finished, !key.empty()) + ' ' + word(url_encoded(key)) + ' ';
  line += quoted(std::string(http.method()) + ' ' + std::string(http.target()) + " HTTP/1.1") + ' ';
  line += std::to_string(finished.status) + ' ' + word(finished.error_code) + ' ';
  line += number(finished.bytes_sent) + ' ' + number(sent) + ' ';
  line += std::to_string(took) + ' ' + (finished.status < 300 ? std::to_string(took) : "-") + ' ';
  line += quoted(http.header("Referer")) + ' ' + quoted(http.header("User-Agent")) + ' ';
  line += word(http.query("versionId").value_or("")) + ' ' + word(finished.host_id) + ' ';
  line += std::string(signature) + ' ' + (http.https() ? "TLS_AES_128_GCM_SHA256" : "-") + ' ';
  line += std::string(place) + ' ' + word(http.header("Host")) + ' ';
  line += std::string(http.https() ? "TLSv1.3" : "-") + " - -\n";
  return line;
}

std::string log_key(const Value& configuration, const BucketRecord& source, Instant first,
                    Instant now, std::string_view unique) {
  std::string key = configuration["TargetPrefix"].str();
  const Value& partitioned = configuration["TargetObjectKeyFormat"]["PartitionedPrefix"];
  if (!partitioned) return key + formatted("%Y-%m-%d-%H-%M-%S-", now) + std::string(unique);
  key += source.account + '/' + source.region + '/' + source.name + '/';
  // By the time of events a key tells the day alone ("Log object key format").
  const bool by_event = partitioned["PartitionDateSource"].text() == "EventTime";
  key += by_event ? formatted("%Y/%m/%d/%Y-%m-%d-00-00-00-", first)
                  : formatted("%Y/%m/%d/%Y-%m-%d-%H-%M-%S-", now);
  return key + std::string(unique);
}

}  // namespace cloche::s3
