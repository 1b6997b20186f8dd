#include "base/other_digests.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include "base/check.h"
#include "base/freed.h"

namespace cloche {
namespace {

template <class Canonical>
std::string bytes_of(const Canonical& canonical) {
  return {reinterpret_cast<const char*>(canonical.digest), sizeof canonical.digest};
}

}  // namespace

// One of them is there.
struct OtherHasher::State {
  std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> sha512;
  std::unique_ptr<XXH64_state_t, Freed<XXH64_freeState>> xxhash64;
  std::unique_ptr<XXH3_state_t, Freed<XXH3_freeState>> xxhash3;  // For 64 and 128 bits.
};

OtherHasher::OtherHasher(OtherDigest kind) : kind_(kind), state_(std::make_unique<State>()) {
  switch (kind_) {
    case OtherDigest::Sha512:
      state_->sha512.reset(EVP_MD_CTX_new());
      CLOCHE_CHECK(EVP_DigestInit_ex(state_->sha512.get(), EVP_sha512(), nullptr) == 1);
      break;
    case OtherDigest::XxHash64:
      state_->xxhash64.reset(XXH64_createState());
      CLOCHE_CHECK(XXH64_reset(state_->xxhash64.get(), 0) == XXH_OK);
      break;
    case OtherDigest::XxHash3:
      state_->xxhash3.reset(XXH3_createState());
      CLOCHE_CHECK(XXH3_64bits_reset(state_->xxhash3.get()) == XXH_OK);
      break;
    case OtherDigest::XxHash128:
      state_->xxhash3.reset(XXH3_createState());
      CLOCHE_CHECK(XXH3_128bits_reset(state_->xxhash3.get()) == XXH_OK);
      break;
  }
}
OtherHasher::OtherHasher(OtherHasher&&) noexcept = default;
OtherHasher& OtherHasher::operator=(OtherHasher&&) noexcept = default;
OtherHasher::~OtherHasher() = default;

void OtherHasher::update(std::span<const std::byte> bytes) {
  switch (kind_) {
    case OtherDigest::Sha512:
      CLOCHE_CHECK(EVP_DigestUpdate(state_->sha512.get(), bytes.data(), bytes.size()) == 1);
      break;
    case OtherDigest::XxHash64:
      XXH64_update(state_->xxhash64.get(), bytes.data(), bytes.size());
      break;
    case OtherDigest::XxHash3:
      XXH3_64bits_update(state_->xxhash3.get(), bytes.data(), bytes.size());
      break;
    case OtherDigest::XxHash128:
      XXH3_128bits_update(state_->xxhash3.get(), bytes.data(), bytes.size());
      break;
  }
}

std::string OtherHasher::finish() {
  switch (kind_) {
    case OtherDigest::Sha512: {
      unsigned char digest[64];
      CLOCHE_CHECK(EVP_DigestFinal_ex(state_->sha512.get(), digest, nullptr) == 1);
      return {reinterpret_cast<const char*>(digest), sizeof digest};
    }
    case OtherDigest::XxHash64:
    case OtherDigest::XxHash3: {
      XXH64_canonical_t canonical;
      XXH64_canonicalFromHash(&canonical, kind_ == OtherDigest::XxHash64
                                              ? XXH64_digest(state_->xxhash64.get())
                                              : XXH3_64bits_digest(state_->xxhash3.get()));
      return bytes_of(canonical);
    }
    case OtherDigest::XxHash128: {
      XXH128_canonical_t canonical;
      XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_->xxhash3.get()));
      return bytes_of(canonical);
    }
  }
  return {};
}

std::string digest_of(OtherDigest kind, std::span<const std::byte> bytes) {
  OtherHasher hasher(kind);
  hasher.update(bytes);
  return hasher.finish();
}

}  // namespace cloche
