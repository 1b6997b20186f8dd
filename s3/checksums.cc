#include "s3/checksums.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "base/digest.h"
#include "s3/errors.h"

namespace cloche::s3 {
namespace {

struct Names {
  std::string_view name, member, header, lower;
  std::size_t bytes;
};

constexpr std::array<Names, 10> kNames = {{
    {"CRC32", "ChecksumCRC32", "x-amz-checksum-crc32", "crc32", 4},
    {"CRC32C", "ChecksumCRC32C", "x-amz-checksum-crc32c", "crc32c", 4},
    {"CRC64NVME", "ChecksumCRC64NVME", "x-amz-checksum-crc64nvme", "crc64nvme", 8},
    {"SHA1", "ChecksumSHA1", "x-amz-checksum-sha1", "sha1", 20},
    {"SHA256", "ChecksumSHA256", "x-amz-checksum-sha256", "sha256", 32},
    {"SHA512", "ChecksumSHA512", "x-amz-checksum-sha512", "sha512", 64},
    {"MD5", "ChecksumMD5", "x-amz-checksum-md5", "md5", 16},
    {"XXHASH64", "ChecksumXXHASH64", "x-amz-checksum-xxhash64", "xxhash64", 8},
    {"XXHASH3", "ChecksumXXHASH3", "x-amz-checksum-xxhash3", "xxhash3", 8},
    {"XXHASH128", "ChecksumXXHASH128", "x-amz-checksum-xxhash128", "xxhash128", 16},
}};

const Names& names(Algorithm algorithm) { return kNames[static_cast<std::size_t>(algorithm)]; }

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

// CRCs are written big-endian.
template <class Word>
std::string big_endian_base64(Word value) {
  if constexpr (sizeof(Word) == 4) {
    value = __builtin_bswap32(value);
  } else {
    value = __builtin_bswap64(value);
  }
  return to_base64(std::as_bytes(std::span(&value, 1)));
}

template <class Word>
Word word_of(std::string_view base64) {
  std::string bytes;
  if (!from_base64(base64, bytes) || bytes.size() != sizeof(Word)) return 0;
  Word value;
  std::memcpy(&value, bytes.data(), sizeof value);
  if constexpr (sizeof(Word) == 4) {
    return __builtin_bswap32(value);
  } else {
    return __builtin_bswap64(value);
  }
}

template <class Word, class Combine>
std::string combined(const std::vector<PartChecksum>& parts, Combine combine) {
  Word all = 0;
  for (const PartChecksum& part : parts) all = combine(all, word_of<Word>(part.value), part.size);
  return big_endian_base64(all);
}

std::optional<OtherDigest> other_digest(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::Sha512:
      return OtherDigest::Sha512;
    case Algorithm::XxHash64:
      return OtherDigest::XxHash64;
    case Algorithm::XxHash3:
      return OtherDigest::XxHash3;
    case Algorithm::XxHash128:
      return OtherDigest::XxHash128;
    default:
      return std::nullopt;
  }
}

std::string checksum_of(Algorithm algorithm, std::string_view text) {
  const auto bytes = as_bytes(text);
  if (const auto other = other_digest(algorithm))
    return to_base64(as_bytes(digest_of(*other, bytes)));
  switch (algorithm) {
    case Algorithm::Crc32:
      return big_endian_base64(crc32(bytes));
    case Algorithm::Crc32c:
      return big_endian_base64(crc32c(bytes));
    case Algorithm::Crc64nvme:
      return big_endian_base64(crc64nvme(bytes));
    case Algorithm::Sha1:
      return to_base64(sha1(bytes));
    case Algorithm::Sha256:
      return to_base64(sha256(bytes));
    default:
      return to_base64(md5(bytes));
  }
}

Error not_supported() {
  return invalid_request(
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
      "[CRC32, CRC32C, CRC64NVME, "
      "SHA1, SHA256]");
}

}  // namespace

std::string_view name_of(Algorithm algorithm) { return names(algorithm).name; }
std::string_view member_of(Algorithm algorithm) { return names(algorithm).member; }
std::string_view header_of(Algorithm algorithm) { return names(algorithm).header; }
std::string_view lower_name_of(Algorithm algorithm) { return names(algorithm).lower; }
std::size_t bytes_of(Algorithm algorithm) { return names(algorithm).bytes; }
bool is_crc(Algorithm algorithm) {
  return algorithm == Algorithm::Crc32 || algorithm == Algorithm::Crc32c ||
         algorithm == Algorithm::Crc64nvme;
}

