// The URI templates of a rest service: "/{Bucket}/{Key+}?tagging" and which operation a request
// means.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "protocol/codec/codec.h"
#include "protocol/http/request.h"
#include "protocol/model/model.h"

namespace cloche::protocol {

// Several operations may fit a request: PUT /b/k is PutObject, with x-amz-copy-source CopyObject,
// with ?partNumber&uploadId UploadPart, with all of them UploadPartCopy. The one that names most of
// what the request has is meant. Query parameters that no template names are passed over, as S3
// does.
class Templates {
 public:
  void add(const Operation& operation, std::size_t number);
  // The number of the operation, and the values of its labels. `path` is percent-encoded.
  std::optional<std::size_t> match(const Request& request, std::string_view path, Labels& labels,
                                   Arena& arena) const;

 private:
  struct Segment {
    std::string_view text;  // The literal, or the label's name.
    bool label = false;
    bool greedy = false;
  };
  struct Entry {
    const Operation* operation;
    std::size_t number;
    std::vector<Segment> segments;
    std::vector<std::pair<std::string_view, std::optional<std::string_view>>>
        queries;  // With or without a value.
  };

  static std::optional<int> score(const Entry& entry, const Request& request);
  static bool match_path(const Entry& entry, std::string_view path,
                         std::vector<std::string_view>* values);

  std::vector<Entry> entries_;
};

}  // namespace cloche::protocol
