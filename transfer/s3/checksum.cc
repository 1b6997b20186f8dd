#include "transfer/s3/checksum.h"

#include <algorithm>
#include <cstring>
#include <variant>

#include "base/digest.h"

namespace cloche::transfer {
namespace {

// What a chunk holds; the last one may be shorter.
constexpr std::size_t kChunkBytes = std::size_t{64} << 10;

struct Known {
  std::string_view name;
  std::size_t bytes;
};
constexpr Known kKnown[] = {{"CRC32", 4}, {"CRC32C", 4},  {"CRC64NVME", 8},
                            {"SHA1", 20}, {"SHA256", 32}, {"MD5", 16}};

const Known* find(std::string_view algorithm) {
  const auto found = std::ranges::find(kKnown, algorithm, &Known::name);
  return found == std::end(kKnown) ? nullptr : found;
}

template <class Number>
std::string big_endian(Number value) {
  std::string out;
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift);
  return out;
}

std::string hex_number(std::size_t value) {
  char text[20];
  std::snprintf(text, sizeof text, "%zx", value);
  return text;
}

}  // namespace

struct Checksum::State {
  std::string_view name;
  std::uint64_t crc = 0;
  std::variant<std::monostate, Hasher<Sha1>, Hasher<Sha256>, Hasher<Md5>> hasher;
};

bool Checksum::knows(std::string_view algorithm) { return find(algorithm) != nullptr; }

Checksum::Checksum(std::string_view algorithm) : state_(std::make_unique<State>()) {
  CLOCHE_CHECK(knows(algorithm));
  state_->name = find(algorithm)->name;
  if (algorithm == "SHA1") state_->hasher.emplace<Hasher<Sha1>>();
  if (algorithm == "SHA256") state_->hasher.emplace<Hasher<Sha256>>();
  if (algorithm == "MD5") state_->hasher.emplace<Hasher<Md5>>();
}

Checksum::Checksum(Checksum&&) noexcept = default;
Checksum::~Checksum() = default;

void Checksum::update(std::span<const std::byte> bytes) {
  State& state = *state_;
  if (state.name == "CRC32") {
    state.crc = crc32(bytes, static_cast<std::uint32_t>(state.crc));
  } else if (state.name == "CRC32C") {
    state.crc = crc32c(bytes, static_cast<std::uint32_t>(state.crc));
  } else if (state.name == "CRC64NVME") {
    state.crc = crc64nvme(bytes, state.crc);
  } else {
    std::visit(
        [&](auto& hasher) {
          if constexpr (requires { hasher.update(bytes); }) hasher.update(bytes);
        },
        state.hasher);
  }
}

std::string Checksum::base64() {
  State& state = *state_;
  if (state.name == "CRC64NVME") return to_base64(as_bytes(big_endian(state.crc)));
  if (state.name.starts_with("CRC"))
    return to_base64(as_bytes(big_endian(static_cast<std::uint32_t>(state.crc))));
  return std::visit(
      [](auto& hasher) -> std::string {
        if constexpr (requires { hasher.finish(); }) {
          return to_base64(hasher.finish());
        } else {
          return {};
        }
      },
      state.hasher);
}

std::string checksum_header(std::string_view algorithm) {
  std::string out = "x-amz-checksum-";
  for (const char c : algorithm) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

Trailing with_trailer(std::string_view algorithm, std::uint64_t length, Source source) {
  const std::string header = checksum_header(algorithm);
  const std::size_t text_bytes = (find(algorithm)->bytes + 2) / 3 * 4;
  const auto frame = [](std::size_t bytes) { return hex_number(bytes).size() + 2 + bytes + 2; };

  Trailing out;
  out.headers = {{"Content-Encoding", "aws-chunked"},
                 {"X-Amz-Decoded-Content-Length", std::to_string(length)},
                 {"X-Amz-Trailer", header}};
  const std::size_t rest = static_cast<std::size_t>(length % kChunkBytes);
  out.length = length / kChunkBytes * frame(kChunkBytes) + (rest > 0 ? frame(rest) : 0) + 3 +
               header.size() + 1 + text_bytes + 4;

  struct State {
    Checksum checksum;
    std::uint64_t left;
    std::string ready;  // Bytes that go out next.
    std::size_t sent = 0;
    bool ended = false;
  };
  auto state = std::make_shared<State>(State{Checksum(algorithm), length, {}});
  const auto fill = [state, header, source = std::move(source)]() -> Result<void> {
    state->ready.clear();
    state->sent = 0;
    if (state->left == 0) {
      state->ready = "0\r\n" + header + ":" + state->checksum.base64() + "\r\n\r\n";
      state->ended = true;
      return {};
    }
    std::string chunk(static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, state->left)),
                      '\0');
    for (std::size_t have = 0; have < chunk.size();) {
      CLOCHE_TRY(const got, source(std::as_writable_bytes(std::span(chunk).subspan(have))));
      if (got == 0)
        return unavailable("a body ended " + std::to_string(state->left - have) + " bytes early");
      have += got;
    }
    state->checksum.update(as_bytes(chunk));
    state->left -= chunk.size();
    state->ready = hex_number(chunk.size()) + "\r\n" + chunk + "\r\n";
    return {};
  };
  out.source = [state, fill](std::span<std::byte> into) -> Result<std::size_t> {
    if (state->sent == state->ready.size()) {
      if (state->ended) return std::size_t{0};
      CLOCHE_TRY_VOID(fill());
    }
    const std::size_t count = std::min(into.size(), state->ready.size() - state->sent);
    std::memcpy(into.data(), state->ready.data() + state->sent, count);
    state->sent += count;
    return count;
  };
  return out;
}

}  // namespace cloche::transfer
