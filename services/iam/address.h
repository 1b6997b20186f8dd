// IP addresses and their ranges. Not for other folders.
#pragma once

#include <string_view>

namespace cloche::iam {

// "203.0.113.0/24", "2001:db8::/32", or one address.
bool is_address_range(std::string_view text);
// False also where either is no address, or one is of IPv4 and the other of IPv6.
bool contains_address(std::string_view range, std::string_view address);

}  // namespace cloche::iam
