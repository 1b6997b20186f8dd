// CORS rules of buckets: which pages of other origins a browser may let read a bucket's answers.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html; texts and details from
// recordings of AWS, 2023 to 2025.
//
// Where a bucket has rules they alone decide, for local pages too. Where it has none, pages that
// the server trusts are served as everywhere in Cloche; others get AWS's answers, but can't send an
// unsigned POST: a form of any page on the internet could delete objects of a Cloche that takes any
// credentials, which AWS does not.
#pragma once

#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "protocol/protocol.h"
#include "s3/s3.h"

namespace cloche::s3 {

// Refuses as PutBucketCors does.
Result<void> check_cors(const protocol::Call& call, const Value& configuration);

// What a page asks for: in a preflight by Access-Control-Request-*, else by doing it.
struct CorsQuestion {
  std::string_view origin;
  std::string_view method;
  std::vector<std::string> headers;  // Lower case.
};
CorsQuestion cors_question(const protocol::HttpRequest& request);

// The headers of the first rule that allows it; nothing if none does.
using AnswerHeaders = std::vector<std::pair<std::string, std::string>>;
std::optional<AnswerHeaders> evaluate_cors(const Value& configuration,
                                           const CorsQuestion& question);

protocol::OriginJudge cors_judge(S3& s3);

}  // namespace cloche::s3
