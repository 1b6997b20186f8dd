#include "protocol/auth/chunked.h"

#include <algorithm>
#include <charconv>

namespace cloche::protocol {
namespace {

// A size line is at most 16 digits and a signature; trailers are checksums.
constexpr std::size_t kLineBytesMax = 4096;
constexpr std::size_t kTrailersMax = 32;
constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

Error malformed() {
  return refused(400, "IncompleteBody", "The request body terminated unexpectedly");
}

Error bad_signature() {
  return refused(403, "SignatureDoesNotMatch",
                 "The request signature we calculated does not match the signature you provided. "
                 "Check your key and signing method.");
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() &&
         (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n'))
    text.remove_suffix(1);
  return text;
}

// Signatures of SigV4A differ in length, so that clients fill them up to know how long a body gets.
std::string_view unpadded(std::string_view signature) {
  while (signature.ends_with('*')) signature.remove_suffix(1);
  return signature;
}

}  // namespace

ChunkDecoder::ChunkDecoder(std::optional<ChunkSigner> signer) : signer_(std::move(signer)) {}

Result<void> ChunkDecoder::feed(std::span<const std::byte> bytes, const Piece& piece) {
  while (!bytes.empty() && state_ != State::End) {
    if (state_ == State::Content) {
      const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      if (hasher_) hasher_->update(bytes.first(now));
      CLOCHE_TRY_VOID(piece(bytes.first(now)));
      content_bytes_ += now;
      left_ -= now;
      bytes = bytes.subspan(now);
      if (left_ == 0) {
        state_ = State::ContentEnd;
        if (signer_) CLOCHE_TRY_VOID(check_chunk());
      }
      continue;
    }
    const std::string_view text = as_text(bytes);
    const std::size_t newline = text.find('\n');
    const std::size_t taken = newline == std::string_view::npos ? text.size() : newline + 1;
    if (line_.size() + taken > kLineBytesMax) return malformed();
    line_.append(text.substr(0, taken));
    bytes = bytes.subspan(taken);
    if (newline != std::string_view::npos) CLOCHE_TRY_VOID(end_line());
  }
  return {};
}

Result<void> ChunkDecoder::end_line() {
  while (!line_.empty() && (line_.back() == '\n' || line_.back() == '\r')) line_.pop_back();
  Result<void> result;
  switch (state_) {
    case State::Size:
      result = end_size_line();
      break;
    case State::ContentEnd:
      if (!line_.empty()) result = malformed();
      state_ = State::Size;
      break;
    case State::Trailer:
      result = end_trailer_line();
      break;
    case State::Signed:
      if (!line_.empty()) result = malformed();
      state_ = State::End;
      break;
    default:
      break;
  }
  line_.clear();
  return result;
}

Result<void> ChunkDecoder::end_size_line() {
  const std::string_view line = line_;
  const std::string_view digits = trimmed(line.substr(0, line.find(';')));
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty() ||
      left_ > std::uint64_t{1} << 50)
    return malformed();
  if (signer_) {
    const std::size_t at = line.find("chunk-signature=");
    if (at == std::string_view::npos) return bad_signature();
    chunk_signature_ = unpadded(trimmed(line.substr(at + 16)));
    hasher_.emplace();
  }
  state_ = State::Content;
  if (left_ == 0) {
    if (signer_) CLOCHE_TRY_VOID(check_chunk());
    state_ = State::Trailer;
  }
  return {};
}

Result<void> ChunkDecoder::end_trailers() {
  state_ = State::End;
  // Trailers that nobody signed could be anybody's.
  if (signer_ && (signer_->signs_trailers || !trailers_.empty())) return bad_signature();
  return {};
}

Result<void> ChunkDecoder::end_trailer_line() {
  if (line_.empty()) return end_trailers();
  const std::string_view line = line_;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || trailers_.size() >= kTrailersMax) return malformed();
  std::string name(trimmed(line.substr(0, colon)));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name == "x-amz-trailer-signature") return signer_ ? check_trailers(value) : Result<void>();
  trailer_text_ += name;
  trailer_text_ += ':';
  trailer_text_ += value;
  trailer_text_ += '\n';
  trailers_.emplace_back(std::move(name), std::string(value));
  return {};
}

Result<void> ChunkDecoder::check_chunk() {
  const std::string to_sign = signer_->algorithm + "-PAYLOAD\n" + signer_->date + '\n' +
                              signer_->scope + '\n' + signer_->previous + '\n' +
                              std::string(kEmptySha256) + '\n' + to_hex(hasher_->finish());
  if (!signer_->is_signed(to_sign, chunk_signature_)) return bad_signature();
  signer_->previous = chunk_signature_;
  hasher_.reset();
  return {};
}

Result<void> ChunkDecoder::check_trailers(std::string_view signature) {
  const std::string to_sign = signer_->algorithm + "-TRAILER\n" + signer_->date + '\n' +
                              signer_->scope + '\n' + signer_->previous + '\n' +
                              to_hex(sha256(as_bytes(trailer_text_)));
  if (!signer_->is_signed(to_sign, unpadded(signature))) return bad_signature();
  // Whatever comes behind it is not.
  signer_.reset();
  state_ = State::Signed;
  return {};
}

}  // namespace cloche::protocol
