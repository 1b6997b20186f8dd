// Changes requests of a JSON protocol the way a careless client would: a member left out, doubled, renamed or of another type, an
// element repeated, a part of one request in the place of another. libFuzzer's own changes of bytes hardly ever do that, and what
// they make mostly ends in the JSON parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace cloche::fuzz {

// One change somewhere in a document. The same text and random numbers give the same change; what is no JSON is given back as it is.
std::string mutate_json(std::string_view json, std::minstd_rand& random);

// For LLVMFuzzerCustomMutator: changes one line, "NAME JSON", of `data` in place. The new size; 0 if nothing came of it, or it would be
// larger than `size_max`.
std::size_t mutate_line(std::uint8_t* data, std::size_t size, std::size_t size_max, unsigned seed);

}  // namespace cloche::fuzz
