#include "base/arena.h"

#include <algorithm>

namespace cloche {

void* Arena::allocate_block(std::size_t size, std::size_t alignment) {
  const std::size_t needed = size + alignment;
  const std::size_t block = std::max(needed, block_size_);
  // Doubling up to 256 KiB: a small request touches one page, a large one makes few calls.
  block_size_ = std::min<std::size_t>(block_size_ * 2, std::size_t{256} << 10);
  blocks_.emplace_back(std::make_unique_for_overwrite<std::byte[]>(block), block);
  next_ = blocks_.back().first.get();
  end_ = next_ + block;
  return allocate(size, alignment);
}

void Arena::clear() {
  if (blocks_.empty()) return;
  blocks_.resize(1);
  next_ = blocks_.front().first.get();
  end_ = next_ + blocks_.front().second;
}

}  // namespace cloche
