// The body framing of AWS's own: chunks with a size line, perhaps a signature for each, perhaps
// trailers.
//
//   STREAMING-AWS4-HMAC-SHA256-PAYLOAD          size;chunk-signature=...\r\n bytes \r\n ... 0;chunk-signature=...\r\n\r\n
//   STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER  the same, then trailers and x-amz-trailer-signature
//   STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, -TRAILER  the same with signatures of SigV4A
//   STREAMING-UNSIGNED-PAYLOAD-TRAILER          size\r\n bytes \r\n ... 0\r\n x-amz-checksum-crc32:...\r\n\r\n
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace cloche::protocol {

// Checks the signature of each chunk, which is chained to the one before. Source: "Signature
// calculations for the Authorization header: transferring a payload in multiple chunks" and "... including
// trailing headers" in the S3 API Reference.
struct ChunkSigner {
  std::string algorithm = "AWS4-HMAC-SHA256";  // Or AWS4-ECDSA-P256-SHA256.
  // Whether the text was signed so by the owner of the request's key.
  std::function<bool(std::string_view to_sign, std::string_view signature)> is_signed;
  std::string date, scope;  // "20130524T000000Z", "20130524/us-east-1/s3/aws4_request"
  std::string previous;     // The signature before; at first the request's own.
  bool signs_trailers = false;
};

// Takes the bytes of a framed body in pieces of any size, and hands on the content.
class ChunkDecoder {
 public:
  explicit ChunkDecoder(std::optional<ChunkSigner> signer = std::nullopt);

  using Piece = std::function<Result<void>(std::span<const std::byte>)>;
  // Refuses with IncompleteBody or SignatureDoesNotMatch, the latter also where trailers that should be
  // signed are not; an error of `piece` is handed on.
  Result<void> feed(std::span<const std::byte> bytes, const Piece& piece);
  bool ended() const { return state_ == State::End; }
  std::uint64_t content_bytes() const { return content_bytes_; }
  const std::vector<std::pair<std::string, std::string>>& trailers() const { return trailers_; }

 private:
  enum class State : std::uint8_t { Size, Content, ContentEnd, Trailer, Signed, End };

  Result<void> end_line();
  Result<void> end_size_line();
  Result<void> end_trailer_line();
  Result<void> end_trailers();
  Result<void> check_chunk();
  Result<void> check_trailers(std::string_view signature);

  State state_ = State::Size;
  std::string line_;
  std::uint64_t left_ = 0;  // Of the chunk's content.
  std::uint64_t content_bytes_ = 0;
  std::string chunk_signature_;
  std::string trailer_text_;
  std::optional<Hasher<Sha256>> hasher_;
  std::optional<ChunkSigner> signer_;
  std::vector<std::pair<std::string, std::string>> trailers_;
};

// Whether x-amz-content-sha256 announces this framing.
inline bool is_chunk_framing(std::string_view content_sha256) {
  return content_sha256.starts_with("STREAMING-");
}

}  // namespace cloche::protocol
