// The operators and functions of S3 Select's SQL on values.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-sql-functions.html
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "s3/select/sql.h"

namespace cloche::s3::select {

// Add to Remainder. Null where one side is absent; refuses texts that are no numbers, and overflow.
Result<SqlValue> arithmetic(Op op, const SqlValue& a, const SqlValue& b);
// '%' stands for any run, '_' for one character.
Result<SqlValue> like(std::string_view text, std::string_view pattern, std::string_view escape);
// Refuses with CastFailed.
Result<SqlValue> cast(const SqlValue& value, std::string_view type);
// `option`: the side of TRIM, or the part of a date function.
Result<SqlValue> call_function(std::string_view name, std::string_view option,
                               const std::vector<SqlValue>& arguments, Instant now);

}  // namespace cloche::s3::select
