// Website configurations of buckets: what they may be, and where they send a visitor.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html and the pages
// below it; texts from recordings of AWS, 2023.
//
// A visit to BUCKET.s3-website.ANY or BUCKET.s3-website-REGION.ANY goes this way (site.cc):
//
//   RedirectAllRequestsTo -> rules without an error code -> the page, or its own redirect
//     -> DIRECTORY/ if it has an index -> rules with the error's code -> the error document -> HTML
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/document.h"
#include "base/result.h"
#include "protocol/protocol.h"
#include "s3/s3.h"

namespace cloche::s3 {

// Refuses as PutBucketWebsite does.
Result<void> check_website(const protocol::Call& call, const Value& configuration);

// The bucket whose website the host names; empty if it names none.
std::string_view website_bucket(std::string_view host);

// Where a visitor is sent.
struct Redirect {
  int status = 301;
  std::string location;
};

// What the redirects need to know of a visit.
struct Visit {
  std::string_view host;  // With the port.
  bool https = false;
  std::string_view path;  // As sent, without the query.
  std::string key;        // The path, decoded, without its first '/'.
};

// RedirectAllRequestsTo, if the website has it.
std::optional<Redirect> redirect_all(const Value& configuration, const Visit& visit);
// The first routing rule that holds: without an error those that ask for none, with one those that
// ask for its status.
std::optional<Redirect> routed(const Value& configuration, const Visit& visit,
                               std::optional<int> error_status);

// Serves visits. `read` answers a GetObject, as the API would.
protocol::Handler website_visitor(S3& s3, protocol::Handler read);

}  // namespace cloche::s3
