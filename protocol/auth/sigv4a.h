// Signature version 4A: by a key pair that is derived from the secret, for a set of regions.
//
// Source: "AWS Signature Version 4 for API requests" in the IAM User Guide; the derivation as AWS's
// SDKs have it (awslabs/aws-c-auth, key_derivation.c).
#pragma once

#include <array>
#include <string_view>

#include "base/ecdsa.h"

namespace cloche::protocol {

P256Scalar sigv4a_private_key(std::string_view access_key, std::string_view secret);

using P256PublicKey = std::array<std::byte, 64>;
P256PublicKey sigv4a_public_key(std::string_view access_key, std::string_view secret);

// `signature`: DER in hexadecimal digits.
bool is_sigv4a_signature(const P256PublicKey& key, std::string_view string_to_sign,
                         std::string_view signature);

}  // namespace cloche::protocol