std::optional<Algorithm> algorithm_of(std::string_view name) {
  for (const Algorithm algorithm : kAlgorithms) {
    if (same_letters(name, name_of(algorithm))) return algorithm;
  }
  return std::nullopt;
}

Result<AskedChecksum> asked_checksum(const Value& input) {
  AskedChecksum asked;
  const auto given = std::ranges::count_if(
      kAlgorithms, [&](Algorithm one) { return input[member_of(one)].present(); });
  if (given > 1) {
    return invalid_request(
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  }
  for (const Algorithm algorithm : kAlgorithms) {
    const Value& value = input[member_of(algorithm)];
    if (!value) continue;
    std::string bytes;
    if (!from_base64(value.text(), bytes) || bytes.size() != bytes_of(algorithm)) {
      return invalid_request("Value for " + std::string(header_of(algorithm)) +
                             " header is invalid.");
    }
    asked.algorithm = algorithm;
    asked.value = value.str();
  }
  const Value& name = input["ChecksumAlgorithm"];
  if (!name || asked.algorithm) return asked;
  asked.algorithm = algorithm_of(name.text());
  if (!asked.algorithm) return not_supported();
  return asked;
}

Result<AskedChecksum> asked_checksum(const Value& input, std::string_view trailer_header) {
  CLOCHE_TRY(asked, asked_checksum(input));
  constexpr std::string_view kPrefix = "x-amz-checksum-";
  if (trailer_header.starts_with(kPrefix) && asked.value.empty()) {
    const auto algorithm = algorithm_of(trailer_header.substr(kPrefix.size()));
    if (!algorithm) return not_supported();
    asked.algorithm = algorithm;
  }
  return asked;
}

void WantedDigests::add(Algorithm algorithm) {
  blob.crc32 |= algorithm == Algorithm::Crc32;
  blob.crc32c |= algorithm == Algorithm::Crc32c;
  blob.crc64nvme |= algorithm == Algorithm::Crc64nvme;
  blob.sha1 |= algorithm == Algorithm::Sha1;
  const auto other = other_digest(algorithm);
  if (other && std::ranges::find(others, *other) == others.end()) others.push_back(*other);
}

WantedDigests wanted(const AskedChecksum& asked) {
  WantedDigests digests;
  digests.add(asked.algorithm.value_or(Algorithm::Crc64nvme));
  return digests;
}

std::string value_of(const BodyDigests& digests, Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::Crc32:
      return big_endian_base64(digests.crc32);
    case Algorithm::Crc32c:
      return big_endian_base64(digests.crc32c);
    case Algorithm::Crc64nvme:
      return big_endian_base64(digests.crc64nvme);
    case Algorithm::Sha1:
      return to_base64(digests.sha1);
    case Algorithm::Sha256:
      return to_base64(digests.sha256);
    case Algorithm::Md5:
      return to_base64(digests.md5);
    default:
      break;
  }
  const auto found = std::ranges::find(digests.others, *other_digest(algorithm),
                                       &std::pair<OtherDigest, std::string>::first);
  CLOCHE_CHECK(found != digests.others.end());
  return to_base64(as_bytes(found->second));
}

std::string composite_checksum(Algorithm algorithm, const std::vector<PartChecksum>& parts) {
  std::string bytes;
  for (const PartChecksum& part : parts) from_base64(part.value, bytes);
  return checksum_of(algorithm, bytes) + "-" + std::to_string(parts.size());
}

std::string combined_checksum(Algorithm algorithm, const std::vector<PartChecksum>& parts) {
  switch (algorithm) {
    case Algorithm::Crc32:
      return combined<std::uint32_t>(parts, crc32_combine);
    case Algorithm::Crc32c:
      return combined<std::uint32_t>(parts, crc32c_combine);
    case Algorithm::Crc64nvme:
      return combined<std::uint64_t>(parts, crc64nvme_combine);
    default:
      break;
  }
  check_failed("a full-object checksum of parts is a CRC", __FILE__, __LINE__);
}

void add_checksum(Value& output, Arena& arena, const Checksum& checksum) {
  output.add(arena, member_of(checksum.algorithm), Value::string(arena, checksum.value));
  output.add(arena, "ChecksumType",
             Value::string(checksum.composite ? "COMPOSITE" : "FULL_OBJECT"));
}

}  // namespace cloche::s3
