// Digests that few ask for: SHA-512 and the xxHash family (https://xxhash.com), from OpenSSL and libxxhash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace cloche {

enum class OtherDigest : std::uint8_t { Sha512, XxHash64, XxHash3, XxHash128 };

// A digest over pieces, of no seed. One thread at a time; finish() may be called once.
class OtherHasher {
 public:
  explicit OtherHasher(OtherDigest kind);
  OtherHasher(OtherHasher&&) noexcept;
  OtherHasher& operator=(OtherHasher&&) noexcept;
  ~OtherHasher();
  OtherDigest kind() const { return kind_; }
  void update(std::span<const std::byte> bytes);
  // The bytes: those of xxHash in its canonical form, which is big-endian.
  std::string finish();

 private:
  struct State;
  OtherDigest kind_;
  std::unique_ptr<State> state_;
};

std::string digest_of(OtherDigest kind, std::span<const std::byte> bytes);

}  // namespace cloche
