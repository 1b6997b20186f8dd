#include "cli/failed_requests.h"

#include <gtest/gtest.h>

namespace cloche::cli {
namespace {

FailedRequest request(std::uint64_t number, std::size_t size = 0) {
  FailedRequest made;
  made.lsn = Lsn(number);
  made.resource = std::string(size, 'x');
  return made;
}

// Who fails a million times must not fill the memory, by number or by size.
TEST(FailedRequests, AreBoundedInNumberAndBytes) {
  FailedRequests few;
  for (std::uint64_t i = 1; i <= FailedRequests::kCountMax + 5; ++i) few.add(request(i));
  std::size_t shown = 0;
  std::uint64_t last = FailedRequests::kCountMax + 6;
  EXPECT_EQ(few.read([&](const FailedRequest& one) {
    EXPECT_EQ(one.lsn.value(), --last);
    return ++shown > 0;
  }),
            5U);
  EXPECT_EQ(shown, FailedRequests::kCountMax);

  FailedRequests large;
  for (std::uint64_t i = 0; i < 20; ++i) large.add(request(i, FailedRequests::kBytesMax / 10));
  std::size_t bytes = 0;
  large.read([&](const FailedRequest& one) {
    bytes += one.resource.size();
    return true;
  });
  EXPECT_LE(bytes, FailedRequests::kBytesMax);
  EXPECT_GE(bytes, FailedRequests::kBytesMax / 2);
}

}  // namespace
}  // namespace cloche::cli
