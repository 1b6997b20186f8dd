// Encryption of bytes at rest: AES-256 in counter mode (NIST SP 800-38A, section 6.5) over OpenSSL. A
// position in the text is a position in the key stream, so any range can be read by itself and text
// and cipher text are of one length. It does not authenticate: what is stored is named by its SHA-256.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cloche {

using Aes256Key = std::array<std::byte, 32>;

// One text under one key. The counter begins at zero, so a key must never be used for a second text:
// derive it with a salt. One thread at a time.
class Aes256Ctr {
 public:
  explicit Aes256Ctr(const Aes256Key& key,
                     std::uint64_t offset = 0);  // Where in the text to begin.
  Aes256Ctr(const Aes256Ctr&) = delete;
  Aes256Ctr& operator=(const Aes256Ctr&) = delete;
  ~Aes256Ctr();

  // Encrypts or decrypts, which is the same, the next bytes. `into` has from's size and may be from.
  void apply(std::span<const std::byte> from, std::span<std::byte> into);

 private:
  void* context_;
};

}  // namespace cloche
