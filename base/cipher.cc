#include "base/cipher.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/check.h"

namespace cloche {
namespace {

constexpr std::size_t kBlock = 16;

EVP_CIPHER_CTX* of(void* context) { return static_cast<EVP_CIPHER_CTX*>(context); }
const unsigned char* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

Aes256Ctr::Aes256Ctr(const Aes256Key& key, std::uint64_t offset) : context_(EVP_CIPHER_CTX_new()) {
  CLOCHE_CHECK(context_ != nullptr);
  std::array<unsigned char, kBlock> counter{};  // Big-endian.
  std::uint64_t block = offset / kBlock;
  for (std::size_t i = 0; i < sizeof block; ++i, block >>= 8)
    counter[kBlock - 1 - i] = static_cast<unsigned char>(block & 0xFF);
  CLOCHE_CHECK(
      EVP_EncryptInit_ex(of(context_), EVP_aes_256_ctr(), nullptr, raw(key), counter.data()) == 1);
  // The offset may lie within a block: what comes before it in the key stream is passed over.
  std::array<std::byte, kBlock> passed{};
  const auto skip = std::span(passed).first(offset % kBlock);
  if (!skip.empty()) apply(skip, skip);
}

Aes256Ctr::~Aes256Ctr() { EVP_CIPHER_CTX_free(of(context_)); }

void Aes256Ctr::apply(std::span<const std::byte> from, std::span<std::byte> into) {
  CLOCHE_CHECK(from.size() == into.size());
  constexpr std::size_t kAtOnce = std::size_t{1} << 30;  // OpenSSL counts in int.
  while (!from.empty()) {
    const std::size_t size = std::min(from.size(), kAtOnce);
    int written = 0;
    CLOCHE_CHECK(EVP_EncryptUpdate(of(context_), reinterpret_cast<unsigned char*>(into.data()),
                                   &written, raw(from), static_cast<int>(size)) == 1);
    CLOCHE_CHECK(static_cast<std::size_t>(written) == size);
    from = from.subspan(size);
    into = into.subspan(size);
  }
}

}  // namespace cloche
