// Figures and colours as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cloche::cli {

std::string human_size(std::uint64_t bytes);    // "12 B", "1.2 KiB", "35 MiB"
std::string human_count(std::uint64_t number);  // "12,345"

// Text in a colour where standard output is a terminal (and NO_COLOR is not set), plain elsewhere.
enum class Colour : std::uint8_t { Green = 32, Red = 31, Yellow = 33, Grey = 90, Bold = 1 };
std::string painted(Colour colour, std::string_view text);

// Control characters as "\x1b": what a client stored is shown, and does nothing to a terminal.
std::string harmless(std::string_view text);

}  // namespace cloche::cli
