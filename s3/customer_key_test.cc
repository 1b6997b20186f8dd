#include "s3/customer_key.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace cloche::s3 {
namespace {

CustomerKey key_of(char letter) { return {.key = std::string(32, letter), .md5 = {}}; }

// What is stored knows the key again, tells two of them apart, and is another each time.
TEST(CustomerKey, IsKnownAgain) {
  Env& env = Env::posix();
  const std::string check = check_value_of(key_of('a'), env);
  EXPECT_TRUE(is_same_key(key_of('a'), check));
  EXPECT_FALSE(is_same_key(key_of('b'), check));
  EXPECT_FALSE(is_same_key({.key = "a", .md5 = {}}, check));
  EXPECT_FALSE(is_same_key(key_of('a'), ""));
  EXPECT_NE(check, check_value_of(key_of('a'), env));
  EXPECT_FALSE(check.contains(to_hex(as_bytes(key_of('a').key))));
}

// Two texts under one key must not share a key stream, nor may a text's key be the check value.
TEST(CustomerKey, GivesEachTextAKeyOfItsOwn) {
  Env& env = Env::posix();
  const std::string salt = new_salt(env);
  EXPECT_EQ(text_key(key_of('a'), salt), text_key(key_of('a'), salt));
  EXPECT_NE(text_key(key_of('a'), salt), text_key(key_of('a'), new_salt(env)));
  EXPECT_NE(text_key(key_of('a'), salt), text_key(key_of('b'), salt));
  const std::string check = check_value_of(key_of('a'), env);
  EXPECT_NE(to_hex(text_key(key_of('a'), check.substr(0, 32))), check.substr(32));
}

}  // namespace
}  // namespace cloche::s3
