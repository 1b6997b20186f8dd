#include <algorithm>

#include "transfer/pull_parts.h"
#include "transfer/s3/bucket.h"
#include "transfer/s3/listing.h"
#include "transfer/s3/object.h"
#include "transfer/s3/settings.h"

namespace cloche::transfer {
namespace {

// What one key has on both sides, in the order of the source's listing.
class Beside {
 public:
  Beside(Client& client, const Bucket& bucket) : client_(client), bucket_(bucket) {}

  // The versions of `key`, oldest first. Keys are asked for in order mostly, and then the listing is
  // read once; a key out of order costs a listing of its own.
  Result<std::vector<Version>> of(const std::string& key) {
    if (bucket_.is_new) return std::vector<Version>();
    if (!listing_) listing_.emplace(client_, bucket_.name, bucket_.region);
    if (key < last_) return of_alone(key);
    last_ = key;
    while (!ended_ && (!present_ || present_->key < key)) {
      CLOCHE_TRY(next, listing_->next());
      present_ = std::move(next);
      ended_ = !present_;
    }
    if (present_ && present_->key == key) return present_->versions;
    return std::vector<Version>();
  }

 private:
  Result<std::vector<Version>> of_alone(const std::string& key) {
    VersionListing listing(client_, bucket_.name, bucket_.region, key);
    CLOCHE_TRY(first, listing.next());
    if (first && first->key == key) return first->versions;
    return std::vector<Version>();
  }

