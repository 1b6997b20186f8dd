// Points in time as text, in the forms that AWS's protocols use. All in UTC.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"

namespace cloche {

std::string iso8601(Instant at);               // 2026-11-21T13:40:21Z
std::string iso8601_milliseconds(Instant at);  // 2026-11-21T13:40:21.123Z
std::string http_date(Instant at);        // Sat, 21 Nov 2026 13:40:21 GMT (RFC 9110, section 5.6.7)
std::string basic_date_time(Instant at);  // 20261121T134021Z (SigV4)

// Nothing if the text has another form or is no real date. Fractions beyond microseconds are cut
// off.
std::optional<Instant> parse_iso8601(
    std::string_view text);  // With Z, +hh:mm or without zone; with or without fraction.
std::optional<Instant> parse_http_date(std::string_view text);  // The three forms of RFC 9110.
std::optional<Instant> parse_basic_date_time(std::string_view text);
std::optional<Instant> parse_epoch_seconds(std::string_view text);  // "1763732421.123"

}  // namespace cloche
