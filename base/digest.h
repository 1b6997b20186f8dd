// Digests and checksums: OpenSSL and ISA-L behind one header. Objects belong to one thread at a
// time; functions are free.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cloche {

using Md5 = std::array<std::byte, 16>;
using Sha1 = std::array<std::byte, 20>;
using Sha256 = std::array<std::byte, 32>;

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Md5 md5(std::span<const std::byte> bytes);
Sha1 sha1(std::span<const std::byte> bytes);
Sha256 sha256(std::span<const std::byte> bytes);
Sha256 hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> bytes);
Sha1 hmac_sha1(std::span<const std::byte> key, std::span<const std::byte> bytes);

// Checksums that go on from `seed`: begin with 0; crc(b, crc(a, 0)) is the checksum of a followed
// by b.
std::uint32_t crc32(std::span<const std::byte> bytes,
                    std::uint32_t seed = 0);  // IEEE 802.3, as zlib.
std::uint32_t crc32c(std::span<const std::byte> bytes,
                     std::uint32_t seed = 0);  // Castagnoli, RFC 3720 B.4.
// CRC-64/NVME: reflected, polynomial 0xAD93D23594C93659, in and out inverted (NVM Express NVM
// Command Set, 5.2.1.3.4).
std::uint64_t crc64nvme(std::span<const std::byte> bytes, std::uint64_t seed = 0);

// The checksum of a followed by b, from those of a and b and the length of b in bytes (as zlib's
// crc32_combine).
std::uint32_t crc32_combine(std::uint32_t a, std::uint32_t b, std::uint64_t b_length);
std::uint32_t crc32c_combine(std::uint32_t a, std::uint32_t b, std::uint64_t b_length);
std::uint64_t crc64nvme_combine(std::uint64_t a, std::uint64_t b, std::uint64_t b_length);

// A digest over pieces. finish() may be called once.
template <class Digest>
class Hasher {
 public:
  Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();
  void update(std::span<const std::byte> bytes);
  Digest finish();

 private:
  void* context_;
};
extern template class Hasher<Md5>;
extern template class Hasher<Sha1>;
extern template class Hasher<Sha256>;

std::string to_hex(std::span<const std::byte> bytes);  // Lower case.
// False when `hex` is not exactly 2 * into.size() hexadecimal digits.
bool from_hex(std::string_view hex, std::span<std::byte> into);

std::string to_base64(std::span<const std::byte> bytes);  // RFC 4648 section 4, padded.
void append_base64(std::string& out, std::span<const std::byte> bytes);
// False unless `text` is strict padded base64 (no blanks, no missing padding). Appends to `into`.
bool from_base64(std::string_view text, std::string& into);

}  // namespace cloche
