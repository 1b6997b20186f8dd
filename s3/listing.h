// What all listings have in common: one page of rows with keys under a prefix, rolled up at a
// delimiter.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/document.h"
#include "base/result.h"
#include "engine/engine.h"
#include "s3/tables.h"

namespace cloche::s3 {

struct ListQuery {
  std::string_view prefix;
  std::string_view delimiter;  // Empty: no rolling up.
  bool url_encode =
      false;  // encoding-type=url: keys, prefixes and markers in the answer are encoded.
  std::int64_t max = 1000;  // Keys and prefixes together.
  // With OptionalObjectAttributes: RestoreStatus, the time at which it is looked at.
  std::optional<Instant> restore_status_at;
};

// Reads prefix, delimiter and encoding-type, and `max_member` for the page's size. Refuses an
// unknown encoding and a negative size.
Result<ListQuery> read_list_query(const Value& input, std::string_view max_member,
                                  std::string_view max_argument);
// OptionalObjectAttributes of the listings of objects.
void read_optional_attributes(ListQuery& query, const Value& input, Instant now);

// The prefix that `key` is rolled up to; nothing if it is listed itself.
std::optional<std::string_view> rolled_up(const ListQuery& query, std::string_view key);

// Where a page begins: after this key or rolled-up prefix. Empty: at the beginning.
struct ListStart {
  std::string after;
  bool inclusive = false;  // The key itself is still wanted (further versions or uploads of it).
};

// Walks the rows of a bucket in one table (keys: bucket, key, ...) page-wise. Each key or prefix
// counts as one of query.max.
//   row(key, row_key, value): shows a row that is listed by itself; answers false to leave it out
//   of the count. common(prefix): shows a rolled-up prefix.
// Rolled-up rows are skipped by seeking past their prefix, so that the cost follows what is shown.
struct ListEnd {
  bool truncated = false;
  std::string last;  // Key or prefix shown last.
  bool last_is_prefix = false;
};
Result<ListEnd> walk(
    const engine::ReadView& view, engine::TableId table, BucketId bucket, const ListQuery& query,
    const ListStart& start,
    const std::function<Result<bool>(std::string_view key, std::string_view row_key,
                                     std::string_view value)>& row,
    const std::function<void(std::string_view prefix)>& common);

// A name as the query wants it shown.
Value shown(Arena& arena, const ListQuery& query, std::string_view name);
// Adds Prefix, Delimiter, EncodingType as S3 echoes them.
void add_query(Value& output, Arena& arena, const ListQuery& query);
void add_rest_of_query(Value& output, Arena& arena, const ListQuery& query);  // Without Prefix.
// Adds CommonPrefixes: [{Prefix}].
void push_common_prefix(Value& list, Arena& arena, const ListQuery& query, std::string_view prefix);

}  // namespace cloche::s3
