#include "base/digest.h"
#include "protocol/http/core.h"

namespace cloche::protocol {

// splitmix64 (Vigna, public domain): all that is asked of it is that ids differ.
std::uint64_t IdMaker::next() {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::string IdMaker::alphanumeric(std::size_t size) {
  constexpr char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
  std::string out(size, '0');
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (i % 12 == 0) bits = next();
    out[i] = letters[bits & 31];
    bits >>= 5;
  }
  return out;
}

std::string IdMaker::uuid() {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx";
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 18 == 0) bits = next();
    if (out[i] == 'x') out[i] = digits[bits & 15], bits >>= 4;
  }
  return out;
}

std::string IdMaker::host_id() {
  std::uint64_t bytes[7];
  for (std::uint64_t& part : bytes) part = next();
  return to_base64(std::as_bytes(std::span(bytes)));
}

}  // namespace cloche::protocol
