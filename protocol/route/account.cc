#include "protocol/route/account.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace cloche::protocol {
namespace {

constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

// The regions of the partition "aws". Source: botocore's partitions.json.
constexpr std::array<std::string_view, 34> kRegions = {
    "us-east-1",      "us-east-2",      "us-west-1",      "us-west-2",      "eu-west-1",
    "eu-west-2",      "eu-west-3",      "eu-central-1",   "eu-central-2",   "eu-north-1",
    "eu-south-1",     "eu-south-2",     "ap-east-1",      "ap-east-2",      "ap-south-1",
    "ap-south-2",     "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-1",
    "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6",
    "ap-southeast-7", "ca-central-1",   "ca-west-1",      "sa-east-1",      "me-south-1",
    "me-central-1",   "af-south-1",     "il-central-1",   "mx-central-1"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Characters 4 to 11 as a number of 40 bits, twice, and one more by the next character.
std::string decode(std::string_view key) {
  std::uint64_t number = 0;
  for (const char c : key.substr(4, 8)) {
    const std::size_t digit = kBase32.find(c);
    if (digit == std::string_view::npos) return std::string(kDefaultAccount);
    number = number << 5 | digit;
  }
  const std::size_t last = kBase32.find(key[12]);
  if (last == std::string_view::npos) return std::string(kDefaultAccount);
  const std::int64_t account =
      2 * (static_cast<std::int64_t>(number) - 549755813888) + (last >= 16 ? 1 : 0);
  if (account < 0 || account > 999999999999) return std::string(kDefaultAccount);
  char text[16];
  std::snprintf(text, sizeof text, "%012lld", static_cast<long long>(account));
  return text;
}

}  // namespace

std::string account_of_access_key(std::string_view key, bool parity) {
  if (key.size() == 12 && std::all_of(key.begin(), key.end(), is_digit)) return std::string(key);
  if (key.size() >= 20) {
    const std::string_view prefix = key.substr(0, 4);
    const bool aws = prefix == "ASIA" || prefix == "AKIA";
    const bool local = prefix == "LSIA" || prefix == "LKIA";
    if (parity ? aws : local) return decode(key);
  }
  return std::string(kDefaultAccount);
}

std::span<const std::string_view> known_regions() { return kRegions; }

bool is_known_region(std::string_view region) {
  return std::find(kRegions.begin(), kRegions.end(), region) != kRegions.end();
}

}  // namespace cloche::protocol
