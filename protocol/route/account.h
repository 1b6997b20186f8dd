// Accounts and regions of a caller, as docs/compatibility.md tells them ("What LocalStack's users
// know"). Source of the decoding: LocalStack's aws/accounts.py.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cloche::protocol {

inline constexpr std::string_view kDefaultAccount = "000000000000";
inline constexpr std::string_view kDefaultRegion = "us-east-1";

// The account that an access key stands for. `parity`: keys that begin as AWS's do carry their
// account, not those of LocalStack.
std::string account_of_access_key(std::string_view key, bool parity = false);

bool is_known_region(std::string_view region);
std::span<const std::string_view> known_regions();  // The default one first.

}  // namespace cloche::protocol
