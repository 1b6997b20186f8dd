// Requests as text that people can read, and changes of them that a careless client might make: a header, a query's member or an
// element of an XML document left out, doubled or with another value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cloche::fuzz {

// Of requests as server_fuzz.cc tells them, the bytes that a client sends.
std::string http_of(std::string_view requests);

// For LLVMFuzzerCustomMutator: changes one request of `data` in place. The new size; 0 if nothing came of it, or it would be larger than
// `size_max`.
std::size_t mutate_http(std::uint8_t* data, std::size_t size, std::size_t size_max, unsigned seed);

}  // namespace cloche::fuzz
