#include "s3/copy_source.h"

#include <algorithm>

#include "s3/conditions.h"
#include "s3/errors.h"
#include "s3/names.h"
#include "s3/restore.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

// Work of this size is done on the io thread; more would keep its other connections waiting.
constexpr std::uint64_t kReadInline = std::uint64_t{1} << 20;

Result<CopiedBytes> read_all(S3& s3, const engine::ReadView& view, const CopyJob& job) {
  const CustomerKey* source_key = job.source_key ? &*job.source_key : nullptr;
  const WantedDigests checksums = wanted({.algorithm = job.algorithm, .value = {}});
  CopiedBytes copied;
  if (job.source_key || job.target_key) {
    BodyWriter writer(s3.store(), checksums, job.target_key ? &*job.target_key : nullptr);
    CLOCHE_TRY_VOID(
        read_pieces(s3.store(), view, job.extents, source_key,
                    [&](std::span<const std::byte> piece) { return writer.append(piece); }));
    CLOCHE_TRY(body, writer.finish());
    copied.digests = body.digests;
    copied.body = std::move(body);
    return copied;
  }
  BodyDigester digester(checksums, job.algorithm == Algorithm::Sha256);
  CLOCHE_TRY_VOID(read_pieces(s3.store(), view, job.extents, source_key,
                              [&](std::span<const std::byte> piece) -> Result<void> {
                                digester.update(piece);
                                return {};
                              }));
  copied.digests = digester.finish();
  return copied;
}

}  // namespace

Result<CopySource> parse_copy_source(std::string_view header) {
  std::string_view path = header;
  CopySource source;
  // As a URL it is taken too.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!path.starts_with(scheme)) continue;
    path.remove_prefix(scheme.size());
    path.remove_prefix(std::min(path.size(), path.find('/')));
  }
  if (const auto query = path.rfind("?versionId="); query != std::string_view::npos) {
    source.version_id = std::string(path.substr(query + 11));
    path = path.substr(0, query);
  }
  // Some encode a blank as in a form; a '+' of the key's own comes as %2B.
  std::string form(path);
  std::ranges::replace(form, '+', ' ');
  std::string decoded = url_decoded(form);
  if (decoded.starts_with('/')) decoded.erase(0, 1);
  const auto slash = decoded.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == decoded.size()) {
    return invalid_argument("Invalid copy source object key", "x-amz-copy-source",
                            "x-amz-copy-source");
  }
  source.bucket = decoded.substr(0, slash);
  source.key = decoded.substr(slash + 1);
  return source;
}

Result<FoundSource> find_source(const engine::ReadView& view, const protocol::Call& call,
                                const CopySource& source, Instant now) {
  const Value& input = call.input();
  CLOCHE_TRY(bucket, find_bucket_named(view, source.bucket));
  if (!bucket) return no_such_bucket(source.bucket);
  if (const Value& owner = input["ExpectedSourceBucketOwner"];
      owner && owner.text() != bucket->account)
    return access_denied();
  CLOCHE_TRY(object, find_version(view, *bucket, source.key, source.version_id));
  if (object.delete_marker) {
    if (source.version_id.empty()) return no_such_key(source.key);
    return invalid_request(
        "The source of a copy request may not specifically refer to a delete marker by version "
        "id.");
  }
  CLOCHE_TRY(key, read_customer_key(input, KeyUse::Decrypt, KeyOf::CopySource));
  CLOCHE_TRY_VOID(check_customer_key(object.encryption, key));
  CLOCHE_TRY_VOID(check_not_archived(object, now));
  CLOCHE_TRY_VOID(check_kms_key(view, object.encryption));
  CLOCHE_TRY_VOID(check_copy_conditions(input, object, now));
  return FoundSource{
      .bucket = std::move(*bucket), .object = std::move(object), .key = std::move(key)};
}

void read_source(S3& s3, CopyJob job, std::shared_ptr<engine::ReadView> view,
                 std::move_only_function<void(Result<CopiedBytes>)> then) {
  const bool here = job.size <= kReadInline;
  auto work = [&s3, job = std::move(job), view = std::move(view),
               then = std::make_shared<decltype(then)>(std::move(then))]() mutable {
    auto copied = read_all(s3, *view, job);
    view.reset();  // Not held while the transaction waits for its turn.
    (*then)(std::move(copied));
  };
  if (here) {
    work();
  } else {
    s3.worker().post(std::move(work));
  }
}

bool is_changed(const ObjectRecord& seen, const ObjectRecord& now) {
  return seen.etag != now.etag || seen.modified != now.modified ||
         seen.version_id != now.version_id;
}

void add_source_version(Value& output, Arena& arena, const FoundSource& source) {
  add_new_version_id(output, arena, source.object.version_id, "CopySourceVersionId");
}

}  // namespace cloche::s3
