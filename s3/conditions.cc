#include "s3/conditions.h"

#include "s3/errors.h"
#include "s3/handlers.h"

namespace cloche::s3 {
namespace {

// HTTP dates have no fractions, so neither has the object's time here.
Instant whole_seconds(Instant at) { return std::chrono::floor<std::chrono::seconds>(at); }

bool modified_after(const ObjectRecord& object, const Value& time) {
  return whole_seconds(object.modified) > *time.as_timestamp();
}

bool is_time(const Value& value) { return value.as_timestamp().has_value(); }

// The names that a request gives to the four conditions.
struct Names {
  std::string_view if_match, if_unmodified_since, if_none_match, if_modified_since;
};
constexpr Names kRead{"IfMatch", "IfUnmodifiedSince", "IfNoneMatch", "IfModifiedSince"};
constexpr Names kCopy{"CopySourceIfMatch", "CopySourceIfUnmodifiedSince", "CopySourceIfNoneMatch",
                      "CopySourceIfModifiedSince"};

enum class Outcome { Holds, IfMatch, IfUnmodifiedSince, IfNoneMatch, IfModifiedSince };

Outcome evaluate(const Value& input, const ObjectRecord& object, const Names& names, Instant now) {
  if (const Value& pattern = input[names.if_match]) {
    if (!etag_matches(pattern.text(), object.etag)) return Outcome::IfMatch;
  } else if (const Value& time = input[names.if_unmodified_since]; is_time(time)) {
    if (modified_after(object, time)) return Outcome::IfUnmodifiedSince;
  }
  if (const Value& pattern = input[names.if_none_match]) {
    if (etag_matches(pattern.text(), object.etag)) return Outcome::IfNoneMatch;
  } else if (const Value& time = input[names.if_modified_since];
             is_time(time) && *time.as_timestamp() <= now) {
    if (!modified_after(object, time)) return Outcome::IfModifiedSince;
  }
  return Outcome::Holds;
}

}  // namespace

bool etag_matches(std::string_view pattern, std::string_view etag) {
  while (!pattern.empty()) {
    const auto comma = pattern.find(',');
    std::string_view one = pattern.substr(0, comma);
    pattern.remove_prefix(comma == std::string_view::npos ? pattern.size() : comma + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || unquoted(one) == etag) return true;
  }
  return false;
}

Result<void> check_read_conditions(const Value& input, const ObjectRecord& object, Instant now) {
  switch (evaluate(input, object, kRead, now)) {
    case Outcome::Holds:
      return {};
    case Outcome::IfMatch:
      return precondition_failed("If-Match");
    case Outcome::IfUnmodifiedSince:
      return precondition_failed("If-Unmodified-Since");
    case Outcome::IfNoneMatch:
    case Outcome::IfModifiedSince:
      return not_modified();
  }
  return {};
}

Result<void> check_copy_conditions(const Value& input, const ObjectRecord& source, Instant now) {
  switch (evaluate(input, source, kCopy, now)) {
    case Outcome::Holds:
      return {};
    case Outcome::IfMatch:
      return precondition_failed("x-amz-copy-source-If-Match");
    case Outcome::IfUnmodifiedSince:
      return precondition_failed("x-amz-copy-source-If-Unmodified-Since");
    case Outcome::IfNoneMatch:
      return precondition_failed("x-amz-copy-source-If-None-Match");
    case Outcome::IfModifiedSince:
      return precondition_failed("x-amz-copy-source-If-Modified-Since");
  }
  return {};
}

Result<void> plan_write_conditions(const Value& input) {
  const Value& match = input["IfMatch"];
  const Value& none_match = input["IfNoneMatch"];
  if (match && none_match) {
    return header_not_implemented("If-Match,If-None-Match",
                                  "Multiple conditional request headers present in the request");
  }
  if (none_match && none_match.text() != "*") {
    return header_not_implemented(
        "If-None-Match", "We don't accept the provided value of If-None-Match header for this API");
  }
  if (match && match.text() == "*") {
    return header_not_implemented(
        "If-Match", "We don't accept the provided value of If-Match header for this API");
  }
  return {};
}

Result<void> check_write_conditions(const Value& input, std::string_view key,
                                    const std::optional<ObjectRecord>& newest) {
  const bool exists = newest && !newest->delete_marker;
  if (input["IfNoneMatch"] && exists) return precondition_failed("If-None-Match");
  if (const Value& match = input["IfMatch"]) {
    if (!exists) return no_such_key(key);
    if (unquoted(match.text()) != newest->etag) return precondition_failed("If-Match");
  }
  return {};
}

}  // namespace cloche::s3
