// Objects: what of one's head belongs to it, and bodies that go up in one piece or in parts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transfer/aws/client.h"

namespace cloche::transfer {

// A body of this size is held in memory on its way, which saves a connection; a larger one streams.
inline constexpr std::uint64_t kWholeBodyMax = std::uint64_t{1} << 20;
// What PutObject takes; beyond it only parts do (S3 User Guide, "Uploading objects").
inline constexpr std::uint64_t kPutBytesMax = std::uint64_t{5} << 30;

struct ObjectPlace {
  std::string bucket, key, region;
};

// A version's head, as an answer to GET or HEAD tells it.
struct ObjectHead {
  std::uint64_t size = 0;
  std::string etag;
  Headers carried;  // What the copy is to have: types, metadata, class, locks, redirect.
  std::string checksum_algorithm, checksum;  // Empty where there is none, or none that we know.
  bool checksum_of_parts = false;            // Its checksum is one over those of its parts.
  std::string encryption;                    // "aws:kms", ...; empty for S3's own.
  std::string encryption_key;
  bool has_tags = false;
  int parts = 0;  // With partNumber=1 in the request: how many parts it was made of.
};
ObjectHead head_of(const HttpAnswer& answer);
// The parts that an ETag tells of: "\"...-3\"" has 3; 0 for one that was put whole.
int parts_of_etag(std::string_view etag);

Unsigned object_request(std::string_view method, const ObjectPlace& place,
                        std::string_view version_id);

// Name and value of each tag, in the order of the other side.
using Tags = std::vector<std::pair<std::string, std::string>>;
Result<Tags> read_tags(Client& client, const ObjectPlace& place, std::string_view version_id);
std::string tags_header(const Tags& tags);

struct Body {
  std::uint64_t length = 0;
  Source source;
};
// Opens the body of a part, from 1; of 0 the whole. May be called again for the same part.
using OpenBody = std::function<Result<Body>(int part)>;

struct Upload {
  // Of the whole: bodies that are together of another size are no copy, and are put nowhere.
  std::uint64_t size = 0;
  Headers headers{};               // As ObjectHead::carried, and the tags.
  std::string checksum_algorithm;  // Empty: what the other side does by itself.
  std::string checksum;            // Known beforehand; else it is computed on the way.
  bool checksum_of_parts = false;
  int parts = 0;  // 0: put whole.
};
// Puts an object and answers with its ETag. Streams; each body is asked for again after a failure
// that may pass.
Result<std::string> upload(Client& client, const ObjectPlace& place, const Upload& what,
                           const OpenBody& open);

Result<void> put_delete_marker(Client& client, const ObjectPlace& place);

}  // namespace cloche::transfer
