#include "transfer/s3/listing.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/time_text.h"
#include "protocol/http/uri.h"
#include "protocol/xml/xml.h"

namespace cloche::transfer {
namespace {

using protocol::xml::Node;

std::string_view text_of(const Node& node, std::string_view name) {
  const Node* child = node.child(name);
  return child == nullptr ? std::string_view() : child->text;
}

std::string decoded(std::string_view text, bool is_encoded) {
  if (!is_encoded) return std::string(text);
  Arena arena;
  // In this form a blank is '+' on AWS, and "%20" elsewhere (encoding-type=url of ListObjects).
  return std::string(protocol::decode_uri(text, arena, true));
}

}  // namespace

VersionListing::VersionListing(Client& client, std::string bucket, std::string region,
                               std::string prefix)
    : client_(client),
      bucket_(std::move(bucket)),
      region_(std::move(region)),
      prefix_(std::move(prefix)) {}

Result<void> VersionListing::read_page() {
  Unsigned wish{.method = "GET",
                .path = "/" + bucket_,
                .query = {{"versions", ""}, {"encoding-type", "url"}, {"max-keys", "1000"}},
                .headers{},
                .payload_hash{}};
  if (!prefix_.empty()) wish.query.emplace_back("prefix", prefix_);
  if (!key_marker_.empty()) {
    wish.query.emplace_back("key-marker", key_marker_);
    if (!version_marker_.empty()) wish.query.emplace_back("version-id-marker", version_marker_);
  }
  CLOCHE_TRY(const answer, client_.ask_s3(std::move(wish), {}, region_));
  Arena arena;
  CLOCHE_TRY(const root, protocol::xml::parse(answer.body, arena));
  const bool encoded = text_of(*root, "EncodingType") == "url";
  for (const Node* node = root->first; node != nullptr; node = node->next) {
    const bool marker = node->name == "DeleteMarker";
    if (!marker && node->name != "Version") continue;
    Version version{.id = std::string(text_of(*node, "VersionId")),
                    .marker = marker,
                    .latest = text_of(*node, "IsLatest") == "true",
                    .etag = std::string(text_of(*node, "ETag")),
                    .storage_class = std::string(text_of(*node, "StorageClass")),
                    .checksum_algorithm = std::string(text_of(*node, "ChecksumAlgorithm")),
                    .modified = parse_iso8601(text_of(*node, "LastModified"))};
    const std::string_view size = text_of(*node, "Size");
    std::from_chars(size.data(), size.data() + size.size(), version.size);
    entries_.push_back({decoded(text_of(*node, "Key"), encoded), std::move(version)});
  }
  ended_ = text_of(*root, "IsTruncated") != "true";
  std::string key_marker = decoded(text_of(*root, "NextKeyMarker"), encoded);
  std::string version_marker(text_of(*root, "NextVersionIdMarker"));
  if (!ended_ && key_marker == key_marker_ && version_marker == version_marker_)
    return unavailable("the listing of " + bucket_ + " does not get on after '" + key_marker + "'");
  key_marker_ = std::move(key_marker);
  version_marker_ = std::move(version_marker);
  // Some list all versions of a page and then all its delete markers.
  if (!std::ranges::is_sorted(entries_, {}, &Entry::key))
    std::ranges::stable_sort(entries_, {}, &Entry::key);
  return {};
}

namespace {

// Where delete markers stand in front of all versions: that may be the order of time, or what some (LocalStack) list
// first. Either kind has its own order, and by times, of a second, the two are merged, which leaves the order of time
// as it is: no version is older than the marker before it.
void merge_markers_in(std::vector<Version>& versions) {
  const auto first = std::ranges::find(versions, false, &Version::marker);
  if (first == versions.begin() || first == versions.end() ||
      std::any_of(first, versions.end(), [](const Version& version) { return version.marker; }))
    return;
  std::vector<Version> merged;
  auto marker = versions.begin(), version = first;
  while (marker != first && version != versions.end()) {
    const bool marker_next =
        !version->latest && (marker->latest || marker->modified >= version->modified);
    merged.push_back(std::move(marker_next ? *marker++ : *version++));
  }
  std::move(marker, first, std::back_inserter(merged));
  std::move(version, versions.end(), std::back_inserter(merged));
  versions = std::move(merged);
}

}  // namespace

// The order of the document is the order of time, newest first; unless delete markers stand behind
// all versions, where only their times can tell, or in front of them.
KeyVersions VersionListing::take_group() {
  KeyVersions group{.key = entries_.front().key, .versions{}};
  while (!entries_.empty() && entries_.front().key == group.key) {
    group.versions.push_back(std::move(entries_.front().version));
    entries_.pop_front();
  }
  auto& versions = group.versions;
  const bool markers_last =
      versions.back().marker && std::ranges::is_sorted(versions, {}, &Version::marker);
  if (markers_last) {
    std::ranges::stable_sort(versions, std::ranges::greater{}, [](const Version& version) {
      return std::pair(version.latest, version.modified);
    });
  }
  merge_markers_in(versions);
  std::ranges::reverse(versions);
  return group;
}

Result<std::optional<KeyVersions>> VersionListing::next() {
  // A key may go on in the next page: it is whole when another key comes behind it.
  while (!ended_ && (entries_.empty() || entries_.front().key == entries_.back().key))
    CLOCHE_TRY_VOID(read_page());
  if (entries_.empty()) return std::optional<KeyVersions>();
  return std::optional(take_group());
}

}  // namespace cloche::transfer
