// The policy of a posted form: what its signer lets the form say.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html; texts
// from recordings of AWS, 2025.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/result.h"
#include "s3/records.h"

namespace cloche::s3 {

struct LengthRange {
  std::uint64_t min = 0;
  std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
};

// Judges the fields of a form (names in lower case; ${filename} is put in already) by its policy,
// which is base64 of JSON; `fields` has "bucket" among them. Answers with how large the file may be.
// Refuses with InvalidPolicyDocument and AccessDenied.
Result<LengthRange> check_post_policy(std::string_view policy, const Pairs& fields, Instant now);

}  // namespace cloche::s3
