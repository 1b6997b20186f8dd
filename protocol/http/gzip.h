// Content-Encoding: gzip, of requests and answers (RFC 1952).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cloche::protocol {

// Refuses what is no gzip, or would grow beyond the limit.
Result<std::string> gunzip(std::string_view bytes, std::size_t bytes_max);

std::string gzip(std::string_view bytes);

}  // namespace cloche::protocol
