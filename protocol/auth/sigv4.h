// Signature version 4: the checks that --auth=verify makes, and those that are always made (expiry
// of presigned URLs).
//
// Source: "Create a signed AWS API request" in the IAM User Guide, and "Authenticating Requests
// (AWS Signature Version 4)" in the S3 API Reference.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/env.h"
#include "base/result.h"
#include "protocol/auth/chunked.h"
#include "protocol/auth/credential.h"
#include "protocol/http/request.h"
#include "protocol/model/model.h"
#include "protocol/protocol.h"

namespace cloche::protocol {

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

// The text that is signed for, from the request and the hash of its body. `encode_twice`: all
// services but S3.
std::string canonical_request(const Request& request, std::string_view signed_headers,
                              std::string_view payload_hash, bool presigned, bool encode_twice);
std::string string_to_sign(std::string_view date, std::string_view scope,
                           std::string_view canonical,
                           std::string_view algorithm = "AWS4-HMAC-SHA256");
Sha256 signing_key(std::string_view secret, const Credential& credential);

// The expiry of a presigned URL and the parameters that it must have; under any AuthMode.
Result<void> check_presigned(const Request& request, const Credential& credential, Instant now);
// The same for services that speak json, which have words of their own and no X-Amz-Expires.
Result<void> check_presigned_json(const Request& request, const Credential& credential,
                                  Instant now);

// Whether the signature is the one that the owner of the key would have made. `body` is the
// gathered body; S3's hash of it comes in a header, so that a streaming body can be checked at its
// head. Anonymous requests to S3 pass: policies judge them.
Result<void> check_signature(const Request& request, const Credential& credential,
                             const Model& model, std::string_view body, Instant now,
                             const SecretLookup& secret);

// Whether the policy of a form was signed by the owner of the key (S3's POST, versions 2 and 4).
Result<void> check_form_signature(const FormSignature& form, const Credential& signer,
                                  const SecretLookup& secret);

// Presigned URLs may carry in their query what is else a header: x-amz-..., conditions, and what is
// said about the content (recordings of AWS, 2025). Makes headers of them, but of checksums of the body, which AWS
// does not look at there. Call for S3's requests alone.
void take_headers_of_query(Request& request, const Credential& credential);

// The signer that a chunk-signed body is checked with.
std::optional<ChunkSigner> chunk_signer(const Request& request, const Credential& credential,
                                        const SecretLookup& secret);

// x-amz-content-sha256 of a gathered body.
Result<void> check_content_sha256(const Request& request, std::string_view body);

}  // namespace cloche::protocol
