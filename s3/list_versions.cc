#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/listing.h"
#include "s3/names.h"
#include "s3/restore.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

// Walks s3_objects and s3_versions as one list: by key, and of each key the newest first. A row of
// s3_objects is always the newest of its key.
class BothTables {
 public:
  BothTables(const engine::ReadView& view, const engine::KeyRange& range)
      : objects_(view.scan(kObjects, range)), versions_(view.scan(kVersions, range)) {
    settle();
  }

  bool valid() const { return objects_->valid() || versions_->valid(); }
  const std::string& key() const { return key_; }
  std::string_view value() const { return from_objects_ ? objects_->value() : versions_->value(); }

  void next() {
    (from_objects_ ? objects_ : versions_)->next();
    settle();
  }
  void seek(std::string_view row_key) {
    objects_->seek(row_key);
    versions_->seek(row_key);
    settle();
  }
  Result<void> status() const {
    CLOCHE_TRY_VOID(objects_->status());
    return versions_->status();
  }

 private:
  void settle() {
    if (!valid()) return;
    const std::string in_versions =
        versions_->valid() ? key_of_row(versions_->key()) : std::string();
    std::string in_objects = objects_->valid() ? key_of_row(objects_->key()) : std::string();
    from_objects_ = objects_->valid() && (!versions_->valid() || in_objects <= in_versions);
    key_ = from_objects_ ? std::move(in_objects) : in_versions;
  }

  std::unique_ptr<engine::Cursor> objects_, versions_;
  std::string key_;
  bool from_objects_ = false;
};

Value describe_version(Arena& arena, const ListQuery& query, const BucketRecord& bucket,
                       std::string_view key, const ObjectSummary& version, bool latest) {
  Value item = Value::map();
  if (!version.delete_marker) {
    item.add(arena, "ETag", quoted_etag(arena, version.etag));
    if (version.algorithm) {
      Value algorithms = Value::list();
      algorithms.push(arena, Value::string(name_of(*version.algorithm)));
      item.add(arena, "ChecksumAlgorithm", algorithms);
      item.add(arena, "ChecksumType",
               Value::string(version.composite ? "COMPOSITE" : "FULL_OBJECT"));
    }
    item.add(arena, "Size", Value::integer(static_cast<std::int64_t>(version.size)));
    item.add(arena, "StorageClass",
             version.storage_class.empty() ? Value::string("STANDARD")
                                           : Value::string(version.storage_class));
  }
  item.add(arena, "Key", shown(arena, query, key));
  item.add(arena, "VersionId", Value::string(shown_version_id(version.version_id)));
  item.add(arena, "IsLatest", Value::boolean(latest));
  item.add(arena, "LastModified", Value::timestamp(version.modified));
  add_owner(item, arena, "Owner", version.owner.empty() ? bucket.account : version.owner);
  return item;
}

// Versions or delete markers that stand side by side.
struct Run {
  bool markers = false;
  Value list = Value::list();
};

struct Page {
  // In the order of the listing, in which AWS has both mixed: within a second nothing else tells
  // which came first (aws/aws-sdk-cpp issue 1649, "in correct order (as returned by server)").
  std::vector<Run> runs;
  Value prefixes = Value::list();
  bool truncated = false;
  std::string last_key;
  std::string_view last_version;  // Empty after a prefix.
};

struct Start {
  std::string_view key_marker;
  std::string_view version_marker;
};

engine::KeyRange range_of(BucketId bucket, const ListQuery& query, const Start& start) {
  engine::KeyRange range{
      .from = engine::KeyWriter().integer(bucket).text_prefix(query.prefix).take(),
      .to = engine::KeyWriter().integer(bucket).text_prefix(query.prefix).after().take()};
  if (start.key_marker.empty()) return range;
  const auto before = start.key_marker.starts_with(query.prefix)
                          ? rolled_up(query, start.key_marker)
                          : std::nullopt;
  engine::KeyWriter from;
  from.integer(bucket);
  if (before) {
    from.text_prefix(*before).after();
  } else if (start.version_marker.empty()) {
    from.text(start.key_marker).after();
  } else {
    from.text(start.key_marker);
  }
  range.from = std::max(range.from, from.take());
  return range;
}