  Client& client_;
  const Bucket& bucket_;
  std::optional<VersionListing> listing_;
  std::optional<KeyVersions> present_;
  std::string last_;
  bool ended_ = false;
};

// ETags of parts depend on their sizes, and those of objects under keys on nothing that one can see.
bool same(const Version& source, const Version& copy) {
  if (source.marker != copy.marker) return false;
  if (source.marker) return true;
  if (source.size != copy.size) return false;
  return source.etag == copy.etag || parts_of_etag(source.etag) > 0;
}

ObjectPlace place_of(const Bucket& bucket, const std::string& key) {
  return {.bucket = bucket.name, .key = key, .region = bucket.region};
}

// Opens bodies of the source; each call asks anew.
OpenBody source_body(Sides& sides, const ObjectPlace& place, const std::string& version) {
  return [&sides, place, version](int part) -> Result<Body> {
    Unsigned wish = object_request("GET", place, version);
    if (part > 0) wish.query.emplace_back("partNumber", std::to_string(part));
    CLOCHE_TRY(const answer, sides.from.begin_s3(std::move(wish), place.region));
    const auto length = answer.content_length();
    if (!length) return unavailable("the source does not tell how long " + place.key + " is");
    return Body{*length, [&sides](std::span<std::byte> into) { return sides.from.read_s3(into); }};
  };
}

// The same cut into ranges, for objects beyond what one PUT takes whose parts the source does not
// tell.
OpenBody ranges(Sides& sides, const ObjectPlace& place, const std::string& version,
                std::uint64_t size, std::uint64_t step) {
  return [&sides, place, version, size, step](int part) -> Result<Body> {
    const std::uint64_t begin = static_cast<std::uint64_t>(part - 1) * step;
    const std::uint64_t end = std::min(size, begin + step);
    Unsigned wish = object_request("GET", place, version);
    wish.headers.emplace_back("Range",
                              "bytes=" + std::to_string(begin) + "-" + std::to_string(end - 1));
    CLOCHE_TRY_VOID(sides.from.begin_s3(std::move(wish), place.region));
    return Body{end - begin,
                [&sides](std::span<std::byte> into) { return sides.from.read_s3(into); }};
  };
}

Result<ObjectHead> read_head(Client& client, const ObjectPlace& place, const std::string& id) {
  Unsigned wish = object_request("HEAD", place, id);
  wish.headers.emplace_back("x-amz-checksum-mode", "ENABLED");
  CLOCHE_TRY(const answer, client.ask_s3(wish, {}, place.region));
  ObjectHead head = head_of(answer);
  if (parts_of_etag(head.etag) == 0) return head;
  wish.query.emplace_back("partNumber", "1");
  // Who knows nothing of parts answers with the whole, and then it is put whole.
  const auto part = client.ask_s3(std::move(wish), {}, place.region);
  if (part && head_of(*part).size < head.size) head.parts = head_of(*part).parts;
  return head;
}

Result<void> copy_version(Pull& pull, Sides& sides, const Bucket& bucket, const std::string& key,
                          const Version& version) {
  const ObjectPlace place = place_of(bucket, key);
  if (version.marker) return put_delete_marker(sides.to, place);
  // Without versioning there are no versions to name, and some refuse even "null" then.
  const std::string id = bucket.versioning.empty() ? "" : version.id;
  CLOCHE_TRY(const head, read_head(sides.from, place, id));
  Upload what{.size = head.size,
              .headers = head.carried,
              .checksum_algorithm = head.checksum_algorithm,
              .checksum = head.checksum_of_parts || head.parts > 0 ? "" : head.checksum,
              .checksum_of_parts = head.checksum_of_parts,
              .parts = head.parts};
  if (head.checksum_of_parts && head.parts == 0) what.checksum_algorithm.clear();
  if (head.has_tags) {
    CLOCHE_TRY(const tags, read_tags(sides.from, place, id));
    what.headers.emplace_back("x-amz-tagging", tags_header(tags));
  }
  if (!head.encryption.empty()) {
    what.headers.emplace_back("x-amz-server-side-encryption", head.encryption);
    pull.progress.warn("objects under " + head.encryption +
                       " are put under the key that the target takes for it: keys can't be copied");
  }
  OpenBody open = source_body(sides, place, id);
  if (what.parts == 0 && head.size > kPutBytesMax) {
    constexpr std::uint64_t kStep = std::uint64_t{512} << 20;  // 10,000 parts make 5 TB.
    what.parts = static_cast<int>((head.size + kStep - 1) / kStep);
    open = ranges(sides, place, id, head.size, kStep);
  }
  auto etag = upload(sides.to, place, what, open);
  if (!etag && etag.error().code == "OtherSize" && head.parts > 0) {
    // It counts parts and gives none of them out (moto).
    what.parts = 0;
    if (what.checksum_of_parts) what.checksum_algorithm.clear();
    etag = upload(sides.to, place, what, open);
  }
  if (!etag) return etag.error();
  if (head.encryption.empty() && *etag != head.etag)
    pull.progress.warn("bucket " + bucket.name + ": some copies have other ETags than the source");
  pull.progress.bytes += head.size;
  ++pull.progress.objects;
  return {};
}

// Copies `versions` from `begin` on, in order, and tells of what fails.
void copy_versions(Pull& pull, Sides& sides, const Bucket& bucket, const std::string& key,
                   std::span<const Version> versions) {
  for (const Version& version : versions) {
    auto done = copy_version(pull, sides, bucket, key, version);
    if (done) continue;
    std::string why = told(bucket.name + "/" + key, done.error());
    if (done.error().code == "InvalidObjectState") why += " (it is archived: restore it first)";
    if (done.error().http_status == 400 && done.error().code == "Status400")
      why += " (is it under a client's key? those can't be read)";
    pull.progress.failure(why);
    return;  // Later versions on top of a missing one would be another history.
  }
}

bool is_null(const Version& version) { return version.id == "null"; }

// Null versions among others (they were put while versioning was suspended) want the bucket
// suspended for a moment, which no other key may see.
struct Deferred {
  std::string key;
  std::vector<Version> versions;
};

void copy_deferred(Pull& pull, const Bucket& bucket, const Deferred& deferred) {
  for (const Version& version : deferred.versions) {
    const auto switched =
        set_versioning(pull.sides.to, bucket, is_null(version) ? "Suspended" : "Enabled");
    if (!switched) return pull.progress.failure(told(bucket.name, switched.error()));
    copy_versions(pull, pull.sides, bucket, deferred.key, std::span(&version, 1));
  }
}

// What of a key is still to be copied; nothing if its history there is another one.
std::optional<std::vector<Version>> missing(const std::vector<Version>& source,
                                            const std::vector<Version>& copy, bool versioned) {
  if (!versioned) {
    if (copy.size() == 1 && same(source.back(), copy.back())) return std::vector<Version>();
    return std::vector<Version>{source.back()};
  }
  if (copy.size() > source.size()) return std::nullopt;
  for (std::size_t i = 0; i < copy.size(); ++i) {
    if (!same(source[i], copy[i])) return std::nullopt;
  }
  return std::vector<Version>(source.begin() + static_cast<std::ptrdiff_t>(copy.size()),
                              source.end());
}

// One way through the bucket. In the first of two (`nulls_only`) the oldest versions are copied that
// were put before there was versioning.
Result<void> copy_keys(Pull& pull, const Bucket& bucket, bool nulls_only, bool was_new,
                       std::vector<Deferred>& deferred) {
  VersionListing source(pull.sides.from, bucket.name, bucket.region);
  Beside beside(pull.sides.to, bucket);
  const bool versioned = !bucket.versioning.empty();
  while (true) {
    CLOCHE_TRY(next, source.next());
    if (!next) return {};
    if (nulls_only && !is_null(next->versions.front())) continue;
    CLOCHE_TRY(const copy, beside.of(next->key));
    auto left = missing(next->versions, copy, versioned);
    if (!left) {
      if (!nulls_only)
        pull.progress.failure(bucket.name + "/" + next->key +
                              ": what is there has another history than the source; left alone");
      continue;
    }
    if (!nulls_only && !was_new) pull.progress.present += next->versions.size() - left->size();
    if (left->empty()) continue;
    if (nulls_only) {
      if (!copy.empty()) continue;
      left->resize(1);
    } else if (versioned && std::ranges::any_of(*left, is_null)) {
      deferred.push_back({next->key, *std::move(left)});
      continue;
    }
    pull.crew.post([&pull, &bucket, key = next->key, left = *std::move(left)](Sides& sides) {
      copy_versions(pull, sides, bucket, key, left);
    });
  }
}

Result<void> copy_objects(Pull& pull, Bucket& bucket) {
  std::vector<Deferred> deferred;
  const bool was_new = bucket.is_new;
  if (bucket.versioning.empty()) {
    auto listed = copy_keys(pull, bucket, false, was_new, deferred);
    pull.crew.wait();
    return listed;
  }
  if (!bucket.locks) {
    CLOCHE_TRY_VOID(set_versioning(pull.sides.to, bucket, "Suspended"));
    auto listed = copy_keys(pull, bucket, true, was_new, deferred);
    pull.crew.wait();
    if (!listed) return listed;
    // What has been copied so far is there for the second way.
    bucket.is_new = false;
    CLOCHE_TRY_VOID(set_versioning(pull.sides.to, bucket, "Enabled"));
  }
  auto listed = copy_keys(pull, bucket, false, was_new, deferred);
  pull.crew.wait();
  if (!listed) return listed;
  for (const Deferred& each : deferred) copy_deferred(pull, bucket, each);
  if (!bucket.locks) return set_versioning(pull.sides.to, bucket, bucket.versioning);
  return {};
}

// What is there, perhaps, and was not told for now.
void unread(Pull& pull, const Bucket& bucket, std::string_view name, const Error& error) {
  pull.progress.failure(
      told("bucket " + bucket.name + ", reading its setting " + std::string(name), error));
}

void copy_settings(Pull& pull, const Bucket& bucket) {
  Arena arena;
  std::string untold;
  const auto settings = read_settings(pull.sides.from, bucket.name, bucket.region, arena,
                                      [&](std::string_view name, const Error& error) {
                                        if (may_know(error))
                                          return unread(pull, bucket, name, error);
                                        untold += (untold.empty() ? "" : ", ") + std::string(name);
                                      });
  if (!settings) return pull.progress.failure(told("bucket " + bucket.name, settings.error()));
  if (!untold.empty())
    pull.progress.warn("the source does not tell these settings of buckets: " + untold);
  write_settings(pull.sides.to, bucket.name, bucket.region, *settings,
                 [&](std::string_view name, const Error& error) {
                   pull.progress.failure(
                       told("bucket " + bucket.name + ", setting " + std::string(name), error));
                 });
}

Result<void> pull_bucket(Pull& pull, const std::string& name) {
  CLOCHE_TRY(bucket, describe_bucket(pull.sides.from, name));
  CLOCHE_TRY_VOID(make_bucket(pull.sides.to, bucket));
  const std::uint64_t before = pull.progress.objects;
  CLOCHE_TRY_VOID(copy_objects(pull, bucket));
  copy_settings(pull, bucket);
  pull.progress.line("bucket " + name + ": " + std::to_string(pull.progress.objects - before) +
                     " objects copied");
  return {};
}

}  // namespace

Result<void> pull_buckets(Pull& pull) {
  const auto listed = list_buckets(pull.sides.from);
  if (!listed) return told_of("buckets can't be listed", listed.error());
  std::vector<std::string> wanted;
  std::ranges::copy_if(*listed, std::back_inserter(wanted),
                       [&](const std::string& name) { return pull.wants("s3", name); });
  pull.progress.units += wanted.size();
  for (const std::string& name : wanted) {
    if (auto done = pull_bucket(pull, name); !done) {
      pull.progress.failure(told("bucket " + name, done.error()));
    } else {
      ++pull.progress.buckets;
    }
    ++pull.progress.units_done;
  }
  return {};
}

}  // namespace cloche::transfer
