#include "base/ecdsa.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>

#include "base/freed.h"

namespace cloche {
namespace {

using Group = std::unique_ptr<EC_GROUP, Freed<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, Freed<EC_POINT_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_clear_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using PublicKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

const unsigned char* chars(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

PublicKey load(const std::array<std::byte, 64>& public_key) {
  std::array<unsigned char, 65> point{POINT_CONVERSION_UNCOMPRESSED};
  std::copy_n(chars(public_key), 64, point.begin() + 1);
  char name[] = "P-256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
    return nullptr;
  return PublicKey(key);
}

}  // namespace

std::array<std::byte, 64> p256_public_key(const P256Scalar& secret) {
  std::array<std::byte, 64> out{};
  const Group group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const Number scalar(BN_bin2bn(chars(secret), 32, nullptr));
  if (!group || !scalar || BN_is_zero(scalar.get()) ||
      BN_cmp(scalar.get(), EC_GROUP_get0_order(group.get())) >= 0)
    return out;
  const Point point(EC_POINT_new(group.get()));
  std::array<unsigned char, 65> bytes{};
  if (!point ||
      EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, nullptr) != 1 ||
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, bytes.data(),
                         bytes.size(), nullptr) != bytes.size())
    return out;
  std::transform(bytes.begin() + 1, bytes.end(), out.begin(),
                 [](unsigned char byte) { return std::byte{byte}; });
  return out;
}

bool p256_verify(const std::array<std::byte, 64>& public_key, const Sha256& digest,
                 std::span<const std::byte> signature) {
  const PublicKey key = load(public_key);
  if (!key) return false;
  const KeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr));
  return context && EVP_PKEY_verify_init(context.get()) == 1 &&
         EVP_PKEY_verify(context.get(), chars(signature), signature.size(), chars(digest),
                         digest.size()) == 1;
}

}  // namespace cloche
