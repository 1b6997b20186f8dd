// Signature version 2, which S3 still takes: in a header, and in presigned URLs.
//
// Source: "Signing and authenticating REST requests (AWS signature version 2)" in the S3 User
// Guide.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/auth/credential.h"
#include "protocol/http/request.h"

namespace cloche::protocol {

// The text that is signed for. `bucket_slash`: a path that names a bucket alone is signed with a
// slash behind it, as SDKs do; others sign it as they send it.
std::string string_to_sign_v2(const Request& request, const Credential& credential,
                              bool bucket_slash = true);
std::string signature_v2(std::string_view secret, std::string_view string_to_sign);

}  // namespace cloche::protocol
