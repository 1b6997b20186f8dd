#include "protocol/auth/sigv4a.h"

#include <algorithm>
#include <string>

#include "base/digest.h"

namespace cloche::protocol {
namespace {

// The order of the group less 2: a candidate up to it gives a key of 1 to the order less 1.
constexpr std::string_view kOrderLessTwo =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f";
// A DER signature of two 32-byte numbers has at most 72 bytes.
constexpr std::size_t kSignatureBytesMax = 72;

void add_one(P256Scalar& number) {
  for (std::size_t i = number.size(); i-- > 0;) {
    number[i] = static_cast<std::byte>(std::to_integer<unsigned>(number[i]) + 1);
    if (number[i] != std::byte{0}) return;
  }
}

}  // namespace

P256Scalar sigv4a_private_key(std::string_view access_key, std::string_view secret) {
  P256Scalar bound;
  from_hex(kOrderLessTwo, bound);
  const std::string key = "AWS4A" + std::string(secret);
  // One candidate in 2^32 is too large; the counter then gives another.
  for (unsigned counter = 1; counter < 255; ++counter) {
    std::string input("\0\0\0\1", 4);
    input += "AWS4-ECDSA-P256-SHA256";
    input += '\0';
    input += access_key;
    input += static_cast<char>(counter);
    input.append("\0\0\1\0", 4);
    P256Scalar candidate = hmac_sha256(as_bytes(key), as_bytes(input));
    if (std::ranges::lexicographical_compare(bound, candidate)) continue;
    add_one(candidate);
    return candidate;
  }
  return {};
}

P256PublicKey sigv4a_public_key(std::string_view access_key, std::string_view secret) {
  return p256_public_key(sigv4a_private_key(access_key, secret));
}

bool is_sigv4a_signature(const P256PublicKey& key, std::string_view string_to_sign,
                         std::string_view signature) {
  if (signature.size() % 2 != 0 || signature.size() > 2 * kSignatureBytesMax) return false;
  std::array<std::byte, kSignatureBytesMax> der{};
  const auto bytes = std::span(der).first(signature.size() / 2);
  if (!from_hex(signature, bytes)) return false;
  return p256_verify(key, sha256(as_bytes(string_to_sign)), bytes);
}

}  // namespace cloche::protocol
