// x-amz-copy-source.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cloche::s3 {

struct CopySource {
  std::string bucket, key, version_id;
};

// "/bucket/key?versionId=id", URL-encoded, the first slash optional.
Result<CopySource> parse_copy_source(std::string_view header);

}  // namespace cloche::s3
