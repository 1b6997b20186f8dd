#include "s3/copy_source.h"

#include "s3/errors.h"
#include "s3/names.h"

namespace cloche::s3 {

Result<CopySource> parse_copy_source(std::string_view header) {
  std::string_view path = header;
  CopySource source;
  if (const auto query = path.rfind("?versionId="); query != std::string_view::npos) {
    source.version_id = std::string(path.substr(query + 11));
    path = path.substr(0, query);
  }
  // The SDKs encode the whole; a '+' stands for itself in a path.
  std::string decoded = url_decoded(path);
  if (decoded.starts_with('/')) decoded.erase(0, 1);
  const auto slash = decoded.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == decoded.size()) {
    return invalid_argument("Invalid copy source object key", "x-amz-copy-source",
                            "x-amz-copy-source");
  }
  source.bucket = decoded.substr(0, slash);
  source.key = decoded.substr(slash + 1);
  return source;
}

}  // namespace cloche::s3