std::optional<std::int64_t> rank_of(std::string_view version_id) {
  std::int64_t rank = 0;
  return rank_of_version_id(version_id, rank) ? std::optional(rank) : std::nullopt;
}

Result<Page> read_page(const engine::ReadView& view, Arena& arena, const BucketRecord& bucket,
                       const ListQuery& query, const Start& start) {
  Page page;
  if (query.max == 0) return page;
  BothTables rows(view, range_of(bucket.id, query, start));
  std::string previous;
  bool any = false;
  const auto marker_rank = rank_of(start.version_marker);
  bool skipping = !start.version_marker.empty();  // Up to and including the version marker.
  std::int64_t count = 0;
  while (rows.valid()) {
    const std::string key = rows.key();
    const bool latest = !any || key != previous;
    const auto prefix = rolled_up(query, key);
    if (skipping && key != start.key_marker) skipping = false;
    if (skipping) {
      CLOCHE_TRY(const version, decode_summary(rows.value(), arena));
      if (shown_version_id(version.version_id) == start.version_marker) {
        skipping = false;
      } else if (marker_rank && version.rank > *marker_rank) {
        skipping = false;  // The marker's version has gone meanwhile; this is the one after it.
        continue;
      }
      previous = key;
      any = true;
      rows.next();
      continue;
    }
    if (count == query.max) {
      page.truncated = true;
      break;
    }
    ++count;
    page.last_key = prefix ? std::string(*prefix) : key;
    if (prefix) {
      push_common_prefix(page.prefixes, arena, query, *prefix);
      page.last_version = {};
      rows.seek(engine::KeyWriter().integer(bucket.id).text_prefix(*prefix).after().take());
      continue;
    }
    CLOCHE_TRY(const version, decode_summary(rows.value(), arena));
    page.last_version = shown_version_id(version.version_id);
    Value item = describe_version(arena, query, bucket, key, version, latest);
    if (query.restore_status_at) {
      CLOCHE_TRY_VOID(add_restore_status(item, arena, rows.value(), version.storage_class,
                                         *query.restore_status_at));
    }
    if (page.runs.empty() || page.runs.back().markers != version.delete_marker)
      page.runs.push_back({.markers = version.delete_marker});
    page.runs.back().list.push(arena, item);
    previous = key;
    any = true;
    rows.next();
  }
  CLOCHE_TRY_VOID(rows.status());
  return page;
}

}  // namespace

void list_object_versions(S3& s3, const CallPtr& call) {
  const auto view = s3.store().view();
  answer(call, [&]() -> Result<Value> {
    const Value& input = call->input();
    Arena& arena = call->arena();
    const Start start{.key_marker = input["KeyMarker"].text(),
                      .version_marker = input["VersionIdMarker"].text()};
    if (input["VersionIdMarker"] && start.key_marker.empty()) {
      return invalid_argument("A version-id marker cannot be specified without a key marker.",
                              "version-id-marker", start.version_marker);
    }
    CLOCHE_TRY(query, read_list_query(input, "MaxKeys", "max-keys"));
    read_optional_attributes(query, input, s3.store().clock().now());
    CLOCHE_TRY(const bucket, find_bucket(*view, input));
    CLOCHE_TRY(const page, read_page(*view, arena, bucket, query, start));
    Value output = Value::map();
    output.add(arena, "Name", Value::string(arena, bucket.name));
    add_query(output, arena, query);
    output.add(arena, "MaxKeys", Value::integer(query.max));
    output.add(arena, "IsTruncated", Value::boolean(page.truncated));
    output.add(arena, "KeyMarker", shown(arena, query, start.key_marker));
    output.add(arena, "VersionIdMarker", Value::string(start.version_marker));
    if (page.truncated) {
      output.add(arena, "NextKeyMarker", shown(arena, query, page.last_key));
      if (!page.last_version.empty())
        output.add(arena, "NextVersionIdMarker", Value::string(page.last_version));
    }
    for (const Run& run : page.runs)
      output.add(arena, run.markers ? "DeleteMarkers" : "Versions", run.list);
    if (!page.prefixes.empty()) output.add(arena, "CommonPrefixes", page.prefixes);
    return output;
  }());
}

}  // namespace cloche::s3
