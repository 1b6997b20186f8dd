// CRC-64/NVME by carry-less multiplication, since ISA-L has it from 2.31 on and Debian 12
// ships 2.30.
//
// Folding: 16 bytes of message that stand D bits before other 16 bytes can be replaced by their
// product with x^D modulo the polynomial, added to those. Four lanes are folded over 64 bytes at a
// time, then into one, and the last 16 bytes and the rest go through tables. (V. Gopal et al.,
// "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009.)
#include <array>
#include <bit>
#include <cstring>

#include "base/digest.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace cloche {
namespace {

constexpr std::uint64_t kPolynomial = 0xAD93D23594C93659u;  // Without x^64.

constexpr std::uint64_t reflect(std::uint64_t value) {
  std::uint64_t reflected = 0;
  for (int i = 0; i < 64; ++i) reflected |= ((value >> i) & 1) << (63 - i);
  return reflected;
}
constexpr std::uint64_t kReflected = reflect(kPolynomial);
static_assert(kReflected == 0x9A6C9329AC4BC9B5u);

// tables[k][b]: the effect of byte b followed by k zero bytes.
constexpr auto make_tables() {
  std::array<std::array<std::uint64_t, 256>, 8> tables{};
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) ? (crc >> 1) ^ kReflected : crc >> 1;
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint64_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}
constexpr auto kTables = make_tables();

std::uint64_t by_tables(std::uint64_t state, const std::byte* data, std::size_t size) {
  for (; size >= 8; data += 8, size -= 8) {
    std::uint64_t word;
    std::memcpy(&word, data, 8);
    word ^= state;
    state = kTables[7][word & 0xFF] ^ kTables[6][(word >> 8) & 0xFF] ^
            kTables[5][(word >> 16) & 0xFF] ^ kTables[4][(word >> 24) & 0xFF] ^
            kTables[3][(word >> 32) & 0xFF] ^ kTables[2][(word >> 40) & 0xFF] ^
            kTables[1][(word >> 48) & 0xFF] ^ kTables[0][word >> 56];
  }
  for (; size > 0; ++data, --size)
    state = (state >> 8) ^ kTables[0][(state ^ std::to_integer<std::uint64_t>(*data)) & 0xFF];
  return state;
}

#if defined(__x86_64__)

// x^exponent modulo the polynomial, reflected. One less than the shift that is meant, because the
// product of two reflected words comes out one bit low.
consteval std::uint64_t fold_constant(int shift) {
  std::uint64_t value = 1;
  for (int i = 0; i < shift - 1; ++i) value = (value << 1) ^ ((value >> 63) ? kPolynomial : 0);
  return reflect(value);
}

struct Folder {
  std::uint64_t low, high;  // For the first and the second 8 bytes of a block.
};
constexpr Folder kBy512{fold_constant(512 + 64), fold_constant(512)};
constexpr Folder kBy128{fold_constant(128 + 64), fold_constant(128)};

__attribute__((target("pclmul,sse4.1"))) inline __m128i fold(__m128i block, __m128i by,
                                                             __m128i onto) {
  return _mm_xor_si128(onto, _mm_xor_si128(_mm_clmulepi64_si128(block, by, 0x00),
                                           _mm_clmulepi64_si128(block, by, 0x11)));
}

__attribute__((target("pclmul,sse4.1"))) std::uint64_t by_folding(std::uint64_t state,
                                                                  const std::byte* data,
                                                                  std::size_t size) {
  const auto load = [&](std::size_t at) __attribute__((target("pclmul,sse4.1"))) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + at));
  };
  const __m128i by512 =
      _mm_set_epi64x(std::bit_cast<long long>(kBy512.high), std::bit_cast<long long>(kBy512.low));
  const __m128i by128 =
      _mm_set_epi64x(std::bit_cast<long long>(kBy128.high), std::bit_cast<long long>(kBy128.low));

  __m128i a = _mm_xor_si128(load(0), _mm_set_epi64x(0, std::bit_cast<long long>(state)));
  __m128i b = load(16), c = load(32), d = load(48);
  for (data += 64, size -= 64; size >= 64; data += 64, size -= 64) {
    a = fold(a, by512, load(0));
    b = fold(b, by512, load(16));
    c = fold(c, by512, load(32));
    d = fold(d, by512, load(48));
  }
  __m128i all = fold(fold(fold(a, by128, b), by128, c), by128, d);
  for (; size >= 16; data += 16, size -= 16) all = fold(all, by128, load(0));

  std::byte last[16];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(last), all);
  return by_tables(by_tables(0, last, sizeof last), data, size);
}

#endif

}  // namespace

std::uint64_t crc64nvme(std::span<const std::byte> bytes, std::uint64_t seed) {
#if defined(__x86_64__)
  static const bool folds = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  if (folds && bytes.size() >= 64) return ~by_folding(~seed, bytes.data(), bytes.size());
#endif
  return ~by_tables(~seed, bytes.data(), bytes.size());
}

}  // namespace cloche
