// Memory that is given back all at once: a request's documents, names and small strings live in
// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace cloche {

// Hands out memory that lives as long as the arena (or until clear()). Not for sharing between
// threads at one time. Objects put in it are not destroyed, so they must not own anything.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
    const auto at = (reinterpret_cast<std::uintptr_t>(next_) + alignment - 1) & ~(alignment - 1);
    if (next_ == nullptr || at + size > reinterpret_cast<std::uintptr_t>(end_))
      return allocate_block(size, alignment);
    next_ = reinterpret_cast<std::byte*>(at + size);
    return reinterpret_cast<void*>(at);
  }

  template <class T>
  std::span<T> array(std::size_t count) {
    return {static_cast<T*>(allocate(count * sizeof(T), alignof(T))), count};
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  // Everything handed out becomes invalid; the first block is kept for reuse.
  void clear();

 private:
  void* allocate_block(std::size_t size, std::size_t alignment);

  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
  std::size_t block_size_ = 4096;
  std::vector<std::pair<std::unique_ptr<std::byte[]>, std::size_t>> blocks_;
};

}  // namespace cloche
