// ECDSA on P-256, as far as signature version 4A needs it: OpenSSL behind a header of ours.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "base/digest.h"

namespace cloche {

using P256Scalar = std::array<std::byte, 32>;  // Big-endian.

// The public key of a private one, as its coordinates x and y. All zeros for a scalar that is no
// private key (0, or not below the group's order).
std::array<std::byte, 64> p256_public_key(const P256Scalar& secret);

// Whether `signature` (DER) over a SHA-256 was made with the private key of `public_key`.
bool p256_verify(const std::array<std::byte, 64>& public_key, const Sha256& digest,
                 std::span<const std::byte> signature);

}  // namespace cloche
