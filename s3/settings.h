// The settings of a bucket that have an API of their own (CORS, policy, lifecycle ...): one row
// each, with the configuration as JSON in the model's member names, so that what was put is given
// back exactly and a person can read it in the sqlite3 shell.
//
// A bucket's own row says which kinds it has (BucketRecord::settings). So a request pays for a
// setting only where there is one: ask `bucket.has(Setting::Cors)` on a hot path, it costs no read.
// All functions here keep row and bit together; nobody else writes s3_bucket_settings.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/document.h"
#include "base/result.h"
#include "engine/engine.h"
#include "s3/records.h"

namespace cloche::s3 {

// As in the row's key: "public-access-block".
std::string_view name_of(Setting kind);

// The JSON of a setting, good as long as the view lives; nothing if there is none. `id` names one
// of several (inventory, analytics, metrics, intelligent-tiering), and is empty for all other
// kinds. Reads no row if the bucket has none of the kind.
Result<std::optional<std::string_view>> find_setting(const engine::ReadView& view,
                                                     const BucketRecord& bucket, Setting kind,
                                                     std::string_view id = {});
// The same as a document that refers to the arena alone. Absent if there is none.
Result<Value> read_setting(const engine::ReadView& view, const BucketRecord& bucket, Setting kind,
                           Arena& arena, std::string_view id = {});

// Puts a setting in the place of an earlier one. Writes the bucket's row too when the first of its
// kind is put: `bucket` must be as it is stored, and is brought up to date.
Result<void> put_setting(engine::WriteTxn& txn, BucketRecord& bucket, Setting kind,
                         const Value& configuration, std::string_view id = {});
Result<void> put_setting(engine::WriteTxn& txn, BucketRecord& bucket, Setting kind,
                         std::string_view json, std::string_view id = {});
// No error if there is none.
Result<void> erase_setting(engine::WriteTxn& txn, BucketRecord& bucket, Setting kind,
                           std::string_view id = {});
// With the bucket. Bounded: AWS allows at most 1,000 of a kind.
Result<void> erase_settings(engine::WriteTxn& txn, const BucketRecord& bucket);

// The settings of a kind in the order of their ids, from the first one after `after`, at most
// `max`.
struct NamedSetting {
  std::string id;
  std::string_view json;  // Good as long as the view lives.
};
Result<std::vector<NamedSetting>> list_settings(const engine::ReadView& view,
                                                const BucketRecord& bucket, Setting kind,
                                                std::string_view after, std::size_t max);

}  // namespace cloche::s3
