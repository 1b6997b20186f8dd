#include "base/digest.h"

#include <isa-l/crc.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace cloche {
namespace {

// Fetched once: an implicit fetch costs more than hashing a small body does (OpenSSL 3,
// "Performance" in EVP_MD_fetch(3)).
template <class Digest>
const EVP_MD* algorithm();

template <>
const EVP_MD* algorithm<Md5>() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "MD5", nullptr);
  return md;
}
template <>
const EVP_MD* algorithm<Sha1>() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return md;
}
template <>
const EVP_MD* algorithm<Sha256>() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return md;
}

EVP_MD_CTX* context(void* pointer) { return static_cast<EVP_MD_CTX*>(pointer); }

template <class Digest>
Digest digest_of(std::span<const std::byte> bytes) {
  // One context per thread: making one costs as much as hashing some hundred bytes.
  thread_local Hasher<Digest> hasher;
  hasher.update(bytes);
  return hasher.finish();
}

template <class Digest>
Digest hmac(const EVP_MD* md, std::span<const std::byte> key, std::span<const std::byte> bytes) {
  Digest digest;
  unsigned size = digest.size();
  const auto* done = HMAC(md, key.data(), static_cast<int>(key.size()),
                          reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                          reinterpret_cast<unsigned char*>(digest.data()), &size);
  CLOCHE_CHECK(done != nullptr);
  CLOCHE_CHECK(size == digest.size());
  return digest;
}

// crc(a then b) = crc(a) * x^(8 |b|) + crc(b) modulo the polynomial, all bit-reflected; the
// inversions cancel out. The method of zlib's crc32_combine.
template <class Word>
Word multiply(Word a, Word b, Word polynomial) {
  Word product = 0;
  for (Word bit = Word{1} << (sizeof(Word) * 8 - 1); bit != 0; bit >>= 1) {
    if (a & bit) product ^= b;
    b = (b & 1) ? (b >> 1) ^ polynomial : b >> 1;
  }
  return product;
}

template <class Word>
Word combine(Word a, Word b, std::uint64_t b_length, Word polynomial) {
  constexpr int kTop = sizeof(Word) * 8 - 1;
  Word shift = Word{1} << kTop;         // x^0
  Word square = Word{1} << (kTop - 8);  // x^8: one byte
  for (; b_length != 0; b_length >>= 1) {
    if (b_length & 1) shift = multiply(square, shift, polynomial);
    square = multiply(square, square, polynomial);
  }
  return multiply(shift, a, polynomial) ^ b;
}

}  // namespace

template <class Digest>
Hasher<Digest>::Hasher() : context_(EVP_MD_CTX_new()) {
  CLOCHE_CHECK(context_ != nullptr);
  CLOCHE_CHECK(EVP_DigestInit_ex2(context(context_), algorithm<Digest>(), nullptr) == 1);
}
template <class Digest>
Hasher<Digest>::Hasher(Hasher&& other) noexcept
    : context_(std::exchange(other.context_, nullptr)) {}
template <class Digest>
Hasher<Digest>& Hasher<Digest>::operator=(Hasher&& other) noexcept {
  std::swap(context_, other.context_);
  return *this;
}
template <class Digest>
Hasher<Digest>::~Hasher() {
  EVP_MD_CTX_free(context(context_));
}
template <class Digest>
void Hasher<Digest>::update(std::span<const std::byte> bytes) {
  CLOCHE_CHECK(EVP_DigestUpdate(context(context_), bytes.data(), bytes.size()) == 1);
}
template <class Digest>
Digest Hasher<Digest>::finish() {
  Digest digest;
  CLOCHE_CHECK(EVP_DigestFinal_ex(context(context_),
                                  reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1);
  // Ready for the next message with the same algorithm.
  CLOCHE_CHECK(EVP_DigestInit_ex2(context(context_), nullptr, nullptr) == 1);
  return digest;
}
template class Hasher<Md5>;
template class Hasher<Sha1>;
template class Hasher<Sha256>;

Md5 md5(std::span<const std::byte> bytes) { return digest_of<Md5>(bytes); }
Sha1 sha1(std::span<const std::byte> bytes) { return digest_of<Sha1>(bytes); }
Sha256 sha256(std::span<const std::byte> bytes) { return digest_of<Sha256>(bytes); }

Sha256 hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> bytes) {
  return hmac<Sha256>(algorithm<Sha256>(), key, bytes);
}
Sha1 hmac_sha1(std::span<const std::byte> key, std::span<const std::byte> bytes) {
  return hmac<Sha1>(algorithm<Sha1>(), key, bytes);
}

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t seed) {
  return crc32_gzip_refl(seed, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed) {
  // ISA-L leaves the inversions to the caller here, and takes int lengths.
  std::uint32_t state = ~seed;
  auto* data = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data()));
  for (std::size_t rest = bytes.size(); rest > 0;) {
    const std::size_t now = std::min<std::size_t>(rest, std::size_t{1} << 30);
    state = crc32_iscsi(data, static_cast<int>(now), state);
    data += now;
    rest -= now;
  }
  return ~state;
}

std::uint32_t crc32_combine(std::uint32_t a, std::uint32_t b, std::uint64_t b_length) {
  return combine<std::uint32_t>(a, b, b_length, 0xEDB88320u);
}
std::uint32_t crc32c_combine(std::uint32_t a, std::uint32_t b, std::uint64_t b_length) {
  return combine<std::uint32_t>(a, b, b_length, 0x82F63B78u);
}
std::uint64_t crc64nvme_combine(std::uint64_t a, std::uint64_t b, std::uint64_t b_length) {
  return combine<std::uint64_t>(a, b, b_length, 0x9A6C9329AC4BC9B5u);
}

}  // namespace cloche
