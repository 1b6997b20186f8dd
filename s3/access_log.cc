#include "s3/access_log.h"

#include "s3/checksums.h"
#include "s3/handlers.h"
#include "s3/names.h"
#include "s3/settings.h"
#include "s3/stored_body.h"
#include "s3/versions.h"
#include "s3/website.h"

namespace cloche::s3 {
namespace {

// Bucket and key of a request.
std::pair<std::string, std::string> place_of(const protocol::Finished& finished) {
  const std::string_view path = finished.path.empty() ? finished.path : finished.path.substr(1);
  if (finished.site) return {std::string(website_bucket(finished.http.host())), url_decoded(path)};
  const std::size_t slash = path.find('/');
  return {url_decoded(path.substr(0, slash)),
          slash == std::string_view::npos ? std::string() : url_decoded(path.substr(slash + 1))};
}

Result<void> store_log(engine::WriteTxn& txn, const std::string& source_name,
                       const StoredBody& body, Instant first) {
  CLOCHE_TRY(const source, find_bucket_named(txn, source_name));
  if (!source) return {};
  Arena arena;
  CLOCHE_TRY(const status, read_setting(txn, *source, Setting::Logging, arena));
  const Value& configuration = status["LoggingEnabled"];
  CLOCHE_TRY(const target, find_bucket_named(txn, configuration["TargetBucket"].text()));
  if (!target) return {};  // Both may have changed since the lines were gathered.
  CLOCHE_TRY_VOID(txn.adopt(*body.blob));
  ObjectRecord object;
  object.size = body.digests.size;
  object.etag = to_hex(body.digests.md5);
  object.headers.system = {{"content-type", "text/plain"}};
  object.checksum = Checksum{.algorithm = Algorithm::Crc64nvme,
                             .value = value_of(body.digests, Algorithm::Crc64nvme),
                             .composite = false};
  object.extents = body.extents();
  const std::string unique = txn.ids().from_alphabet("0123456789ABCDEF", 16);
  const std::string key = log_key(configuration, *source, first, txn.now(), unique);
  CLOCHE_TRY_VOID(store_newest(txn, *target, key, std::move(object)));
  return {};
}

}  // namespace

S3::S3(engine::Store& store, const iam::Guard& guard, S3Options options)
    : store_(store),
      guard_(guard),
      options_(options),
      access_log_(std::make_shared<AccessLog>(store)) {}
S3::~S3() { access_log_->deliver(); }

AccessLog::AccessLog(engine::Store& store) : store_(store) {
  const auto view = store.view();
  for (const auto cursor = view->scan(kBuckets, {}); cursor->valid(); cursor->next()) {
    const auto bucket = decode_bucket(engine::KeyReader(cursor->key()).text(), cursor->value());
    if (bucket && bucket->has(Setting::Logging)) expect();
  }
}

void AccessLog::begin_delivery() {
  worker_.post([this] { deliver(); });
}

void AccessLog::observe(const protocol::Finished& finished) {
  if (!expected()) return;
  // Paid by every request once a bucket has asked for logs: its bucket's row.
  const auto [bucket_name, key] = place_of(finished);
  if (bucket_name.empty()) return;
  const auto bucket = find_bucket_named(*store_.view(), bucket_name);
  if (!bucket || !*bucket || !(*bucket)->has(Setting::Logging)) return;
  const Instant now = store_.clock().now();
  bool full = false;
  {
    const MutexLock lock(mutex_);
    Lines& lines = lines_[bucket_name];
    if (lines.text.empty()) lines.first = now;
    if (lines.text.size() < 2 * kLogBytesMax)  // Beyond that lines are lost: delivery has stopped.
      lines.text += access_line(**bucket, finished, now, key);
    full = lines.text.size() >= kLogBytesMax;
  }
  if (full) return begin_delivery();
  // A rewind may have dropped the work that was queued: it is queued again some time after it was due.
  const std::int64_t at = now.time_since_epoch().count();
  if (std::int64_t queued = queued_.load();
      std::abs(at - queued) > 2 * std::chrono::microseconds(kLogDelay).count() &&
      queued_.compare_exchange_strong(queued, at))
    deliver_later();
}

void AccessLog::deliver_later() {
  store_.submit(
      "s3.deliver_logs later",
      [](engine::WriteTxn& txn) -> Result<void> {
        CLOCHE_TRY_VOID(txn.later(
            {.kind = std::string(kLogWork), .payload = "", .due = txn.now() + kLogDelay}));
        return {};
      },
      [](Result<void>) {});
}

void AccessLog::deliver() {
  queued_.store(kNever);
  std::map<std::string, Lines> all;
  {
    const MutexLock lock(mutex_);
    all.swap(lines_);
  }
  for (auto& [source, lines] : all) deliver_bucket(source, std::move(lines));
}

void AccessLog::deliver_bucket(const std::string& source, Lines lines) {
  BodyWriter writer(store_, wanted({}), nullptr);
  if (!writer.append(as_bytes(lines.text))) return;
  auto body = writer.finish();
  if (!body) return;
  auto shared = std::make_shared<StoredBody>(*std::move(body));
  (void)store_.write("s3.deliver_logs " + source,
                     [&, shared](engine::WriteTxn& txn) -> Result<void> {
                       return store_log(txn, source, *shared, lines.first);
                     });
}

}  // namespace cloche::s3
