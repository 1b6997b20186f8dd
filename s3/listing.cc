#include "s3/listing.h"

#include <algorithm>

#include "s3/errors.h"
#include "s3/limits.h"
#include "s3/names.h"

namespace cloche::s3 {
namespace {

// After every key that begins with `prefix`.
std::string after_prefix(BucketId bucket, std::string_view prefix) {
  return engine::KeyWriter().integer(bucket).text_prefix(prefix).after().take();
}

}  // namespace

void read_optional_attributes(ListQuery& query, const Value& input, Instant now) {
  for (const Value& attribute : input["OptionalObjectAttributes"].items()) {
    if (attribute.text() == "RestoreStatus") query.restore_status_at = now;
  }
}

Result<ListQuery> read_list_query(const Value& input, std::string_view max_member,
                                  std::string_view max_argument) {
  ListQuery query;
  query.prefix = input["Prefix"].text();
  query.delimiter = input["Delimiter"].text();
  const Value& encoding = input["EncodingType"];
  if (encoding && encoding.text() != "url") {
    return invalid_argument("Invalid Encoding Method specified in Request", "encoding-type",
                            encoding.text());
  }
  query.url_encode = encoding.present();
  const std::int64_t max = input[max_member].as_integer(kListMax);
  if (max < 0) {
    return invalid_argument(
        "Argument " + std::string(max_argument) + " must be an integer between 0 and 2147483647",
        max_argument, std::to_string(max));
  }
  query.max = std::min(max, kListMax);
  return query;
}

std::optional<std::string_view> rolled_up(const ListQuery& query, std::string_view key) {
  if (query.delimiter.empty()) return std::nullopt;
  const auto at = key.find(query.delimiter, query.prefix.size());
  if (at == std::string_view::npos) return std::nullopt;
  return key.substr(0, at + query.delimiter.size());
}

Result<ListEnd> walk(
    const engine::ReadView& view, engine::TableId table, BucketId bucket, const ListQuery& query,
    const ListStart& start,
    const std::function<Result<bool>(std::string_view, std::string_view, std::string_view)>& row,
    const std::function<void(std::string_view)>& common) {
  ListEnd end;
  if (query.max == 0) return end;
  engine::KeyRange range{
      .from = engine::KeyWriter().integer(bucket).text_prefix(query.prefix).take(),
      .to = after_prefix(bucket, query.prefix)};
  if (!start.after.empty()) {
    // A prefix that was shown last is passed over with all that it stands for; so is one that the marker
    // lies within (recordings of AWS, 2025).
    const auto before =
        start.after.starts_with(query.prefix) ? rolled_up(query, start.after) : std::nullopt;
    std::string from;
    if (before && !start.inclusive) {
      from = after_prefix(bucket, *before);
    } else if (start.inclusive) {
      from = object_key(bucket, start.after);
    } else {
      from = engine::KeyWriter().integer(bucket).text(start.after).after().take();
    }
    range.from = std::max(range.from, from);
  }
  std::int64_t count = 0;
  const auto cursor = view.scan(table, range);
  while (cursor->valid()) {
    const std::string key = key_of_row(cursor->key());
    const auto prefix = rolled_up(query, key);
    if (count == query.max) {
      end.truncated = true;
      break;
    }
    if (prefix) {
      common(*prefix);
      end.last = *prefix;
      end.last_is_prefix = true;
      ++count;
      cursor->seek(after_prefix(bucket, *prefix));
      continue;
    }
    CLOCHE_TRY(const counted, row(key, cursor->key(), cursor->value()));
    if (counted) {
      end.last = key;
      end.last_is_prefix = false;
      ++count;
    }
    cursor->next();
  }
  CLOCHE_TRY_VOID(cursor->status());
  return end;
}

Value shown(Arena& arena, const ListQuery& query, std::string_view name) {
  return query.url_encode ? Value::string(arena, url_encoded(name)) : Value::string(arena, name);
}

void add_query(Value& output, Arena& arena, const ListQuery& query) {
  output.add(arena, "Prefix", shown(arena, query, query.prefix));
  add_rest_of_query(output, arena, query);
}

void add_rest_of_query(Value& output, Arena& arena, const ListQuery& query) {
  if (!query.delimiter.empty())
    output.add(arena, "Delimiter", shown(arena, query, query.delimiter));
  if (query.url_encode) output.add(arena, "EncodingType", Value::string("url"));
}

void push_common_prefix(Value& list, Arena& arena, const ListQuery& query,
                        std::string_view prefix) {
  Value item = Value::map();
  item.add(arena, "Prefix", shown(arena, query, prefix));
  list.push(arena, item);
}

}  // namespace cloche::s3
