// The additional checksums of objects (x-amz-checksum-*): which one, its value, and how it came
// about. Source:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/document.h"
#include "base/other_digests.h"
#include "base/result.h"
#include "engine/blob.h"

namespace cloche::s3 {

enum class Algorithm : std::uint8_t {
  Crc32,
  Crc32c,
  Crc64nvme,
  Sha1,
  Sha256,
  Sha512,
  Md5,
  XxHash64,
  XxHash3,
  XxHash128
};
inline constexpr Algorithm kAlgorithms[] = {
    Algorithm::Crc32,   Algorithm::Crc32c,   Algorithm::Crc64nvme, Algorithm::Sha1,
    Algorithm::Sha256,  Algorithm::Sha512,   Algorithm::Md5,       Algorithm::XxHash64,
    Algorithm::XxHash3, Algorithm::XxHash128};

std::string_view name_of(Algorithm algorithm);    // "CRC64NVME", as in x-amz-checksum-algorithm.
std::string_view member_of(Algorithm algorithm);  // "ChecksumCRC64NVME", as in the model.
std::string_view header_of(Algorithm algorithm);  // "x-amz-checksum-crc64nvme".
std::string_view lower_name_of(Algorithm algorithm);  // "crc64nvme", as in some error texts.
std::optional<Algorithm> algorithm_of(std::string_view name);  // Any case.
bool is_crc(Algorithm algorithm);

// A stored checksum. A composite one is the checksum of the parts' checksums, with "-N" after it.
struct Checksum {
  Algorithm algorithm = Algorithm::Crc64nvme;
  std::string value;  // Base64.
  bool composite = false;
};

// What a client announced in headers: at most one value, or just the algorithm with the value to
// come in the trailer.
struct AskedChecksum {
  std::optional<Algorithm> algorithm;
  std::string value;  // Base64, or empty.
};

// Reads ChecksumAlgorithm and the Checksum* members. Refuses several values, and a value that can't
// be of its algorithm.
Result<AskedChecksum> asked_checksum(const Value& input);
// The same plus the announcement x-amz-trailer: x-amz-checksum-*.
Result<AskedChecksum> asked_checksum(const Value& input, std::string_view trailer_header);

// What one pass over a body has to make.
struct WantedDigests {
  engine::WantedChecksums blob;     // By whoever stores the body.
  std::vector<OtherDigest> others;  // Beside it, on the same pieces.

  void add(Algorithm algorithm);
};
// What it made.
struct BodyDigests : engine::BlobDigests {
  std::vector<std::pair<OtherDigest, std::string>> others;
};

// For a request: CRC64NVME when nothing was asked, as S3 does on its own.
WantedDigests wanted(const AskedChecksum& asked);
// The value that the pass made, in base64.
std::string value_of(const BodyDigests& digests, Algorithm algorithm);
// The bytes that a base64 value of this algorithm must have.
std::size_t bytes_of(Algorithm algorithm);

// The checksum of the whole from those of its parts in order: composite by hashing them, or of the
// full object by combining CRCs.
struct PartChecksum {
  std::string value;  // Base64.
  std::uint64_t size;
};
std::string composite_checksum(Algorithm algorithm,
                               const std::vector<PartChecksum>& parts);  // With "-N".
std::string combined_checksum(Algorithm algorithm,
                              const std::vector<PartChecksum>& parts);  // CRCs only.

// Adds Checksum* and ChecksumType to an output.
void add_checksum(Value& output, Arena& arena, const Checksum& checksum);

}  // namespace cloche::s3
