#include "base/cipher.h"

#include <gtest/gtest.h>

#include <string>

#include "base/digest.h"

namespace cloche {
namespace {

std::string apply(const Aes256Key& key, std::string_view text, std::uint64_t offset) {
  std::string out(text.size(), '\0');
  Aes256Ctr(key, offset).apply(as_bytes(text), std::as_writable_bytes(std::span(out)));
  return out;
}

Aes256Key key_of(std::string_view hex) {
  Aes256Key key;
  EXPECT_TRUE(from_hex(hex, key));
  return key;
}

// The key stream of AES-256 at counters 0, 1, ... is the block cipher of those numbers. The first block
// of an all-zero key is the published AES-256 answer to a zero block (NIST AESAVS, GFSbox/KeySbox zero
// case: dc95c078a2408989ad48a21492842087).
TEST(Aes256Ctr, IsThePublishedCipher) {
  const Aes256Key zero{};
  EXPECT_EQ(to_hex(as_bytes(apply(zero, std::string(16, '\0'), 0))),
            "dc95c078a2408989ad48a21492842087");
}

// A range is read by itself, wherever in a block it begins.
TEST(Aes256Ctr, BeginsAnywhere) {
  const Aes256Key key = key_of("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7);
  const std::string whole = apply(key, text, 0);
  EXPECT_NE(whole, text);
  for (const std::size_t at : {0, 1, 15, 16, 17, 31, 500, 999}) {
    EXPECT_EQ(apply(key, whole.substr(at), at), text.substr(at)) << at;
  }
}

// Beyond 2^32 blocks the counter's upper half counts on.
TEST(Aes256Ctr, CountsBeyondThirtyTwoBits) {
  const Aes256Key key{};
  const std::uint64_t far = (std::uint64_t{1} << 36) - 16;
  const std::string two = apply(key, std::string(32, '\0'), far);
  EXPECT_EQ(two.substr(16), apply(key, std::string(16, '\0'), far + 16));
  EXPECT_NE(two.substr(16), apply(key, std::string(16, '\0'), 0));
}

}  // namespace
}  // namespace cloche
