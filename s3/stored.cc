#include "s3/stored.h"

#include "s3/errors.h"

namespace cloche::s3 {
namespace {

Value output_of(Arena& arena, const StoredSetting& setting, const Value& configuration) {
  if (setting.output_member.empty()) return configuration;
  Value output = Value::map();
  output.add(arena, setting.output_member, configuration);
  return output;
}

}  // namespace

void put_stored(S3& s3, const CallPtr& call, const StoredSetting& setting) {
  const Value& configuration = call->input()[setting.member];
  if (!configuration) return call->fail(malformed_xml());
  if (setting.check != nullptr) {
    if (auto checked = setting.check(*call, configuration); !checked)
      return call->fail(std::move(checked).error());
  }
  commit(s3, call, [call, &setting](engine::WriteTxn& txn) -> Result<Value> {
    const Value& input = call->input();
    CLOCHE_TRY(bucket, find_bucket(txn, input));
    if (setting.decide != nullptr)
      CLOCHE_TRY_VOID(setting.decide(txn, bucket, input[setting.member]));
    CLOCHE_TRY_VOID(put_setting(txn, bucket, setting.kind, input[setting.member]));
    return Value::map();
  });
}

void get_stored(S3& s3, const CallPtr& call, const StoredSetting& setting) {
  answer(call, [&]() -> Result<Value> {
    const auto view = s3.store().view();
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY(const configuration, read_setting(*view, bucket, setting.kind, call->arena()));
    if (configuration) return output_of(call->arena(), setting, configuration);
    if (setting.missing != nullptr) return setting.missing(bucket.name);
    return Value::map();
  }());
}

void delete_stored(S3& s3, const CallPtr& call, const StoredSetting& setting) {
  commit(s3, call, [call, &setting](engine::WriteTxn& txn) -> Result<Value> {
    CLOCHE_TRY(bucket, find_bucket(txn, call->input()));
    CLOCHE_TRY_VOID(erase_setting(txn, bucket, setting.kind));
    return Value::map();
  });
}

}  // namespace cloche::s3
